import { describe, expect, it } from 'vitest';
import { Immediate, immediateOf, popsOf, pushesOf } from '../src/binary/opcodes.ts';
import { effectOf } from '../src/check/heights.ts';
import { checkMetered, meter } from '../src/index.ts';
import { encodeModule, I32, I64, type Instruction, type ModuleSpec, unsigned } from './modules/encoder.ts';

/* Small modules that make an engine take gigabytes or minutes before a unit of fuel is spent. */

const repeat = (count: number, ...code: Instruction[]): Instruction[] =>
  Array.from({ length: count }, () => code).flat();

function module(body: readonly Instruction[], more: Partial<ModuleSpec> = {}, locals = 0): Uint8Array {
  return encodeModule({
    types: [
      { params: [], results: [] },
      { params: [], results: Array<number>(1_000).fill(I64) },
      { params: Array<number>(1_000).fill(I64), results: [] },
    ],
    functions: [{ type: 0, locals: Array<number>(locals).fill(I32), body }],
    exports: [{ name: 'run', kind: 0, index: 0 }],
    ...more,
  });
}

describe('an engine’s own work is bounded', () => {
  it.each<[string, () => Uint8Array]>([
    [
      'branches out of many blocks over many locals',
      () =>
        module(
          [
            ...repeat(4_000, [0x02, 0x40]),
            ...Array.from({ length: 3_000 }, (_, at): Instruction[] => [
              [0x20, 0],
              [0x0d, ...unsigned(at)],
            ]).flat(),
            ...repeat(4_000, [0x0b]),
          ],
          {},
          40_000,
        ),
    ],
    [
      'blocks over a high operand stack',
      () =>
        module([
          ...repeat(50_000, [0x41, 0]),
          ...repeat(3_000, [0x02, 0x40]),
          ...repeat(3_000, [0x0b]),
          ...repeat(50_000, [0x1a]),
        ]),
    ],
    [
      'calls of a thousand results',
      () =>
        module([], {
          functions: [
            { type: 0, locals: [], body: [...repeat(20_000, [0x10, 1]), [0x00]] },
            { type: 1, locals: [], body: [[0x00]] },
          ],
        }),
    ],
    [
      'branches in dead code that move a thousand values',
      () =>
        module([], { functions: [{ type: 1, locals: [], body: [[0x00], ...repeat(20_000, [0x0c, 0])] }] }),
    ],
    [
      'branch tables of many targets',
      () => {
        const table = [0x0e, ...unsigned(20_000), ...Array<number>(20_001).fill(0)];
        return module(repeat(50, [0x41, 0], table), {}, 100);
      },
    ],
  ])('%s are too large', (_, make) => {
    expect(meter(make())).toMatchObject({ ok: false, reason: 'too-large' });
  });

  it('exceptions of many values are too large', () => {
    expect(meter(module([], { tags: [2] }))).toMatchObject({ ok: false, reason: 'too-large' });
  });

  it('tables share what all of them may have', () => {
    const tables = Array.from({ length: 100 }, () => ({ min: 1 }));
    const verdict = meter(module([], { tables }), { tableMax: 10_000_000 });
    if (!verdict.ok) throw new Error(verdict.detail);
    expect(checkMetered(verdict.module, { tableMax: 10_485 })).toMatchObject({ ok: true });
    expect(checkMetered(verdict.module, { tableMax: 10_484 })).toMatchObject({ ok: false });
    expect(meter(module([], { tables: [{ min: 2_000_000 }] }), { tableMax: 10_000_000 })).toMatchObject({
      ok: false,
      reason: 'table-too-large',
    });
  });

  it('leaves the modules of compilers as they are: thousands of branches over a hundred locals', () => {
    const body = repeat(10_000, [0x02, 0x40], [0x20, 0], [0x0d, 0], [0x0b]);
    const verdict = meter(module(body, {}, 100));
    expect(verdict.ok && checkMetered(verdict.module).ok).toBe(true);
  });
});

describe('the check', () => {
  it('counts the operands of every instruction as the rewriter does', () => {
    const control = new Set([0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f]);
    for (const op of [0x10, 0x11, 0x12, 0x13, 0x18, 0x19]) control.add(op);
    let compared = 0;
    for (let op = 0; op < 0x300; op++) {
      if (immediateOf[op] === Immediate.refused || control.has(op)) continue;
      const own = op < 0x100 ? op : op < 0x200 ? 0xfc00 + (op - 0x100) : 0xfd00 + (op - 0x200);
      expect([op, ...effectOf(own)]).toStrictEqual([op, popsOf[op], pushesOf[op]]);
      compared++;
    }
    expect(compared).toBe(426);
  });

  it('passes a delegate to a block, which is no place where paths join', () => {
    const bytes = module([
      [0x02, 0x40],
      [0x02, 0x40],
      [0x06, 0x40],
      [0x10, 0],
      [0x18, 1],
      [0x41, 1],
      [0x1a],
      [0x0b],
      [0x41, 2],
      [0x1a],
      [0x0b],
    ]);
    const verdict = meter(bytes);
    if (!verdict.ok) throw new Error(verdict.detail);
    expect(checkMetered(verdict.module)).toMatchObject({ ok: true });
  });
});
