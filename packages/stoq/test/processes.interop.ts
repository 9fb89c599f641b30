import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createStoq, generatePinnedKey, pinnedKeys } from '@hypermesh/stoq';
import { describe, expect, it } from 'vitest';
import { aliceKey, seeds, text } from './support.ts';

const start = (program: string, ...args: string[]): ChildProcess =>
  spawn(
    process.execPath,
    [
      '--conditions=@hypermesh/source',
      fileURLToPath(new URL(`./fixtures/${program}.ts`, import.meta.url)),
      ...args,
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
const GIB = 2 ** 30;

describe('two processes', () => {
  it('exchange 1 GiB over QUIC on [::1], sealed, with matching digests [stoq-01]', async () => {
    const providerSeeds = seeds('provider');
    const provider = generatePinnedKey(providerSeeds);
    const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
    const child = start('provider', hex(providerSeeds), hex(aliceKey.publicKey));
    const exited = once(child, 'exit');
    const [line] = await once(child.stdout ?? child, 'data');
    const node = await createStoq({ auth: pinnedKeys({ self: aliceKey, allow: [provider.publicKey] }) });
    const peer = await node.connect(String(line).trim());
    expect(peer.address).toMatch(/^quic:\/\/\[::1\]:[0-9]+$/);
    expect(peer.security).toMatchObject({ carrier: 'quic', pq: true });
    const stream = await peer.openStream('bytes');
    await stream.write(Buffer.from(String(GIB)));
    await stream.closeWrite();
    const hash = createHash('sha256');
    let received = 0;
    for await (const bytes of stream.source) {
      hash.update(bytes);
      received += bytes.length;
    }
    expect(received).toBe(GIB);
    const digest = await peer.request('digest');
    expect(digest.ok && text(digest.body)).toBe(hash.digest('hex'));
    await node.close();
    child.stdin?.end();
    expect((await exited)[0]).toBe(0);
  });
});

describe('a process', () => {
  it('ends by itself after its nodes are closed', async () => {
    const child = start('short-life');
    let printed = '';
    child.stdout?.on('data', (bytes) => {
      printed += String(bytes);
    });
    const [code, signal] = await once(child, 'exit');
    expect({ code, signal, printed }).toEqual({ code: 0, signal: null, printed: 'done' });
  });
});
