import { fail } from 'node:assert/strict';
import { describe, expect, it } from 'vitest';
import { meter } from '../src/index.ts';
import {
  doubleBytes,
  encodeModule,
  F32,
  F64,
  floatBytes,
  I32,
  I64,
  type Instruction,
  type ModuleSpec,
  V128,
} from './modules/encoder.ts';
import { observe } from './modules/instance.ts';
import { OPERATIONS } from './modules/operations.ts';

const CANONICAL = { [F32]: '0000c07f', [F64]: '000000000000f87f' } as const;

/** Zero divided by zero, which processors answer with different NaNs. */
const ARITHMETIC_NAN: Readonly<Record<number, readonly Instruction[]>> = {
  [F32]: [[0x43, ...floatBytes(0)], [0x43, ...floatBytes(0)], [0x95]],
  [F64]: [[0x44, ...doubleBytes(0)], [0x44, ...doubleBytes(0)], [0xa3]],
  [V128]: [
    [0xfd, 0x0c, ...Array<number>(16).fill(0)],
    [0xfd, 0x0c, ...Array<number>(16).fill(0)],
    [0xfd, 0xe7, 0x01],
  ],
};

const STORE = { [F32]: [0x38, 2, 0], [F64]: [0x39, 3, 0], [V128]: [0xfd, 0x0b, 4, 0] } as const;

function moduleOf(body: readonly Instruction[], type: number = F64): ModuleSpec {
  return {
    types: [
      { params: [], results: [] },
      { params: [type], results: [type] },
    ],
    functions: [
      { type: 0, locals: [type, I32, I64], body },
      { type: 1, locals: [], body: [[0x20, 0]] },
    ],
    memory: { min: 1, max: 1 },
    globals: [{ type, init: type === F32 ? [0x43, 0, 0, 0, 0] : [0x44, 0, 0, 0, 0, 0, 0, 0, 0] }],
    exports: [
      { name: 'run', kind: 0, index: 0 },
      { name: 'memory', kind: 2, index: 0 },
    ],
  };
}

/** The first bytes of memory, in hexadecimal, after a metered run. */
function shown(spec: ModuleSpec, length: number): string {
  const verdict = meter(encodeModule(spec));
  if (!verdict.ok) return fail(`${verdict.reason}: ${verdict.detail}`);
  const { memory, result } = observe(verdict.module, { args: [] });
  expect(result).toBeUndefined();
  return Buffer.from(memory.subarray(0, length)).toString('hex');
}

describe('NaN', () => {
  it.each(
    OPERATIONS.filter(({ makes }) => makes !== undefined).map((each) => [each.code.join(' '), each] as const),
  )('that instruction %s makes is canonical in memory', (_, { code, operands, result, makes }) => {
    const body = [
      [0x41, 0],
      ...operands.flatMap((operand) => ARITHMETIC_NAN[operand] ?? []),
      code,
      STORE[result as typeof F32 | typeof F64 | typeof V128],
    ];
    const lane = makes?.startsWith('f32') === true ? CANONICAL[F32] : CANONICAL[F64];
    const bytes = shown(moduleOf(body), result === V128 ? 16 : lane.length / 2);
    const lanes = bytes.match(new RegExp(`.{${lane.length}}`, 'g')) ?? [];
    // A conversion between widths fills half of the lanes only; f32 NaN bits read as f64 are no NaN.
    for (const each of lanes) {
      const isNan = makes?.startsWith('f32') === true ? isNan32(each) : isNan64(each);
      if (isNan) expect(each).toBe(lane);
    }
    if (operands[0] === result && result !== V128) expect(bytes).toBe(lane);
  });

  const ways: Readonly<
    Record<string, (type: number, nan: readonly Instruction[]) => readonly Instruction[]>
  > = {
    'a local': (_, nan) => [...nan, [0x21, 0], [0x20, 0]],
    'a local that is also loaded': (type, nan) => [
      [0x41, 8],
      [type === F32 ? 0x2a : 0x2b, 2, 0],
      [0x21, 0],
      ...nan,
      [0x21, 0],
      [0x20, 0],
    ],
    'a global': (_, nan) => [...nan, [0x24, 0], [0x23, 0]],
    'a call': (_, nan) => [...nan, [0x10, 1]],
    'a block': (type, nan) => [[0x02, type], ...nan, [0x41, 1], [0x0d, 0], [0x0b]],
    'an if': (type, nan) => [[0x41, 1], [0x04, type], ...nan, [0x05], ...nan, [0x0b]],
    'a loop': (type, nan) => [[0x03, type], ...nan, [0x0b]],
    'a select': (_, nan) => [...nan, ...nan, [0x41, 1], [0x1b]],
    'a tee': (_, nan) => [...nan, [0x22, 0]],
    'further arithmetic': (type, nan) => [...nan, ...nan, [type === F32 ? 0x92 : 0xa0]],
    'an integer': (type, nan) => [...nan, [type === F32 ? 0xbc : 0xbd], [type === F32 ? 0xbe : 0xbf]],
  };
  for (const [way, body] of Object.entries(ways)) {
    it.each([
      ['f32', F32],
      ['f64', F64],
    ] as const)(`is canonical when it reaches memory through ${way} (%s)`, (_, type) => {
      const nan = ARITHMETIC_NAN[type] ?? [];
      const spec = moduleOf([[0x41, 0], ...body(type, nan), STORE[type]], type);
      expect(shown(spec, type === F32 ? 4 : 8)).toBe(CANONICAL[type]);
    });
  }

  it('gives copysign a positive sign', () => {
    const body = [[0x41, 0], [0x44, ...doubleBytes(2)], ...(ARITHMETIC_NAN[F64] ?? []), [0xa6], STORE[F64]];
    expect(shown(moduleOf(body), 8)).toBe('0000000000000040');
  });

  it('keeps its bits where it is only moved', () => {
    const odd = [0x37, 0x13, 0, 0, 0, 0, 0xfc, 0xff];
    const body: Instruction[] = [
      [0x41, 0],
      [0x44, ...odd],
      [0x21, 0],
      [0x20, 0],
      [0x24, 0],
      [0x23, 0],
      STORE[F64],
    ];
    expect(shown(moduleOf(body), 8)).toBe('371300000000fcff');
  });
});

const isNan32 = (hex: string) => Number.isNaN(new DataView(bytesOf(hex)).getFloat32(0, true));
const isNan64 = (hex: string) => Number.isNaN(new DataView(bytesOf(hex)).getFloat64(0, true));

function bytesOf(hex: string): ArrayBuffer {
  return Uint8Array.from(Buffer.from(hex, 'hex')).buffer;
}
