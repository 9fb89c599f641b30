import {
  createGenesis,
  createOperation,
  decodeGenesis,
  decodeOperation,
  decodeProof,
  decodeTransaction,
  encodeProof,
  encodeTransaction,
  type Genesis,
} from '@hypermesh/consensus';
import { createProofFixture, type ProofFixture } from '@hypermesh/consensus/testing';
import { type ChainId, encodeCanonical } from '@hypermesh/core';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';

let fixture: ProofFixture;
beforeAll(async () => {
  fixture = await createProofFixture();
});

const key = (n: number): Uint8Array => new Uint8Array(32).fill(n);
const operation = {
  v: 1,
  chain: key(1),
  kind: 'asset.register',
  actor: key(2),
  sequence: 1,
  needs: { spaceBytes: 0n, power: 0n, workBits: 0 },
  body: { any: ['thing', 1, null, true] },
};

const { body: _body, ...headOnly } = operation;

describe('an operation', () => {
  test('comes back from its bytes', () => {
    const bytes = encodeCanonical(operation);
    expect(decodeOperation(bytes)).toMatchObject({
      ok: true,
      operation,
      id: expect.stringMatching(/^bafyrei/),
    });
  });

  test.each([
    ['no bytes', 'text' as never, 'malformed'],
    ['nothing', new Uint8Array(0), 'malformed'],
    ['a list', encodeCanonical([1]), 'malformed'],
    ['no body', encodeCanonical(headOnly), 'malformed'],
    ['an unknown field', encodeCanonical({ ...operation, more: 1 }), 'malformed'],
    ['version 2', encodeCanonical({ ...operation, v: 2 }), 'malformed'],
    ['a short actor', encodeCanonical({ ...operation, actor: new Uint8Array(31) }), 'malformed'],
    ['a chain as text', encodeCanonical({ ...operation, chain: 'mainnet' }), 'malformed'],
    [
      'negative needs',
      encodeCanonical({ ...operation, needs: { ...operation.needs, spaceBytes: -1 } }),
      'malformed',
    ],
    [
      'needs of 33 bits of work',
      encodeCanonical({ ...operation, needs: { ...operation.needs, workBits: 33 } }),
      'malformed',
    ],
    ['no needs', encodeCanonical({ ...operation, needs: {} }), 'malformed'],
    ['a kind without a dot', encodeCanonical({ ...operation, kind: 'asset' }), 'bad-kind'],
    ['a kind in capitals', encodeCanonical({ ...operation, kind: 'Asset.Register' }), 'bad-kind'],
    ['a long kind', encodeCanonical({ ...operation, kind: `a.${'b'.repeat(64)}` }), 'malformed'],
    ['sequence 0', encodeCanonical({ ...operation, sequence: 0 }), 'bad-sequence'],
    ['a large body', encodeCanonical({ ...operation, body: new Uint8Array(40_961) }), 'too-large'],
    ['a huge body', encodeCanonical({ ...operation, body: new Uint8Array(10 ** 6) }), 'too-large'],
    ['a deep body', encodeCanonical({ ...operation, body: nested(40) }), 'malformed'],
    ['a trailing byte', Uint8Array.of(...encodeCanonical(operation), 0), 'malformed'],
    ['half of it', encodeCanonical(operation).subarray(0, 60), 'malformed'],
  ])('of %s is refused', (_, bytes, reason) => {
    expect(decodeOperation(bytes)).toMatchObject({ ok: false, reason });
  });

  test('that would not decode again cannot be made', () => {
    const make = (change: object) => () =>
      createOperation({
        chainId: '11'.repeat(32) as ChainId,
        kind: 'a.b',
        actor: key(1),
        sequence: 1,
        body: 1,
        ...change,
      });
    expect(make({})).not.toThrow();
    for (const change of [
      { kind: 'A' },
      { sequence: 0 },
      { sequence: 1.5 },
      { actor: key(1).subarray(1) },
      { body: 0.5 },
      { body: undefined },
      { chainId: 'x' },
    ]) {
      expect(make(change)).toThrow(expect.objectContaining({ code: 'consensus/bad-argument' }));
    }
  });
});

function nested(depth: number): unknown {
  return depth === 0 ? 1 : [nested(depth - 1)];
}

describe('a proof', () => {
  test('comes back from its bytes', () => {
    expect(decodeProof(encodeProof(fixture.proof))).toEqual({ ok: true, proof: fixture.proof });
  });

  test('that is malformed names the part that is', () => {
    const { space, time, work, stake, binding } = fixture.proof;
    const cases: readonly [object, string, string][] = [
      [{ space: { ...space, scheme: 'sealed-v1' } }, 'space', 'malformed'],
      [{ space: { ...space, answers: Array(17).fill(space.answers[0]) } }, 'space', 'malformed'],
      [{ space: { ...space, path: Array(129).fill(key(1)) } }, 'space', 'malformed'],
      [{ space: { ...space, record: new Uint8Array(20_000) } }, 'space', 'malformed'],
      [{ time: { ...time, group: 'classgroup-1024' } }, 'time', 'malformed'],
      [{ time: { ...time, y: time.y.subarray(1) } }, 'time', 'malformed'],
      [{ time: { ...time, claimedMs: -1 } }, 'time', 'malformed'],
      [{ work: { ...work, nonce: new Uint8Array(9) } }, 'work', 'malformed'],
      [{ work: { ...work, receipt: { v: 1 } } }, 'work', 'malformed'],
      [{ stake: { ...stake, vrf: new Uint8Array(79) } }, 'stake', 'malformed'],
      [{ stake: [] }, 'stake', 'malformed'],
      [{ binding: { ...binding, signature: new Uint8Array(63) } }, 'binding', 'malformed'],
      [{ v: 2 }, 'binding', 'malformed'],
      [{ extra: 1 }, 'binding', 'malformed'],
    ];
    for (const [change, leg, reason] of cases) {
      const bytes = encodeCanonical({ ...fixture.proof, ...change });
      const verdict = decodeProof(bytes);
      const isLarge = bytes.length > 16_384;
      expect(verdict).toEqual(
        isLarge ? { ok: false, leg: 'binding', reason: 'too-large' } : { ok: false, leg, reason },
      );
    }
  });

  test('of garbage is refused at once and never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(decodeProof(bytes).ok).toBe(false);
        expect(decodeOperation(bytes).ok).toBe(false);
        expect(decodeTransaction(bytes).ok).toBe(false);
        expect(decodeGenesis(bytes).ok).toBe(false);
      }),
    );
  });
});

describe('a transaction', () => {
  test('comes back from its bytes, up to its bound', () => {
    const tx = encodeTransaction(fixture);
    expect(decodeTransaction(tx)).toMatchObject({ ok: true, operation: fixture.operation });
    expect(decodeTransaction(Uint8Array.of(...tx, 0))).toEqual({ ok: false, reason: 'malformed' });
    expect(decodeTransaction(new Uint8Array(65_537))).toEqual({ ok: false, reason: 'too-large' });
    expect(decodeTransaction(encodeCanonical({ v: 1, operation: tx, proof: tx }))).toEqual({
      ok: false,
      reason: 'malformed',
    });
    expect(decodeTransaction(undefined as never)).toEqual({ ok: false, reason: 'malformed' });
  });
});

describe('a genesis', () => {
  const member = {
    name: 'a',
    key: key(1),
    vrfKey: key(2),
    power: 100n,
    validator: true,
    space: [{ id: 0, k: 18, count: 1 }],
  };
  const genesis: Genesis = {
    v: 1,
    name: 'mesh',
    createdMs: 1,
    profile: 'localhost',
    members: [member],
    bindings: { trust: key(9) },
  };
  const withMembers = (...members: readonly object[]) => encodeCanonical({ ...genesis, members });

  test('comes back from its bytes, and any change makes another ledger', () => {
    const { v: _, ...input } = genesis;
    const { bytes, chainId } = createGenesis(input);
    expect(decodeGenesis(bytes)).toEqual({ ok: true, genesis, chainId });
    const others = [
      { name: 'other' },
      { createdMs: 2 },
      { bindings: {} },
      { members: [{ ...member, power: 101n }] },
    ];
    const ids = others.map((change) => createGenesis({ ...input, ...change }).chainId);
    expect(new Set([chainId, ...ids]).size).toBe(5);
  });

  test.each([
    ['garbage', new Uint8Array([255]), 'reserved'],
    ['no members', withMembers(), 'no-members'],
    ['two of one name', withMembers(member, { ...member, key: key(3), vrfKey: key(4) }), 'duplicate-name'],
    ['one key twice', withMembers(member, { ...member, name: 'b', vrfKey: key(4) }), 'duplicate-key'],
    ['a VRF key that is another key', withMembers({ ...member, vrfKey: key(1) }), 'duplicate-key'],
    ['no validator', withMembers({ ...member, validator: false }), 'too-few-validators'],
    ['no plots', withMembers({ ...member, space: [] }), 'bad-groups'],
    ['no plot in a group', withMembers({ ...member, space: [{ id: 0, k: 18, count: 0 }] }), 'bad-groups'],
    [
      'groups out of order',
      withMembers({
        ...member,
        space: [
          { id: 1, k: 18, count: 1 },
          { id: 0, k: 18, count: 1 },
        ],
      }),
      'bad-groups',
    ],
    ['k above 50', withMembers({ ...member, space: [{ id: 0, k: 51, count: 1 }] }), 'out-of-range'],
    ['a short key', withMembers({ ...member, key: new Uint8Array(31) }), 'wrong-length'],
    ['another profile', encodeCanonical({ ...genesis, profile: 'none' }), 'no-variant'],
    ['an unknown field', encodeCanonical({ ...genesis, more: 1 }), 'unknown-key'],
  ])('with %s is refused as such', (_, bytes, reason) => {
    const verdict = decodeGenesis(bytes);
    expect(verdict).toMatchObject({ ok: false });
    if (!verdict.ok)
      expect([reason, 'wrong-literal', 'truncated', 'simple-value', 'indefinite-length']).toContain(
        verdict.reason,
      );
  });
});
