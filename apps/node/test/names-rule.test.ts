import type { OperationRule, StateView } from '@hypermesh/consensus';
import { type CanonicalValue, nodeIdOf } from '@hypermesh/core';
import { createSigner, type Ed25519Signer, generateKey } from '@hypermesh/core/ed25519';
import { createManualClock } from '@hypermesh/core/testing';
import { formatVerifierKey } from '@hypermesh/trustchain/log';
import { signName, WELL_KNOWN_NAMES } from '@hypermesh/trustchain/names';
import { beforeEach, describe, expect, it } from 'vitest';
import type { MeshFacts } from '../src/mesh/facts.ts';
import { nameRules } from '../src/names/ledger-rule.ts';
import { createNames, dueNames } from '../src/names/service.ts';

const signerOf = (seed: number) => createSigner(generateKey(new Uint8Array(32).fill(seed)).secretKey);
const [authority, member, mallory] = [signerOf(1), signerOf(2), signerOf(3)];
const node = nodeIdOf(member.publicKey);
const day = 86_400_000;
const nowMs = 1_800_000_000_000;
const mesh = `SHA256:${'ab'.repeat(32)}`;
const facts: MeshFacts = {
  ...{ v: 1, root: mesh, signers: {} },
  logKey: formatVerifierKey('hypermesh.online/log', authority.publicKey),
};
const rule = nameRules(facts)['name.publish'] as OperationRule;
const clock = createManualClock(nowMs);

let state: Map<string, CanonicalValue>;
beforeEach(() => {
  state = new Map();
});

function apply(records: readonly Uint8Array[], actor: Ed25519Signer = member, timeMs = nowMs): string {
  const view = {
    get: (key: string) => state.get(key),
    set: (key: string, value: CanonicalValue) => state.set(key, value),
  } as unknown as StateView;
  const operation = {
    ...{ v: 1, chain: new Uint8Array(32), kind: 'name.publish', actor: actor.publicKey, sequence: 1 },
    needs: { spaceBytes: 0n, power: 0n, workBits: 0 },
    body: { key: 'names', value: [...records] },
  } as const;
  const context = { operation, id: 'bafyop', height: 9, timeMs, anchorHeight: 8 } as never;
  const before = new Map(state);
  const code = rule(view, context);
  if (code !== 'ok') state = before;
  return code;
}

const record = (change: object = {}, signer = authority) =>
  signName(
    {
      ...{ mesh, name: 'caesar', target: { nodes: [node], page: '/wallet' }, sequence: 1 },
      ...{ notBeforeMs: nowMs - 1_000, notAfterMs: nowMs + 30 * day },
      ...change,
    },
    signer,
  );

const names = () =>
  createNames(
    {
      ledger: {
        get: (key: string) => state.get(key),
        entries: (prefix: string) => [...state].filter(([key]) => key.startsWith(prefix)).values(),
      },
    } as never,
    facts,
    clock,
  );

describe('the rule of names', () => {
  it('takes what the authority signed from whoever brings it, and refuses what is forged, expired, rolled back, replayed, or of another mesh or name [trustchain-06]', async () => {
    expect(apply([await record()], mallory)).toBe('ok');
    expect(names().resolve('http3://caesar')).toMatchObject({ page: '/wallet', sequence: 1, state: 'valid' });
    expect(apply([await record()])).toBe('exists');
    expect(apply([await record({ sequence: 2, target: { nodes: [node], page: '/' } })])).toBe('ok');
    expect(apply([await record()])).toBe('name-rolled-back');
    expect(apply([await record({ sequence: 2 })])).toBe('name-forked');
    expect(apply([await record({ sequence: 3 }, mallory)])).toBe('name-not-owner');
    expect(apply([await record({ sequence: 3, mesh: 'SHA256:other' })])).toBe('name-other-mesh');
    expect(apply([await record({ sequence: 3 })], member, nowMs + 31 * day)).toBe('name-expired');
    expect(apply([await record({ sequence: 3 })], member, nowMs - day)).toBe('name-not-yet-valid');
    const flipped = await record({ sequence: 3 });
    flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1;
    expect(apply([flipped])).toBe('name-bad-signature');
    expect(names().resolve('caesar')).toMatchObject({ page: '/', sequence: 2 });
  });

  it('gives any other name to the member who first published it under its own key', async () => {
    const mine = { name: 'weather', target: { nodes: [node], page: '/weather' } };
    expect(apply([await record(mine, mallory)], member)).toBe('name-not-owner');
    expect(apply([await record(mine, member)], member)).toBe('ok');
    expect(apply([await record({ ...mine, sequence: 2 }, mallory)], mallory)).toBe('name-not-owner');
    // The owner's record, brought by another: nobody speaks for it on the ledger.
    expect(apply([await record({ ...mine, sequence: 2 }, member)], mallory)).toBe('not-owner');
    expect(apply([await record({ ...mine, sequence: 2 }, member)], member)).toBe('ok');
    expect(names().resolve('weather')).toMatchObject({ ownerIs: 'member', wellKnown: false, sequence: 2 });
  });

  it('refuses bodies that are none, and takes several records whole or not at all', async () => {
    expect(apply([])).toBe('bad-body');
    expect(apply([Uint8Array.of(1, 2)])).toBe('name-malformed');
    expect(apply(Array.from({ length: 9 }, () => new Uint8Array(9)))).toBe('bad-body');
    expect(apply([await record(), await record({ name: 'trust' }, mallory)])).toBe('name-not-owner');
    expect(state.size).toBe(0);
  });
});

describe('the names that a mesh keeps', () => {
  const due = (nodes = [node]) => dueNames(names(), { mesh, nodes, signer: authority, nowMs: clock.nowMs() });

  it('are published once, again before they expire, and when they lead elsewhere', async () => {
    const first = await due();
    expect(first).toHaveLength(Object.keys(WELL_KNOWN_NAMES).length);
    expect(apply(first)).toBe('ok');
    expect(await due()).toEqual([]);
    const moved = await due([node, nodeIdOf(mallory.publicKey)]);
    expect(moved).toHaveLength(5);
    clock.advance(340 * day);
    const renewed = await due();
    expect(renewed).toHaveLength(5);
    expect(apply(renewed, member, clock.nowMs())).toBe('ok');
    expect(
      names()
        .list()
        .every(({ sequence }) => sequence === 2),
    ).toBe(true);
    clock.advance(400 * day);
    expect(() => names().resolve('trust')).toThrow(/has expired/);
    expect(
      names()
        .list()
        .map(({ state: now }) => now),
    ).toEqual(Array.from({ length: 5 }, () => 'expired'));
  });
});
