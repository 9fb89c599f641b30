import { afterAll, describe, expect, it } from 'vitest';
import { meter, openRunner } from '../src/index.ts';
import { encodeModule, F64, type FunctionSpec, I32, I64, type Instruction, V128 } from './modules/encoder.ts';

const runner = openRunner({ workers: 1 });
afterAll(() => runner[Symbol.asyncDispose]());

const ZERO: Readonly<Record<number, Instruction>> = {
  [I32]: [0x41, 0],
  [I64]: [0x42, 0],
  [F64]: [0x44, 0, 0, 0, 0, 0, 0, 0, 0],
  [V128]: [0xfd, 0x0c, ...Array<number>(16).fill(0)],
};

interface Shape {
  readonly type: number;
  readonly params: number;
  readonly locals: number;
  /** Values on the operand stack while the call goes on. */
  readonly operands: number;
}

/** A function that calls itself for ever with a frame of this shape, and `run`, which begins. */
async function overflow({ type, params, locals, operands }: Shape) {
  const zero = ZERO[type] ?? [];
  const self: FunctionSpec = {
    type: 1,
    locals: Array<number>(locals).fill(type),
    body: [
      ...Array.from({ length: operands }, () => zero),
      ...Array.from({ length: params }, () => zero),
      [0x10, 1],
      ...Array.from({ length: operands }, () => [0x1a]),
      // Every local is read after the call, so that no compiler leaves it out of the frame.
      ...Array.from({ length: Math.min(locals, 200) }, (_, at) => [
        [0x20, ...(params + at < 128 ? [params + at] : [0x80 | ((params + at) & 0x7f), (params + at) >> 7])],
        [0x1a],
      ]).flat(),
    ],
  };
  const bytes = encodeModule({
    types: [
      { params: [], results: [] },
      { params: Array<number>(params).fill(type), results: [] },
    ],
    functions: [
      { type: 0, locals: [], body: [...Array.from({ length: params }, () => zero), [0x10, 1]] },
      self,
    ],
    exports: [{ name: 'run', kind: 0, index: 0 }],
  });
  const verdict = meter(bytes);
  if (!verdict.ok) throw new Error(verdict.detail);
  return runner.run({ module: verdict.module, entry: 'run', fuel: 10n ** 9n, deadlineMs: 30_000 });
}

const shapes: readonly Shape[] = [
  { type: I32, params: 0, locals: 0, operands: 0 },
  { type: I64, params: 1, locals: 0, operands: 0 },
  { type: I64, params: 40, locals: 0, operands: 0 },
  { type: F64, params: 300, locals: 10, operands: 0 },
  { type: V128, params: 1, locals: 0, operands: 0 },
  { type: V128, params: 100, locals: 50, operands: 0 },
  { type: V128, params: 0, locals: 1_000, operands: 0 },
  { type: I32, params: 0, locals: 1_000, operands: 0 },
  { type: I64, params: 0, locals: 0, operands: 1_000 },
  { type: V128, params: 3, locals: 3, operands: 500 },
  { type: F64, params: 0, locals: 20_000, operands: 20_000 },
  { type: I64, params: 999, locals: 0, operands: 999 },
];

describe('the bound of the stack', () => {
  it.each(shapes)(
    'comes before the engine’s own, which differs by machine: $params params, $locals locals, $operands operands of type $type',
    async (shape) => {
      const first = await overflow(shape);
      expect(first).toMatchObject({ ok: false, reason: 'trap', detail: 'stack exhausted' });
      expect(await overflow(shape)).toStrictEqual(first);
    },
  );
});
