import { fail } from 'node:assert/strict';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkMetered, meter } from '../src/index.ts';
import { countedModule } from './modules/counted.ts';
import { encodeModule } from './modules/encoder.ts';
import { observe } from './modules/instance.ts';
import { randomModule } from './modules/random.ts';
import { F32_BASE, FLOAT_BASE } from './modules/random-values.ts';

function metered(bytes: Uint8Array): Uint8Array {
  const verdict = meter(bytes);
  if (!verdict.ok) return fail(`${verdict.reason}: ${verdict.detail}`);
  return verdict.module;
}

const seeds = fc.integer({ min: 1, max: 2 ** 31 });
const runs = (count: number) => ({ numRuns: count });
/** On a loaded machine the properties take their time. */
const PATIENT = { timeout: 120_000 };

describe('a metered module', PATIENT, () => {
  it('gives the same results, traps, memory and globals as the module it was made from', () => {
    fc.assert(
      fc.property(seeds, fc.boolean(), (seed, withExceptions) => {
        const bytes = encodeModule(randomModule(seed, { canonicalFloats: true, withExceptions }));
        const plain = observe(bytes);
        const again = observe(metered(bytes));
        expect(again.result).toStrictEqual(plain.result);
        expect(again.globals).toStrictEqual(plain.globals);
        expect(Buffer.compare(again.memory, plain.memory)).toBe(0);
      }),
      runs(800),
    );
  });

  it('uses exactly the fuel that counting each single instruction gives', () => {
    let endedWell = 0;
    fc.assert(
      fc.property(seeds, (seed) => {
        const spec = randomModule(seed, { canonicalFloats: true });
        const counted = observe(encodeModule(countedModule(spec)));
        if (typeof counted.result === 'string') return;
        endedWell++;
        expect(observe(metered(encodeModule(spec))).fuel).toBe(counted.count);
      }),
      runs(600),
    );
    expect(endedWell).toBeGreaterThan(150);
  });

  it('runs with the fuel that it used and not with one unit less', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const module = metered(encodeModule(randomModule(seed)));
        const full = observe(module);
        if (typeof full.result === 'string') return;
        expect(observe(module, { fuel: full.fuel })).toMatchObject({ result: full.result, isEmpty: false });
        expect(observe(module, { fuel: full.fuel - 1n }).isEmpty).toBe(true);
      }),
      runs(300),
    );
  });

  it('shows no NaN but the canonical one where its floats come from arithmetic', () => {
    let nans = 0;
    fc.assert(
      fc.property(seeds, (seed) => {
        const bytes = encodeModule(randomModule(seed, { arithmeticFloatsOnly: true }));
        const { memory } = observe(metered(bytes));
        nans += countNans(memory);
      }),
      runs(600),
    );
    expect(nans).toBeGreaterThan(5);
  });

  it('passes the independent check', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const options = { withExceptions: seed % 2 === 0, canonicalFloats: seed % 3 === 0 };
        expect(checkMetered(metered(encodeModule(randomModule(seed, options))))).toMatchObject({ ok: true });
      }),
      runs(600),
    );
  });

  it('is the same byte for byte whenever it is made', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const bytes = encodeModule(randomModule(seed));
        expect(Buffer.compare(metered(bytes), metered(bytes.slice()))).toBe(0);
      }),
      runs(50),
    );
  });
});

/** Counts the canonical NaNs among the f64 and the f32 in memory; fails on any other. */
function countNans(memory: Uint8Array): number {
  const view = new DataView(memory.buffer);
  let nans = 0;
  for (let at = FLOAT_BASE; at < F32_BASE; at += 8) {
    if (!Number.isNaN(view.getFloat64(at, true))) continue;
    const bits = view.getBigUint64(at, true);
    if (bits !== 0x7ff8000000000000n) fail(`NaN ${bits.toString(16)} at ${at}`);
    nans++;
  }
  // What f64 stores reach past their region is left out.
  for (let at = F32_BASE + 64; at < F32_BASE + 16_384; at += 8) {
    if (!Number.isNaN(view.getFloat32(at, true))) continue;
    const bits = view.getUint32(at, true);
    if (bits !== 0x7fc00000) fail(`NaN ${bits.toString(16)} at ${at}`);
    nans++;
  }
  return nans;
}
