import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../src/json.ts';
import { openCheckpoint, sealCheckpoint } from '../src/state/checkpoint.ts';
import { createTestHost, signedPackage } from '../src/testing/index.ts';
import { fromWire, toWire } from '../src/tiers/wire.ts';

const key = new Uint8Array(32).fill(1);
const checkpoint = {
  id: 'acme.words',
  stateVersion: 3,
  counter: 9,
  state: { words: ['oak', 1.5, null, true], bytes: Uint8Array.of(1, 2) },
};

describe('a checkpoint', () => {
  it('comes back as it was sealed [ext-08]', () => {
    expect(openCheckpoint(sealCheckpoint(checkpoint, key), 'acme.words', key)).toEqual({
      ok: true,
      checkpoint,
    });
  });

  it('is refused with any bit changed, cut or made longer [ext-08]', () => {
    const bytes = sealCheckpoint(checkpoint, key);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(7), (at, bit) => {
        const copy = new Uint8Array(bytes);
        copy[at] = (copy[at] ?? 0) ^ (1 << bit);
        expect(openCheckpoint(copy, 'acme.words', key).ok).toBe(false);
        expect(openCheckpoint(bytes.subarray(0, at), 'acme.words', key)).toMatchObject({
          ok: false,
          reason: 'malformed',
        });
      }),
    );
    expect(openCheckpoint(Buffer.concat([bytes, Uint8Array.of(0)]), 'acme.words', key).ok).toBe(false);
  });

  it('belongs to one extension and one key [ext-08]', () => {
    const bytes = sealCheckpoint(checkpoint, key);
    expect(openCheckpoint(bytes, 'acme.other', key)).toEqual({ ok: false, reason: 'other-extension' });
    expect(openCheckpoint(bytes, 'acme.words', new Uint8Array(32))).toEqual({
      ok: false,
      reason: 'not-authentic',
    });
    expect(sealCheckpoint(checkpoint, key)).not.toEqual(bytes);
  });

  it('is not made by a host without a key', async () => {
    await using test = createTestHost();
    const entry = `export const extension = { id: 'acme.words', ops: {} };`;
    const files = await signedPackage({ id: 'acme.words', entry, tier: 'trusted' }, test.signer);
    await test.host.load([{ files }]);
    await expect(test.host.exportState('acme.words')).rejects.toMatchObject({
      code: 'extension/no-state-key',
    });
    expect(() =>
      createTestHost({
        state: { key: new Uint8Array(31), counters: { get: () => 0, set: () => undefined } },
      }),
    ).toThrow();
  });
});

describe('plain data', () => {
  const leaf = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array(),
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      leaf,
      fc.array(tie('value')),
      fc.dictionary(
        fc.string().filter((each) => each !== '$bytes' && each !== '__proto__'),
        tie('value'),
      ),
    ),
  }));

  it('crosses the boundary of a sandbox unchanged', () => {
    fc.assert(
      fc.property(value, (each) => {
        expect(fromWire(toWire(each))).toEqual(each as JsonValue);
      }),
    );
  });

  it('is nothing else: functions, classes, cycles, depth and forged bytes are refused', () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    for (const each of [
      () => 1,
      new Date(),
      new Map(),
      Symbol('x'),
      cycle,
      Number.NaN,
      { $bytes: 'x' },
      Object.create({ a: 1 }),
    ]) {
      expect(() => toWire(each)).toThrow(TypeError);
    }
    for (const each of ['', '{', '['.repeat(100) + ']'.repeat(100)])
      expect(() => fromWire(each)).toThrow(TypeError);
    const read = fromWire('{"__proto__":{"polluted":true}}') as object;
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect(Object.keys(read)).toEqual([]);
    expect((read as { polluted?: boolean }).polluted).toBeUndefined();
  });
});
