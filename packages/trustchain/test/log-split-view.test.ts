import { createSigner } from '@hypermesh/core/ed25519';
import { createMerkleTree, leafHash } from '@hypermesh/core/merkle';
import { expect, test } from 'vitest';
import {
  type ConsistencySource,
  compareCheckpoints,
  createLogView,
  formatVerifierKey,
  signCheckpoint,
  verifySplitView,
} from '../src/log/index.ts';

const origin = 'example.org/log';
const signer = createSigner(new Uint8Array(32).fill(1));
const verifierKey = formatVerifierKey(origin, signer.publicKey);

/** A tree of numbered leaves that may differ from `fork` on, with checkpoints for each of its sizes. */
function history(name: string, fork: number, length: number) {
  const leaves = Array.from({ length }, (_, at) =>
    leafHash(new TextEncoder().encode(at < fork ? `${at}` : `${name}${at}`)),
  );
  const tree = createMerkleTree(leaves);
  const checkpoint = (size: number) => signCheckpoint({ origin, size, root: tree.root(size) }, signer);
  const source: ConsistencySource = {
    consistencyProof: async (size1, size2) => tree.consistencyProof(size1, size2),
  };
  return { tree, checkpoint, source };
}

test('two clients who were shown different trees find out by exchanging checkpoints [trustchain-03]', async () => {
  const [left, right] = [history('left', 10, 40), history('right', 10, 40)];
  const alice = createLogView({ verifierKey }, left.source);
  const bob = createLogView({ verifierKey }, right.source);
  // Each of them is shown a log that only grows.
  for (const size of [5, 12, 30]) {
    expect(await alice.observe(left.checkpoint(size))).toEqual({ verdict: 'consistent' });
    expect(await bob.observe(right.checkpoint(size))).toEqual({ verdict: 'consistent' });
  }
  const found = await alice.observe(bob.checkpoint ?? '');
  if (found.verdict !== 'split') throw new Error(found.verdict);
  // The evidence needs no trust in either of them.
  expect(verifySplitView(found.evidence)).toEqual({ ok: true, size: 30 });
  expect(alice.checkpoint).toBe(left.checkpoint(30));
  // Of different sizes, the log owes a proof that it cannot give.
  expect(await alice.observe(right.checkpoint(35))).toEqual({
    verdict: 'unproven',
    reason: 'proof-root-mismatch',
  });
  expect(await bob.observe(left.checkpoint(12))).toMatchObject({ verdict: 'unproven' });
  // Before the fork both saw the same.
  expect(await bob.observe(left.checkpoint(8))).toEqual({ verdict: 'consistent' });
});

test('clients of an honest log agree, whoever is ahead', async () => {
  const { checkpoint, source } = history('', 99, 50);
  const alice = createLogView({ verifierKey }, source);
  const bob = createLogView({ verifierKey, checkpoint: checkpoint(0) }, source);
  await alice.observe(checkpoint(20));
  expect(await bob.observe(checkpoint(33))).toEqual({ verdict: 'consistent' });
  expect(await alice.observe(bob.checkpoint ?? '')).toEqual({ verdict: 'consistent' });
  expect(alice.checkpoint).toBe(checkpoint(33));
  expect(await bob.observe(checkpoint(20))).toEqual({ verdict: 'consistent' });
  expect(bob.checkpoint).toBe(checkpoint(33));
});

test('a comparison says what is missing or wrong, and evidence that shows nothing is refused', () => {
  const { checkpoint } = history('', 99, 9);
  const stranger = createSigner(new Uint8Array(32).fill(2));
  const foreign = signCheckpoint({ origin, size: 5, root: new Uint8Array(32) }, stranger);
  const pair = { verifierKey, first: checkpoint(5) };
  expect(compareCheckpoints({ ...pair, second: checkpoint(5) })).toEqual({ verdict: 'consistent' });
  expect(compareCheckpoints({ ...pair, second: checkpoint(6) })).toEqual({
    verdict: 'unproven',
    reason: 'no-proof',
  });
  expect(compareCheckpoints({ ...pair, second: foreign })).toEqual({
    verdict: 'invalid',
    which: 'second',
    reason: 'not-signed-by-key',
  });
  expect(compareCheckpoints({ ...pair, first: 'x', second: checkpoint(5) })).toMatchObject({
    verdict: 'invalid',
  });
  for (const second of [checkpoint(5), checkpoint(6), foreign, '']) {
    expect(verifySplitView({ ...pair, second })).toEqual({ ok: false, reason: 'no-split' });
  }
});

test('a view whose source fails rejects and stays where it was', async () => {
  const { checkpoint, source } = history('', 99, 9);
  let isDown = true;
  const view = createLogView(
    { verifierKey, checkpoint: checkpoint(3) },
    {
      consistencyProof: (a, b) =>
        isDown ? Promise.reject(new Error('unreachable')) : source.consistencyProof(a, b),
    },
  );
  await expect(view.observe(checkpoint(7))).rejects.toThrowError('unreachable');
  expect(view.checkpoint).toBe(checkpoint(3));
  isDown = false;
  expect(await view.observe(checkpoint(7))).toEqual({ verdict: 'consistent' });
});
