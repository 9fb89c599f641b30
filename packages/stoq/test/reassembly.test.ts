import type { ByteStream, Peer } from '@hypermesh/stoq';
import { CONTENT_STREAM, createMemoryStore, fetchContent } from '@hypermesh/stoq/content';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryPair } from './support.ts';
import { bytesOf, openSwarm, shelfOf } from './swarm-support.ts';

describe('reassembly', () => {
  const frame = (type: number, ...parts: readonly Uint8Array[]): Uint8Array => {
    const body = Buffer.concat(parts);
    const head = Buffer.alloc(5);
    head.writeUInt8(type);
    head.writeUInt32BE(body.length, 1);
    return Buffer.concat([head, body]);
  };
  const index = (value: number): Uint8Array => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };

  it('gives the original or a named error, whatever the order, duplicates and losses, and never other bytes [stoq-05]', async () => {
    const { content, shelf, root, ids } = await shelfOf(150_000, 18);
    const manifest = (await shelf.manifest(root)) ?? new Uint8Array();
    const chunks = await Promise.all(ids.map(async (id) => (await shelf.get(id)) ?? new Uint8Array()));
    const script = fc.array(
      fc.record({ chunk: fc.nat(ids.length - 1), flip: fc.boolean(), place: fc.nat(ids.length) }),
      { maxLength: 2 * ids.length },
    );
    const honest = ids.map((_, chunk) => ({ chunk, flip: false, place: chunk }));
    const anyOrder = fc.oneof(script, fc.constant(honest), fc.shuffledSubarray(honest));
    let whole = 0;
    let named = 0;
    await fc.assert(
      fc.asyncProperty(anyOrder, fc.boolean(), async (shards, isSecondHonest) => {
        await using pair = await memoryPair();
        pair.listener.handleStream(CONTENT_STREAM, async (stream: ByteStream<Peer>) => {
          await stream.write(frame(0x81, manifest));
          for (const { chunk, flip, place } of shards) {
            const bytes = Uint8Array.from(chunks[chunk] ?? []);
            if (flip) bytes[0] = (bytes[0] ?? 0) ^ 1;
            await stream.write(frame(0x82, index(place), bytes)).catch(() => {});
          }
          await stream.sink([frame(0x83)]).catch(() => {});
        });
        const target = createMemoryStore();
        const first = await fetchContent(await pair.connect(), root, target);
        await using swarm = await openSwarm(isSecondHonest ? 1 : 0, () => shelf);
        const result = first.ok ? first : await fetchContent(swarm.peers, root, target);
        if (isSecondHonest) expect(result.ok).toBe(true);
        if (result.ok) {
          whole += 1;
          expect((await bytesOf(target, root)).equals(content)).toBe(true);
        } else {
          named += 1;
          expect(first).toMatchObject({
            ok: false,
            reason: expect.stringMatching(/^(bad-chunk|protocol|closed)$/),
          });
          expect(await target.manifest(root)).toBeUndefined();
        }
      }),
      { numRuns: 60 },
    );
    expect(whole).toBeGreaterThan(10);
    expect(named).toBeGreaterThan(10);
  }, 60_000);
});
