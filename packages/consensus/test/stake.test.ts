import {
  type Bond,
  type ProveContext,
  prove,
  type VerifyContext,
  verifyOperation,
  verifyStateProof,
} from '@hypermesh/consensus';
import { createProofFixture, type ProofFixture } from '@hypermesh/consensus/testing';
import { type CanonicalValue, encodeCanonical } from '@hypermesh/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { proveEntry, rootOf, type StateNode, withEntry } from '../src/ledger/state-tree.ts';
import { bondKey, spaceKey } from '../src/stake/bond.ts';

const DAY_MS = 86_400_000;
let fixture: ProofFixture;
beforeAll(async () => {
  fixture = await createProofFixture();
});

/** The verdict on an honest proof where the ledger's state holds the actor's bond with these changes. */
async function withBond(change: Partial<Bond>, nowMs = fixture.context.nowMs) {
  const { operation, context, ledger } = fixture;
  const { actor } = operation;
  const bond = { ...(ledger.get(bondKey(actor)) as unknown as Bond), ...change };
  const entries: [string, CanonicalValue][] = [
    [bondKey(actor), bond as unknown as CanonicalValue],
    [spaceKey(actor), ledger.get(spaceKey(actor)) as CanonicalValue],
    ['asset/other', 'something else'],
  ];
  let tree: StateNode;
  for (const [key, value] of entries) tree = withEntry(tree, key, encodeCanonical(value));
  const [newest] = context.anchors;
  if (newest === undefined) throw new Error('no anchor');
  const anchor = { ...newest, stateRoot: rootOf(tree), timeMs: nowMs - 1000 };
  const bonded = proveEntry(tree, bondKey(actor));
  if (bonded === undefined) throw new Error('no bond');
  const there: ProveContext & VerifyContext = {
    ...context,
    nowMs,
    anchors: [anchor],
    member: () => ({ bond: bonded, space: proveEntry(tree, spaceKey(actor)) }),
    finalizedHeader: () => anchor,
  };
  return verifyOperation(operation, await prove(operation, there), there);
}

const refused = (reason: string) => ({ ok: false, leg: 'stake', reason });

describe('a bond, proved against the ledger', () => {
  test('backs an operation while it is bonded and fresh [consensus-05]', async () => {
    expect((await withBond({})).ok).toBe(true);
  });

  test.each(['unbonding', 'unbonded'] as const)('that is %s is refused [consensus-05]', async (status) => {
    expect(await withBond({ status })).toEqual(refused('unbonded'));
  });

  test('that was slashed is refused [consensus-05]', async () => {
    expect(await withBond({ status: 'slashed' })).toEqual(refused('slashed'));
  });

  test('of thirty days is accepted, of a millisecond more refused as expired [consensus-05]', async () => {
    const { nowMs } = fixture.context;
    expect((await withBond({ renewedMs: nowMs - 30 * DAY_MS })).ok).toBe(true);
    expect(await withBond({ renewedMs: nowMs - 30 * DAY_MS - 1 })).toEqual(refused('expired'));
  });

  test('of too little power is refused [consensus-05]', async () => {
    expect((await withBond({ power: 100n })).ok).toBe(true);
    expect(await withBond({ power: 99n })).toEqual(refused('too-low'));
  });

  test("that is another's is refused, as is another VRF key [consensus-05]", async () => {
    expect(await withBond({ actor: new Uint8Array(32) })).toEqual(refused('wrong-actor'));
    expect(await withBond({ vrfKey: fixture.operation.actor })).toEqual(refused('bad-vrf'));
  });

  test('is refused against any other root, value or path [consensus-05]', () => {
    const { ledger, operation } = fixture;
    const proof = ledger.stateProof(bondKey(operation.actor), 0);
    if (proof === undefined) throw new Error('no bond');
    const root = ledger.stateRoot();
    expect(verifyStateProof(proof, root)).toEqual({ ok: true });
    const [first = new Uint8Array(32)] = proof.path;
    for (const bad of [
      { ...proof, key: spaceKey(operation.actor) },
      { ...proof, value: encodeCanonical('rich') },
      { ...proof, path: [] },
      { ...proof, path: [...proof.path, first] },
      { ...proof, path: [new Uint8Array(32)] },
    ]) {
      expect(verifyStateProof(bad, root)).toEqual({ ok: false, reason: 'wrong-root' });
    }
    expect(verifyStateProof(proof, new Uint8Array(32))).toEqual({ ok: false, reason: 'wrong-root' });
    for (const bad of [null, {}, { ...proof, path: [1] }, { ...proof, path: Array(129).fill(first) }]) {
      expect(verifyStateProof(bad as never, root)).toEqual({ ok: false, reason: 'malformed' });
    }
  });
});
