import { F32, F64, I32, I64, V128 } from './encoder.ts';

/** An instruction that takes and gives plain values. */
export interface Operation {
  readonly code: readonly number[];
  readonly operands: readonly number[];
  readonly result: number;
  /** It turns bits into a float or a float's bits into something else. */
  readonly showsBits?: boolean;
  /** It may make a NaN whose bits the specification leaves open. */
  readonly makes?: 'f32' | 'f64' | 'f32x4' | 'f64x2' | undefined;
}

/** The instructions that make NaN, listed once more from the specification. */
function makes(code: readonly number[]): Operation['makes'] {
  const [op = 0, number = 0] = code;
  const within = (at: number, ...ranges: [number, number][]) =>
    ranges.some(([from, to]) => at >= from && at <= to);
  if (op === 0xfd) {
    if (within(number, [0x5e, 0x5e], [0x67, 0x6a], [0xe3, 0xe9])) return 'f32x4';
    return within(number, [0x5f, 0x5f], [0x74, 0x75], [0x7a, 0x7a], [0x94, 0x94], [0xef, 0xf5])
      ? 'f64x2'
      : undefined;
  }
  if (within(op, [0x8d, 0x97], [0xb6, 0xb6])) return 'f32';
  return within(op, [0x9b, 0xa5], [0xbb, 0xbb]) ? 'f64' : undefined;
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at);

function plain(
  from: number,
  to: number,
  operands: readonly number[],
  result: number,
  showsBits = false,
): Operation[] {
  return range(from, to).map((op) => ({ code: [op], operands, result, showsBits }));
}

function saturating(from: number, to: number, operand: number, result: number): Operation[] {
  return range(from, to).map((op) => ({ code: [0xfc, op], operands: [operand], result }));
}

function simd(
  from: number,
  to: number,
  operands: readonly number[],
  result = V128,
  lane?: number,
): Operation[] {
  return range(from, to).map((op) => ({
    code: [0xfd, ...(op < 0x80 ? [op] : [op, 1]), ...(lane === undefined ? [] : [lane])],
    operands,
    result,
    showsBits: true,
  }));
}

const V = [V128];
const VV = [V128, V128];
const VI = [V128, I32];

const ALL: readonly Operation[] = [
  ...plain(0x45, 0x45, [I32], I32),
  ...plain(0x46, 0x4f, [I32, I32], I32),
  ...plain(0x50, 0x50, [I64], I32),
  ...plain(0x51, 0x5a, [I64, I64], I32),
  ...plain(0x5b, 0x60, [F32, F32], I32),
  ...plain(0x61, 0x66, [F64, F64], I32),
  ...plain(0x67, 0x69, [I32], I32),
  ...plain(0x6a, 0x78, [I32, I32], I32),
  ...plain(0x79, 0x7b, [I64], I64),
  ...plain(0x7c, 0x8a, [I64, I64], I64),
  ...plain(0x8b, 0x8c, [F32], F32, true),
  ...plain(0x8d, 0x91, [F32], F32),
  ...plain(0x92, 0x97, [F32, F32], F32),
  ...plain(0x98, 0x98, [F32, F32], F32, true),
  ...plain(0x99, 0x9a, [F64], F64, true),
  ...plain(0x9b, 0x9f, [F64], F64),
  ...plain(0xa0, 0xa5, [F64, F64], F64),
  ...plain(0xa6, 0xa6, [F64, F64], F64, true),
  ...plain(0xa7, 0xa7, [I64], I32),
  ...plain(0xac, 0xad, [I32], I64),
  ...plain(0xb2, 0xb3, [I32], F32),
  ...plain(0xb4, 0xb5, [I64], F32),
  ...plain(0xb6, 0xb6, [F64], F32),
  ...plain(0xb7, 0xb8, [I32], F64),
  ...plain(0xb9, 0xba, [I64], F64),
  ...plain(0xbb, 0xbb, [F32], F64),
  ...plain(0xbc, 0xbc, [F32], I32, true),
  ...plain(0xbd, 0xbd, [F64], I64, true),
  ...plain(0xbe, 0xbe, [I32], F32, true),
  ...plain(0xbf, 0xbf, [I64], F64, true),
  ...plain(0xc0, 0xc1, [I32], I32),
  ...plain(0xc2, 0xc4, [I64], I64),
  // Trapping conversions are rare on purpose: most floats are out of range.
  ...plain(0xa8, 0xa8, [F32], I32),
  ...saturating(0, 1, F32, I32),
  ...saturating(2, 3, F64, I32),
  ...saturating(4, 5, F32, I64),
  ...saturating(6, 7, F64, I64),
  ...simd(0x0e, 0x0e, VV),
  ...simd(0x0f, 0x11, [I32]),
  ...simd(0x12, 0x12, [I64]),
  ...simd(0x13, 0x13, [F32]),
  ...simd(0x14, 0x14, [F64]),
  ...simd(0x15, 0x16, V, I32, 9),
  ...simd(0x17, 0x17, VI, V128, 5),
  ...simd(0x18, 0x19, V, I32, 3),
  ...simd(0x1b, 0x1b, V, I32, 2),
  ...simd(0x1d, 0x1d, V, I64, 1),
  ...simd(0x1f, 0x1f, V, F32, 3),
  ...simd(0x20, 0x20, [V128, F32], V128, 1),
  ...simd(0x21, 0x21, V, F64, 1),
  ...simd(0x22, 0x22, [V128, F64], V128, 0),
  ...simd(0x23, 0x4c, VV),
  ...simd(0x4d, 0x4d, V),
  ...simd(0x4e, 0x51, VV),
  ...simd(0x52, 0x52, [V128, V128, V128]),
  ...simd(0x53, 0x53, V, I32),
  ...simd(0x5e, 0x5f, V),
  ...simd(0x60, 0x62, V),
  ...simd(0x63, 0x64, V, I32),
  ...simd(0x65, 0x66, VV),
  ...simd(0x67, 0x6a, V),
  ...simd(0x6b, 0x6d, VI),
  ...simd(0x6e, 0x73, VV),
  ...simd(0x74, 0x75, V),
  ...simd(0x7a, 0x7a, V),
  ...simd(0x7c, 0x81, V),
  ...simd(0x82, 0x82, VV),
  ...simd(0x87, 0x8a, V),
  ...simd(0x8b, 0x8d, VI),
  ...simd(0x8e, 0x93, VV),
  ...simd(0x94, 0x94, V),
  ...simd(0x95, 0x99, VV),
  ...simd(0x9b, 0x9f, VV),
  ...simd(0xa0, 0xa1, V),
  ...simd(0xa7, 0xaa, V),
  ...simd(0xab, 0xad, VI),
  ...simd(0xb5, 0xba, VV),
  ...simd(0xbc, 0xbf, VV),
  ...simd(0xc0, 0xc1, V),
  ...simd(0xd5, 0xdb, VV),
  ...simd(0xe0, 0xe1, V),
  ...simd(0xe3, 0xe3, V),
  ...simd(0xe4, 0xeb, VV),
  ...simd(0xec, 0xed, V),
  ...simd(0xef, 0xef, V),
  ...simd(0xf0, 0xf7, VV),
  ...simd(0xf8, 0xff, V),
];

/** Every numeric instruction of the profile. */
export const OPERATIONS: readonly Operation[] = ALL.map((each) => ({ ...each, makes: makes(each.code) }));
