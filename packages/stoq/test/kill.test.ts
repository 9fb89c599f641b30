import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { cidOf } from '@hypermesh/core';
import { createSeededRandom } from '@hypermesh/core/testing';
import { createStoq, generatePinnedKey, pinnedKeys } from '@hypermesh/stoq';
import {
  createMemoryStore,
  type FetchResult,
  openDiskStore,
  publish,
  serveContent,
} from '@hypermesh/stoq/content';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seeds } from './support.ts';
import { bytesOf } from './swarm-support.ts';

const program = fileURLToPath(new URL('./fixtures/fetcher.ts', import.meta.url));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stoq-kill-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a fetching process that is killed', () => {
  it('at any moment leaves no wrong byte, no root that is not whole, and goes on where it was', async () => {
    const fetcher = generatePinnedKey(seeds('killed'));
    const keys = ['first', 'second'].map((name) => generatePinnedKey(seeds(name)));
    const shelf = createMemoryStore();
    const content = Buffer.from(createSeededRandom(1).bytes(24_000_000));
    const { root } = await publish(shelf, content);
    await using stack = new AsyncDisposableStack();
    const addresses: string[] = [];
    for (const key of keys) {
      const node = stack.use(
        await createStoq({
          auth: pinnedKeys({ self: key, allow: [fetcher.publicKey] }),
          listen: ['quic://[::1]:0'],
        }),
      );
      serveContent(node, shelf);
      addresses.push(node.addresses[0] ?? '');
    }
    const dir = join(folder, 'target');
    const begin = (): ChildProcess =>
      spawn(
        process.execPath,
        [
          '--conditions=@hypermesh/source',
          program,
          hex(fetcher.secretKey),
          keys.map(({ publicKey }) => hex(publicKey)).join(','),
          dir,
          root,
          ...addresses,
        ],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );

    /** Runs it until it says that so many bytes are here, kills it, and answers what it began with. */
    async function killedAt(bytes: number): Promise<number> {
      const child = begin();
      const exited = once(child, 'exit');
      let first: number | undefined;
      try {
        if (child.stdout === null) throw new Error('no output');
        for await (const line of createInterface({ input: child.stdout })) {
          first ??= Number(line);
          if (Number(line) >= bytes) break;
        }
      } finally {
        child.kill('SIGKILL');
        await exited;
      }
      return first ?? 0;
    }

    const began: number[] = [];
    for (const part of [0, 0.1, 0.35, 0.6, 0.9]) {
      began.push(await killedAt(part * content.length));
      for (const name of await readdir(join(dir, 'chunks'))) {
        expect(cidOf(await readFile(join(dir, 'chunks', name)), 'raw', 'blake3-256')).toBe(name);
      }
      expect(await readdir(join(dir, 'manifests'))).toEqual([]);
    }
    // What was durable at one death was there at the next start.
    expect(began).toEqual([...began].sort((a, b) => a - b));
    expect(began.at(-1)).toBeGreaterThan(0.1 * content.length);

    const child = begin();
    const exited = once(child, 'exit');
    let last = '';
    try {
      if (child.stdout === null) throw new Error('no output');
      for await (const line of createInterface({ input: child.stdout })) last = line;
    } finally {
      child.kill('SIGKILL');
      await exited;
    }
    const result = JSON.parse(last) as FetchResult;
    expect(result).toMatchObject({ ok: true, bytes: content.length, rejectedChunks: 0 });
    expect(result.bytesMoved).toBeLessThan(0.7 * content.length);
    const store = stack.use(await openDiskStore(dir));
    expect((await bytesOf(store, root)).equals(content)).toBe(true);
  }, 120_000);
});
