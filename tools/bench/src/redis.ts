import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createConnection, createServer } from 'node:net';

/** A redis-server of this machine and one connection to it: GET and SET, commands of one turn in one write. */
export interface Redis extends AsyncDisposable {
  get(key: string): Promise<Buffer>;
  set(key: string, value: Uint8Array): Promise<void>;
}

/** Starts redis-server without persistence, or gives the reason why there is none. */
export async function openRedis(): Promise<Redis | { readonly absent: string }> {
  const found = spawnSync('redis-server', ['--version'], { encoding: 'utf8' });
  if (found.error !== undefined)
    return { absent: 'redis-server is not installed (Debian: apt-get install redis-server)' };
  const port = await freePort();
  const child = spawn(
    'redis-server',
    ['--port', String(port), '--bind', '::1', '--save', '', '--appendonly', 'no', '--daemonize', 'no'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let said = '';
  for await (const chunk of child.stdout) {
    said += String(chunk);
    if (said.includes('Ready to accept connections')) break;
  }
  child.stdout.resume();
  const socket = createConnection({ host: '::1', port, noDelay: true });
  await once(socket, 'connect');
  const waiting: ((reply: Buffer) => void)[] = [];
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let end = bytes.indexOf('\r\n'); end >= 0; end = bytes.indexOf('\r\n')) {
      const isBulk = bytes[0] === 36;
      const length = isBulk ? Number(bytes.toString('latin1', 1, end)) : 0;
      const total = isBulk ? end + 2 + length + 2 : end + 2;
      if (bytes.length < total) break;
      waiting.shift()?.(isBulk ? bytes.subarray(end + 2, end + 2 + length) : bytes.subarray(1, end));
      bytes = bytes.subarray(total);
    }
    rest = bytes;
  });
  let unsent: Buffer[] = [];
  const call = (command: Buffer): Promise<Buffer> =>
    new Promise((resolve) => {
      waiting.push(resolve);
      unsent.push(command);
      if (unsent.length > 1) return;
      queueMicrotask(() => {
        socket.write(unsent.length === 1 ? (unsent[0] as Buffer) : Buffer.concat(unsent));
        unsent = [];
      });
    });
  return {
    get: (key) => call(Buffer.from(`*2\r\n$3\r\nGET\r\n$${key.length}\r\n${key}\r\n`)),
    async set(key, value) {
      const head = Buffer.from(`*3\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$${value.length}\r\n`);
      await call(Buffer.concat([head, value, Buffer.from('\r\n')]));
    },
    async [Symbol.asyncDispose]() {
      socket.destroy();
      const exited = once(child, 'exit');
      child.kill();
      await exited;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '::1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
