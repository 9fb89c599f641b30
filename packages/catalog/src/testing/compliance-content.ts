import assert from 'node:assert/strict';
import type { Content } from '../ports.ts';
import { readAll } from '../registry/verification.ts';
import { type ComplianceCase, inPieces, rejectsWith, type TwoNodes } from './compliance.ts';

const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => (index * index) >>> 7);
const other = Uint8Array.from({ length: 50_000 }, (_, index) => index % 251);

/** The promises of the `Content` port. The two nodes can reach each other, and nobody else is needed. */
export function contentCompliance(create: TwoNodes<Content>): readonly ComplianceCase[] {
  return [
    {
      name: 'what was put can be read, whole and in ranges, and the same bytes give the same root',
      async run() {
        const [content] = await create();
        const { root, size } = await content.put(inPieces(bytes));
        assert.equal(size, bytes.length);
        assert.equal((await content.put(inPieces(bytes, 777))).root, root);
        assert.deepEqual(await readAll(content.get(root)), bytes);
        for (const [offset, length] of [
          [0, 1],
          [12_345, 54_321],
          [99_999, 1],
          [0, 100_000],
        ] as const) {
          assert.deepEqual(
            await readAll(content.get(root, { offset, length })),
            bytes.subarray(offset, offset + length),
          );
        }
      },
    },
    {
      name: 'what is not here is missing, by its code',
      async run() {
        const [one, two] = await create();
        const { root } = await one.put(inPieces(bytes));
        await rejectsWith(readAll(two.get(root)), 'catalog/content-missing');
      },
    },
    {
      name: 'a root comes over whole, is told while it moves, and moves nothing the second time',
      async run() {
        const [one, two] = await create();
        const { root } = await one.put(inPieces(bytes));
        let last = 0;
        const fetched = await two.fetch(root, {
          maxBytes: bytes.length,
          onProgress: ({ moved, reused }) => {
            assert.ok(moved + reused >= last);
            last = moved + reused;
          },
        });
        assert.equal(fetched.size, bytes.length);
        assert.equal(fetched.rejectedChunks, 0);
        assert.ok(fetched.moved >= bytes.length && fetched.peers.length > 0);
        assert.deepEqual(await readAll(two.get(root)), bytes);
        const again = await two.fetch(root, { maxBytes: bytes.length });
        assert.deepEqual([again.moved, again.peers.length], [0, 0]);
      },
    },
    {
      name: 'more bytes than are allowed are refused',
      async run() {
        const [one, two] = await create();
        const { root } = await one.put(inPieces(bytes));
        await assert.rejects(two.fetch(root, { maxBytes: bytes.length - 1 }));
      },
    },
    {
      name: 'replicas are on the other node when it resolves; more than there are nodes are too few',
      async run() {
        const [one, two] = await create();
        const { root } = await one.put(inPieces(other));
        assert.equal((await one.replicate(root, { copies: 1 })).length, 1);
        assert.deepEqual(await readAll(two.get(root)), other);
        await rejectsWith(one.replicate(root, { copies: 64 }), 'catalog/too-few-copies');
      },
    },
    {
      name: 'an aborted signal ends a fetch',
      async run() {
        const [one, two] = await create();
        const { root } = await one.put(inPieces(bytes));
        await assert.rejects(two.fetch(root, { maxBytes: bytes.length, signal: AbortSignal.abort() }));
      },
    },
  ];
}
