import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readBody } from '../src/binary/instructions.ts';
import { parseModule } from '../src/binary/parse.ts';
import { Cursor } from '../src/check/cursor.ts';
import { Steps } from '../src/check/decode.ts';
import { checkMetered, meter } from '../src/index.ts';
import { runGuest } from '../src/run/guest.ts';
import { encodeModule } from './modules/encoder.ts';
import { bytesOf, FILL_BOMB, MEMORY_BOMB, RECURSE, SPIN } from './modules/guests.ts';
import { randomModule } from './modules/random.ts';

type Change = readonly [place: number, value: number, kind: number];

const changes = fc.array(fc.tuple(fc.nat(2 ** 30), fc.integer({ min: 0, max: 255 }), fc.nat(3)), {
  minLength: 1,
  maxLength: 6,
});

/** Overwrites, flips, inserts or removes bytes. */
function altered(bytes: Uint8Array, list: readonly Change[]): Uint8Array {
  let result = [...bytes];
  for (const [place, value, kind] of list) {
    const at = place % result.length;
    if (kind === 0) result[at] = value;
    else if (kind === 1) result[at] = (result[at] as number) ^ (1 << (value % 8));
    else if (kind === 2) result.splice(at, 0, value);
    else result = result.toSpliced(at, 1 + (value % 4));
    if (result.length === 0) break;
  }
  return Uint8Array.from(result);
}

describe('metering of any bytes', { timeout: 120_000 }, () => {
  it('never throws, and what it gives is valid and passes the check', () => {
    let accepted = 0;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), changes, (seed, list) => {
        const verdict = meter(altered(encodeModule(randomModule(seed, { withExceptions: true })), list));
        if (!verdict.ok) return;
        accepted++;
        expect(WebAssembly.validate(verdict.module)).toBe(true);
        expect(checkMetered(verdict.module)).toMatchObject({ ok: true });
      }),
      { numRuns: 4_000 },
    );
    expect(accepted).toBeGreaterThan(50);
  });

  it('never throws for bytes without any sense', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, hasHeader) => {
        const all = hasHeader ? Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...bytes) : bytes;
        expect(typeof meter(all).ok).toBe('boolean');
        expect(typeof checkMetered(all).ok).toBe('boolean');
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('the check of altered metered modules', { timeout: 120_000 }, () => {
  it('lets nothing pass that runs on without fuel', () => {
    let passed = 0;
    const hostile = [SPIN, RECURSE, MEMORY_BOMB, FILL_BOMB].map((body) => {
      const verdict = meter(bytesOf(body), { memoryMaxPages: 16 });
      if (!verdict.ok) throw new Error(verdict.detail);
      return verdict.module;
    });
    fc.assert(
      fc.property(fc.nat(hostile.length - 1), changes, (which, list) => {
        const module = altered(hostile[which] as Uint8Array, list);
        if (!checkMetered(module, { memoryMaxPages: 64 }).ok) return;
        passed++;
        // In this thread on purpose: one that never ends would hang the test.
        const job = {
          fuel: 3_000_000n,
          maxOutputBytes: 1_000,
          call: { kind: 'abi', op: 'run', input: new Uint8Array(8) },
        } as const;
        const outcome = runGuest(new WebAssembly.Module(module as Uint8Array<ArrayBuffer>), job);
        expect(outcome.fuelUsed).toBeLessThanOrEqual(job.fuel);
      }),
      { numRuns: 8_000 },
    );
    expect(passed).toBeGreaterThan(20);
  });
});

/** Bytes at which instructions begin, as each of the two readers sees them. */
function beginnings(bytes: Uint8Array): [rewriter: number[], check: number[]] {
  const both: [number[], number[]] = [[], []];
  for (const { code, to } of parseModule(bytes).bodies) {
    both[0].push(...readBody(bytes, code, to).start.subarray(0, -1));
    const steps = new Steps(new Cursor(bytes, code, to));
    for (let at = 0; at < steps.length; at++) both[1].push(steps.offset(at));
  }
  return both;
}

describe('the two readers of altered metered modules', { timeout: 120_000 }, () => {
  /** Opcodes and types that end in immediates of several bytes. */
  const hot = [
    0x02, 0x04, 0x06, 0x0e, 0x11, 0x18, 0x1c, 0x28, 0x41, 0x63, 0x64, 0x70, 0x85, 0xd0, 0xd2, 0xfc, 0xfd,
  ];
  const edits = fc.array(fc.tuple(fc.nat(), fc.oneof(fc.constantFrom(...hot), fc.nat(255))), {
    minLength: 1,
    maxLength: 3,
  });

  it('see the same instructions in whatever an engine and the check let pass', () => {
    const modules = Array.from({ length: 20 }, (_, seed) => {
      const verdict = meter(encodeModule(randomModule(seed)));
      if (!verdict.ok) throw new Error(verdict.detail);
      return verdict.module;
    });
    let passed = 0;
    fc.assert(
      fc.property(fc.nat(modules.length - 1), edits, (which, list) => {
        const bytes = (modules[which] as Uint8Array<ArrayBuffer>).slice();
        for (const [at, byte] of list) bytes[8 + (at % (bytes.length - 8))] = byte;
        if (!WebAssembly.validate(bytes) || !checkMetered(bytes).ok) return;
        passed++;
        const [rewriter, check] = beginnings(bytes);
        expect(check).toStrictEqual(rewriter);
      }),
      { numRuns: 6_000 },
    );
    expect(passed).toBeGreaterThan(50);
  });
});
