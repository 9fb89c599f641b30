import { encodeProof, type HeaderView, verifyOperation } from '@hypermesh/consensus';
import { createProofFixture, type ProofFixture } from '@hypermesh/consensus/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import { areGroups } from '../src/space/commitment.ts';

let fixture: ProofFixture;
beforeAll(async () => {
  fixture = await createProofFixture();
});

const LEGS = ['space', 'stake', 'work', 'time', 'binding'] as const;

function trap(): never {
  throw new Error('trap');
}

/** Bytes whose length cannot be asked for. */
class Trapped extends Uint8Array {
  override get length(): number {
    return trap();
  }
}

/** A list of `2^depth` ones that is held in `depth` small lists. */
function endless(depth: number): unknown {
  let list: unknown = [1];
  for (let i = 0; i < depth; i++) list = [list, list];
  return list;
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function cyclic(): object {
  const value: Record<string, unknown> = {};
  value['left'] = value;
  value['right'] = value;
  return value;
}

const hostile: readonly [string, unknown][] = [
  ['undefined', undefined],
  ['null', null],
  ['NaN', Number.NaN],
  ['a fraction', 0.5],
  ['minus zero', -0],
  ['a bigint', 2n ** 70n],
  ['a symbol', Symbol('x')],
  ['a function', () => 1],
  ['a lone surrogate', '\ud800'],
  ['an empty list', []],
  ['an empty object', {}],
  ['a sparse list', new Array(2 ** 31)],
  ['a date', new Date()],
  ['a map', new Map()],
  ['floats', new Float64Array(3)],
  ['a buffer', new ArrayBuffer(8)],
  ['shared bytes', new Uint8Array(new SharedArrayBuffer(8))],
  ['many bytes', new Uint8Array(2 ** 24)],
  ['a long text', 'x'.repeat(2 ** 24)],
  ['trapped bytes', new Trapped(4)],
  ['a proxy of bytes', new Proxy(new Uint8Array(4), {})],
  ['a proxy that throws', new Proxy({}, { get: trap, ownKeys: trap, getPrototypeOf: trap, has: trap })],
  ['a revoked proxy', revoked()],
  ['a cycle', cyclic()],
  ['an endless list', endless(60)],
];

test.each(hostile)(
  '%s for an operation, a proof, a part or a field is refused, and the part named',
  async (_, value) => {
    const { operation, proof, context } = fixture;
    expect(await verifyOperation(value, proof, context)).toMatchObject({ ok: false, leg: 'binding' });
    expect(await verifyOperation(operation, value, context)).toMatchObject({ ok: false });
    const body = { ...operation, body: { key: 'x', value, more: value } };
    expect(await verifyOperation(body, proof, context)).toMatchObject({ ok: false, leg: 'binding' });
    for (const leg of LEGS) {
      const absent = value === undefined || value === null;
      const verdict = await verifyOperation(operation, { ...proof, [leg]: value }, context);
      expect(verdict).toMatchObject({ ok: false, leg });
      if (absent) expect(verdict).toMatchObject({ reason: 'missing' });
      for (const field of Object.keys(proof[leg])) {
        const part = { ...proof[leg], [field]: value };
        const changed = await verifyOperation(operation, { ...proof, [leg]: part }, context);
        expect(changed, `${leg}.${field}`).toMatchObject({ ok: false, leg });
        const { [field as never]: __, ...rest } = proof[leg];
        expect(await verifyOperation(operation, { ...proof, [leg]: rest }, context)).toMatchObject({
          ok: false,
          leg,
        });
      }
    }
  },
);

describe('a context with', () => {
  const header = (change: object) => ({
    finalizedHeader: (height: number) =>
      ({ ...fixture.context.finalizedHeader(height), ...change }) as HeaderView,
  });
  test.each([
    ['no time', () => ({ nowMs: undefined }), 'time', 'stale'],
    ['a time that is no number', () => ({ nowMs: Number.NaN }), 'time', 'stale'],
    ['a time as bigint', () => ({ nowMs: 1_750_000_009_000n }), 'time', 'stale'],
    ['an endless time', () => ({ nowMs: Number.POSITIVE_INFINITY }), 'time', 'stale'],
    ['the beginning of time', () => ({ nowMs: Number.NEGATIVE_INFINITY }), 'time', 'future'],
    ['a header without time', () => header({ timeMs: undefined }), 'time', 'stale'],
    ['a header whose time is no number', () => header({ timeMs: Number.NaN }), 'time', 'stale'],
    ['a header without hash', () => header({ hash: undefined }), 'time', 'unknown-anchor'],
    ['a header without state', () => header({ stateRoot: null }), 'time', 'unknown-anchor'],
    ['null for a header', () => ({ finalizedHeader: () => null }), 'time', 'unknown-anchor'],
    ['a number for a header', () => ({ finalizedHeader: () => 5 }), 'time', 'unknown-anchor'],
    ['a sequence as bigint', () => ({ lastSequence: 0n }), 'time', 'out-of-sequence'],
    ['a sequence that is no number', () => ({ lastSequence: Number.NaN }), 'time', 'out-of-sequence'],
    ['null for a sequence', () => ({ lastSequence: null }), 'time', 'out-of-sequence'],
    ['no chain', () => ({ chainId: undefined }), 'binding', 'other-chain'],
    ['a chain that is no hex', () => ({ chainId: 'zz' }), 'binding', 'other-chain'],
  ])('%s refuses what would else hold, and does not throw', async (_, change, leg, reason) => {
    const { operation, proof, context } = fixture;
    const changed = { ...context, ...change() } as never;
    expect(await verifyOperation(operation, proof, changed)).toEqual({ ok: false, leg, reason });
  });
});

test.each([
  ['none', []],
  ['k = 0', [{ id: 0, k: 0, count: 1 }]],
  ['k = 17', [{ id: 0, k: 17, count: 1 }]],
  ['a count of 0', [{ id: 0, k: 18, count: 0 }]],
  ['the same id twice', [0, 0].map((id) => ({ id, k: 18, count: 1 }))],
  ['ids in falling order', [1, 0].map((id) => ({ id, k: 18, count: 1 }))],
  ['more bytes than a draw tells apart', [{ id: 0, k: 50, count: 2 }]],
])('a commitment of plots with %s is none', (_, groups) => {
  expect(areGroups(groups)).toBe(false);
});

test('a commitment of plots may come near 2^56 bytes', () => {
  expect(areGroups([{ id: 0, k: 50, count: 1 }])).toBe(true);
});

test('bytes that change while they are checked do not change what was checked', async () => {
  const { operation, proof, context } = fixture;
  const bytes = encodeProof(proof);
  const verdict = verifyOperation(operation, bytes, context);
  bytes.fill(0);
  expect((await verdict).ok).toBe(true);
});
