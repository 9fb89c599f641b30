import { once } from 'node:events';
import { chmodSync, existsSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { silentLog } from '@hypermesh/core';
import { describe, expect, it } from 'vitest';
import { connectControl } from '../src/control/client.ts';
import { createLineReader, maxLineBytes } from '../src/control/frame.ts';
import { type ControlMethod, serveControl } from '../src/control/server.ts';
import { type DataDirectory, makeFolder } from '../src/data-directory.ts';
import { NodeError } from '../src/errors.ts';
import { failureOf, temporaryDirectory } from './support.ts';

interface Served extends AsyncDisposable {
  readonly directory: DataDirectory;
  /** Calls of `wait` that were told to end, with the reason. */
  readonly aborted: string[];
  open(): Promise<Raw>;
}

/** A connection that speaks lines as they come. */
interface Raw {
  readonly socket: Socket;
  write(text: string | Uint8Array): void;
  line(): Promise<Record<string, unknown>>;
}

async function served(): Promise<Served> {
  const directory = temporaryDirectory();
  makeFolder(directory.path);
  const aborted: string[] = [];
  const methods: Record<string, ControlMethod> = {
    echo: async ({ params }) => params,
    big: async () => ({ fuel: 2n ** 64n, bytes: Uint8Array.of(255) }),
    wait: ({ signal, progress }) =>
      new Promise((_, reject) => {
        progress({ text: 'waiting' });
        signal.addEventListener('abort', () => {
          aborted.push(String(signal.reason.message));
          reject(signal.reason);
        });
      }),
    fail: async () => {
      throw new NodeError({ code: 'node/not-found', what: 'it', next: 'look elsewhere' }, 'There is no it');
    },
    throw: () => {
      throw new TypeError('thrown, not rejected');
    },
    circle: async () => {
      const circle: Record<string, unknown> = {};
      circle['self'] = circle;
      return circle;
    },
    huge: async () => ({ text: 'x'.repeat(1024 * 1024) }),
  };
  const server = await serveControl(directory.controlSocket, methods, silentLog);
  const sockets: Socket[] = [];
  return {
    directory,
    aborted,
    async open() {
      const socket = connect(directory.controlSocket);
      sockets.push(socket);
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      const lines: string[] = [];
      let wake = (): void => undefined;
      const read = createLineReader((line) => {
        lines.push(line);
        wake();
      });
      socket.on('data', (chunk: Buffer) => void read(chunk));
      socket.on('close', () => wake());
      return {
        socket,
        write: (text) => void socket.write(text),
        async line() {
          while (lines.length === 0) {
            if (socket.destroyed) throw new Error('the node ended the connection');
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          }
          return JSON.parse(lines.shift() ?? '') as Record<string, unknown>;
        },
      };
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await server[Symbol.asyncDispose]();
      directory[Symbol.dispose]();
    },
  };
}

const call = (id: number, method: string, params: object = {}) =>
  `${JSON.stringify({ id, method, params })}\n`;
/** An error may come before the end; here the end is what counts. */
const closeOf = (socket: Socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()));
const clientOf = ({ directory }: Served) => connectControl(directory.controlSocket, directory.path);

describe('the control socket', () => {
  it('answers calls in JSON lines; bigint and bytes leave as text', async () => {
    await using node = await served();
    using client = await clientOf(node);
    expect(await client.call('echo', { a: [1, 'x'] })).toEqual({ a: [1, 'x'] });
    expect(await client.call('big')).toEqual({ fuel: '18446744073709551616', bytes: 'ff' });
  });

  it('hands over failures whole, with code and what to do', async () => {
    await using node = await served();
    using client = await clientOf(node);
    expect(await failureOf(() => client.call('fail'))).toEqual({
      code: 'node/not-found',
      what: 'it',
      next: 'look elsewhere',
      message: 'There is no it',
    });
    expect(await failureOf(() => client.call('throw'))).toMatchObject({ code: 'node/internal' });
    expect(await failureOf(() => client.call('circle'))).toMatchObject({ code: 'node/internal' });
    expect(await client.call('echo', { still: 'up' })).toEqual({ still: 'up' });
  });

  it('is for its owner alone', async () => {
    await using node = await served();
    expect(statSync(node.directory.controlSocket).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['no JSON', 'garbage', 'not a control call', 0],
    ['an empty line', '', 'not a control call', 0],
    ['a list', '[]', 'not a control call', 0],
    ['null', 'null', 'not a control call', 0],
    ['no id', '{"method":"echo"}', 'not a control call', 0],
    ['a fraction for an id', '{"id":1.5,"method":"echo"}', 'not a control call', 0],
    ['a method that is no text', '{"id":1,"method":{}}', 'not a control call', 0],
    ['params that are a list', '{"id":1,"method":"echo","params":[]}', 'not a control call', 0],
    ['params that are a text', '{"id":1,"method":"echo","params":"x"}', 'not a control call', 0],
    ['cancel that is no truth', '{"id":1,"cancel":1}', 'not a control call', 0],
    ['an unknown method', '{"id":7,"method":"reboot"}', 'unknown method', 7],
    ['no method', '{"id":7}', 'unknown method', 7],
    ['a method of every object', '{"id":7,"method":"toString"}', 'unknown method', 7],
    ['a prototype', '{"id":7,"method":"__proto__"}', 'unknown method', 7],
  ])('refuses %s by its code, and goes on', async (_, line, reason, id) => {
    await using node = await served();
    const raw = await node.open();
    raw.write(`${line}\n`);
    expect(await raw.line()).toMatchObject({ id, error: { code: 'node/bad-call', reason } });
    raw.write(call(2, 'echo', { on: true }));
    expect(await raw.line()).toEqual({ id: 2, result: { on: true } });
  });

  it('takes a line in any pieces, and many lines in one', async () => {
    await using node = await served();
    const raw = await node.open();
    const text = call(1, 'echo', { word: 'Grüße' });
    for (const byte of Buffer.from(text)) raw.write(Uint8Array.of(byte));
    expect(await raw.line()).toEqual({ id: 1, result: { word: 'Grüße' } });
    raw.write(call(2, 'echo') + call(3, 'echo') + call(4, 'echo'));
    const ids = [(await raw.line())['id'], (await raw.line())['id'], (await raw.line())['id']];
    expect(ids).toEqual([2, 3, 4]);
  });

  it('survives bytes that are no text', async () => {
    await using node = await served();
    const raw = await node.open();
    raw.write(Buffer.concat([Buffer.from([0xff, 0xfe, 0, 1, 2]), Buffer.from('\n')]));
    expect(await raw.line()).toMatchObject({ error: { code: 'node/bad-call' } });
  });

  it('ends a connection whose line grows without end, and serves the others', async () => {
    await using node = await served();
    const raw = await node.open();
    const closed = closeOf(raw.socket);
    raw.write(Buffer.alloc(maxLineBytes + 65_537, 'a'));
    await closed;
    using client = await clientOf(node);
    expect(await client.call('echo', { a: 1 })).toEqual({ a: 1 });
  });

  it('ends a connection that asks and never reads', async () => {
    await using node = await served();
    const socket = connect(node.directory.controlSocket);
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.pause();
    for (let id = 1; id <= 64; id++) socket.write(call(id, 'huge'));
    const closed = closeOf(socket);
    using client = await clientOf(node);
    expect(await client.call('echo', { a: 1 })).toEqual({ a: 1 });
    socket.resume();
    await closed;
  });

  it('bounds the calls of one connection, and tells an id that is in use', async () => {
    await using node = await served();
    const raw = await node.open();
    for (let id = 1; id <= 65; id++) raw.write(call(id, 'wait'));
    const answers = [];
    for (let count = 0; count < 65; count++) answers.push(await raw.line());
    expect(answers.filter(({ event }) => event !== undefined)).toHaveLength(64);
    expect(answers.at(-1)).toMatchObject({ id: 65, error: { code: 'node/bad-call' } });
    raw.write(`{"id":1,"cancel":true}\n`);
    expect(await raw.line()).toMatchObject({ id: 1, error: { message: 'cancelled by the caller' } });
    raw.write(call(2, 'echo'));
    expect(await raw.line()).toMatchObject({ id: 2, error: { code: 'node/bad-call' } });
    raw.write(call(1, 'echo'));
    expect(await raw.line()).toEqual({ id: 1, result: {} });
  });

  it('cancels a call by its signal, and only that one', async () => {
    await using node = await served();
    using client = await clientOf(node);
    const abort = new AbortController();
    const told: unknown[] = [];
    const waiting = client.call(
      'wait',
      {},
      { signal: abort.signal, onProgress: (event) => told.push(event) },
    );
    const other = client.call('echo', { a: 1 });
    expect(await other).toEqual({ a: 1 });
    expect(told).toEqual([{ text: 'waiting' }]);
    abort.abort();
    expect((await failureOf(() => waiting)).message).toBe('cancelled by the caller');
    await expect(client.call('echo', {}, { signal: abort.signal })).rejects.toThrow();
  });

  it('cancelling what is not there changes nothing', async () => {
    await using node = await served();
    const raw = await node.open();
    raw.write('{"id":9,"cancel":true}\n{"id":1,"method":"echo"}\n');
    expect(await raw.line()).toEqual({ id: 1, result: {} });
  });

  it('aborts the calls of a caller that goes away', async () => {
    await using node = await served();
    const raw = await node.open();
    raw.write(call(1, 'wait') + call(2, 'wait'));
    await raw.line();
    await raw.line();
    raw.socket.destroy();
    using client = await clientOf(node);
    while (node.aborted.length < 2) await client.call('echo');
    expect(node.aborted).toEqual(['the caller went away', 'the caller went away']);
  });

  it('is gone with the node, and open calls end', async () => {
    const node = await served();
    using client = await clientOf(node);
    const waiting = failureOf(() => client.call('wait'));
    await client.call('echo');
    await node[Symbol.asyncDispose]();
    expect(await waiting).toMatchObject({ code: 'node/not-running' });
    expect(existsSync(node.directory.controlSocket)).toBe(false);
    expect(await failureOf(() => client.call('echo'))).toMatchObject({ code: 'node/not-running' });
  });

  it('takes the place of a socket that a killed node left', async () => {
    using directory = temporaryDirectory();
    makeFolder(directory.path);
    writeFileSync(directory.controlSocket, '');
    chmodSync(directory.controlSocket, 0o644);
    await using _server = await serveControl(directory.controlSocket, { echo: async () => ({}) }, silentLog);
    using client = await connectControl(directory.controlSocket, directory.path);
    expect(await client.call('echo')).toEqual({});
  });
});

describe('a caller', () => {
  it('hears that no node runs where there is no socket, or nobody behind it', async () => {
    using directory = temporaryDirectory();
    const attempt = () => connectControl(directory.controlSocket, directory.path);
    expect(await failureOf(attempt)).toMatchObject({
      code: 'node/not-running',
      next: `start it: hypermesh up --data ${directory.path}`,
    });
    makeFolder(directory.path);
    writeFileSync(directory.controlSocket, '');
    expect(await failureOf(attempt)).toMatchObject({ code: 'node/not-running' });
  });

  it('is not brought down by a node that answers garbage', async () => {
    using directory = temporaryDirectory();
    makeFolder(directory.path);
    for (const garbage of ['garbage\n', 'null\n', '[]\n{"id":1}x\n']) {
      const server = createServer((socket) => socket.on('data', () => socket.write(garbage)));
      server.listen(directory.controlSocket);
      await once(server, 'listening');
      using client = await connectControl(directory.controlSocket, directory.path);
      expect(await failureOf(() => client.call('echo'))).toMatchObject({ code: 'node/not-running' });
      const closed = once(server, 'close');
      server.close();
      client[Symbol.dispose]();
      await closed;
    }
  });
});
