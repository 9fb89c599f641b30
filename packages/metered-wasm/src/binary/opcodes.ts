/*
 * Every instruction of the profile: MVP, sign extension, saturating conversion, multi-value, bulk memory, reference
 * types, 128-bit SIMD, tail calls and exception handling (the form with `try`). Numbers follow the core
 * specification; a prefixed instruction is numbered 0x100 (prefix 0xfc) or 0x200 (prefix 0xfd) plus its own number.
 */

/** What follows an opcode. */
export const Immediate = {
  refused: 0,
  none: 1,
  block: 2,
  index: 3,
  branchTable: 4,
  indirect: 5,
  memory: 6,
  memoryIndex: 7,
  i32: 8,
  i64: 9,
  f32: 10,
  f64: 11,
  referenceType: 12,
  selectTypes: 13,
  twoIndexes: 14,
  v128: 15,
  shuffle: 16,
  lane: 17,
  memoryLane: 18,
  dataMemory: 19,
  memoryMemory: 20,
} as const;

/** What an instruction means for the bits of NaN. */
export const FloatRole = {
  /** Passes the bits of its operands on, or shows them. */
  exact: 0,
  /** Makes an f32 whose NaN bits the specification leaves open; does not show its operands' bits. */
  makesF32: 1,
  makesF64: 2,
  /** Takes floats and shows nothing of a NaN's bits. */
  blind: 3,
  /** Gives a float that is never NaN. */
  clean: 4,
  makesF32x4: 5,
  makesF64x2: 6,
} as const;

const OPCODES = 0x300;
export const immediateOf: Uint8Array = new Uint8Array(OPCODES);
/** Operands taken; control and calls are settled by their types instead. */
export const popsOf: Uint8Array = new Uint8Array(OPCODES);
export const pushesOf: Uint8Array = new Uint8Array(OPCODES);
export const floatRoleOf: Uint8Array = new Uint8Array(OPCODES);

function define(from: number, to: number, shape: readonly [number, number, number], role = 0): void {
  for (let op = from; op <= to; op++) {
    immediateOf[op] = shape[0];
    popsOf[op] = shape[1];
    pushesOf[op] = shape[2];
    floatRoleOf[op] = role;
  }
}

/** The same shape for several single opcodes above `base`. */
function defineEach(
  base: number,
  ops: readonly number[],
  shape: readonly [number, number, number],
  role = 0,
) {
  for (const op of ops) define(base + op, base + op, shape, role);
}

const { none, block, index, memory, lane, memoryLane, indirect, twoIndexes } = Immediate;
const { makesF32, makesF64, blind, clean, makesF32x4, makesF64x2 } = FloatRole;
const unary = [none, 1, 1] as const;
const binary = [none, 2, 1] as const;

define(0x00, 0x01, [none, 0, 0]); // unreachable, nop
defineEach(0, [0x02, 0x03, 0x06], [block, 0, 0]); // block, loop, try
define(0x04, 0x04, [block, 1, 0]); // if
defineEach(0, [0x05, 0x0b, 0x0f, 0x19], [none, 0, 0]); // else, end, return, catch_all
defineEach(0, [0x07, 0x08, 0x09, 0x0c, 0x10, 0x12, 0x18], [index, 0, 0]); // catch throw rethrow br call return_call delegate
define(0x0d, 0x0d, [index, 1, 0]); // br_if
define(0x0e, 0x0e, [Immediate.branchTable, 1, 0]);
defineEach(0, [0x11, 0x13], [indirect, 1, 0]); // call_indirect, return_call_indirect
define(0x1a, 0x1a, [none, 1, 0]); // drop
define(0x1b, 0x1b, [none, 3, 1]); // select
define(0x1c, 0x1c, [Immediate.selectTypes, 3, 1]);
defineEach(0, [0x20, 0x23], [index, 0, 1]); // local.get, global.get
defineEach(0, [0x21, 0x24], [index, 1, 0]); // local.set, global.set
defineEach(0, [0x22, 0x25], [index, 1, 1]); // local.tee, table.get
define(0x26, 0x26, [index, 2, 0]); // table.set
define(0x28, 0x35, [memory, 1, 1]); // loads
define(0x36, 0x3e, [memory, 2, 0]); // stores
define(0x3f, 0x3f, [Immediate.memoryIndex, 0, 1]); // memory.size
define(0x40, 0x40, [Immediate.memoryIndex, 1, 1]); // memory.grow
define(0x41, 0x41, [Immediate.i32, 0, 1]);
define(0x42, 0x42, [Immediate.i64, 0, 1]);
define(0x43, 0x43, [Immediate.f32, 0, 1]);
define(0x44, 0x44, [Immediate.f64, 0, 1]);
defineEach(0, [0x45, 0x50], unary); // eqz
define(0x46, 0x4f, binary);
define(0x51, 0x5a, binary);
define(0x5b, 0x66, binary, blind); // float comparisons
define(0x67, 0x69, unary);
define(0x6a, 0x78, binary);
define(0x79, 0x7b, unary);
define(0x7c, 0x8a, binary);
define(0x8b, 0x8c, unary); // f32.abs, f32.neg
define(0x8d, 0x91, unary, makesF32);
define(0x92, 0x97, binary, makesF32);
define(0x98, 0x98, binary); // f32.copysign
define(0x99, 0x9a, unary);
define(0x9b, 0x9f, unary, makesF64);
define(0xa0, 0xa5, binary, makesF64);
define(0xa6, 0xa6, binary); // f64.copysign
define(0xa7, 0xa7, unary);
define(0xa8, 0xab, unary, blind);
define(0xac, 0xad, unary);
define(0xae, 0xb1, unary, blind);
define(0xb2, 0xb5, unary, clean);
define(0xb6, 0xb6, unary, makesF32); // f32.demote_f64
define(0xb7, 0xba, unary, clean);
define(0xbb, 0xbb, unary, makesF64); // f64.promote_f32
define(0xbc, 0xc4, unary); // reinterpretations, sign extensions
define(0xd0, 0xd0, [Immediate.referenceType, 0, 1]);
define(0xd1, 0xd1, unary); // ref.is_null
define(0xd2, 0xd2, [index, 0, 1]); // ref.func

define(0x100, 0x107, unary, blind); // saturating conversions
define(0x108, 0x108, [Immediate.dataMemory, 3, 0]); // memory.init
defineEach(0x100, [9, 13], [index, 0, 0]); // data.drop, elem.drop
define(0x10a, 0x10a, [Immediate.memoryMemory, 3, 0]); // memory.copy
define(0x10b, 0x10b, [Immediate.memoryIndex, 3, 0]); // memory.fill
defineEach(0x100, [12, 14], [twoIndexes, 3, 0]); // table.init, table.copy
define(0x10f, 0x10f, [index, 2, 1]); // table.grow
define(0x110, 0x110, [index, 0, 1]); // table.size
define(0x111, 0x111, [index, 3, 0]); // table.fill

const V = 0x200;
define(V + 0x00, V + 0x0a, [memory, 1, 1]);
define(V + 0x0b, V + 0x0b, [memory, 2, 0]); // v128.store
define(V + 0x0c, V + 0x0c, [Immediate.v128, 0, 1]);
define(V + 0x0d, V + 0x0d, [Immediate.shuffle, 2, 1]);
define(V + 0x0e, V + 0x0e, binary);
define(V + 0x0f, V + 0x14, unary); // splats
defineEach(V, [0x15, 0x16, 0x18, 0x19, 0x1b, 0x1d, 0x1f, 0x21], [lane, 1, 1]);
defineEach(V, [0x17, 0x1a, 0x1c, 0x1e, 0x20, 0x22], [lane, 2, 1]);
define(V + 0x23, V + 0x4c, binary); // comparisons
define(V + 0x4d, V + 0x4d, unary);
define(V + 0x4e, V + 0x51, binary);
define(V + 0x52, V + 0x52, [none, 3, 1]); // bitselect
define(V + 0x53, V + 0x53, unary);
define(V + 0x54, V + 0x57, [memoryLane, 2, 1]);
define(V + 0x58, V + 0x5b, [memoryLane, 2, 0]);
define(V + 0x5c, V + 0x5d, [memory, 1, 1]);
define(V + 0x5e, V + 0x5e, unary, makesF32x4);
define(V + 0x5f, V + 0x5f, unary, makesF64x2);
define(V + 0x60, V + 0x64, unary);
define(V + 0x65, V + 0x66, binary);
define(V + 0x67, V + 0x6a, unary, makesF32x4);
define(V + 0x6b, V + 0x73, binary);
define(V + 0x74, V + 0x75, unary, makesF64x2);
define(V + 0x76, V + 0x79, binary);
define(V + 0x7a, V + 0x7a, unary, makesF64x2);
define(V + 0x7b, V + 0x7b, binary);
define(V + 0x7c, V + 0x81, unary);
define(V + 0x82, V + 0x82, binary);
define(V + 0x83, V + 0x84, unary);
define(V + 0x85, V + 0x86, binary);
define(V + 0x87, V + 0x8a, unary);
define(V + 0x8b, V + 0x93, binary);
define(V + 0x94, V + 0x94, unary, makesF64x2);
define(V + 0x95, V + 0x99, binary);
define(V + 0x9b, V + 0x9f, binary);
for (const base of [0xa0, 0xc0]) {
  defineEach(V + base, [0, 1, 3, 4, 7, 8, 9, 10], unary); // abs neg all_true bitmask extend
  defineEach(V + base, [11, 12, 13, 14, 17, 21, 22, 23, 24, 25, 26, 28, 29, 30, 31], binary);
}
define(V + 0xdb, V + 0xdb, binary); // i64x2.ge_s
defineEach(V, [0xe0, 0xe1, 0xec, 0xed], unary); // float abs, neg
define(V + 0xe3, V + 0xe3, unary, makesF32x4);
define(V + 0xe4, V + 0xe9, binary, makesF32x4);
define(V + 0xea, V + 0xeb, binary); // pmin, pmax pick one operand's bits
define(V + 0xef, V + 0xef, unary, makesF64x2);
define(V + 0xf0, V + 0xf5, binary, makesF64x2);
define(V + 0xf6, V + 0xf7, binary);
define(V + 0xf8, V + 0xff, unary);

/** The instructions that metering treats apart, by name. */
export const Op = {
  unreachable: 0x00,
  nop: 0x01,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  try: 0x06,
  catch: 0x07,
  throw: 0x08,
  rethrow: 0x09,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  returnCall: 0x12,
  returnCallIndirect: 0x13,
  delegate: 0x18,
  catchAll: 0x19,
  drop: 0x1a,
  select: 0x1b,
  selectTyped: 0x1c,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  memorySize: 0x3f,
  memoryGrow: 0x40,
  i32Const: 0x41,
  i64Const: 0x42,
  f32Const: 0x43,
  f64Const: 0x44,
  refFunc: 0xd2,
  memoryInit: 0x108,
  memoryCopy: 0x10a,
  memoryFill: 0x10b,
  tableInit: 0x10c,
  tableCopy: 0x10e,
  tableGrow: 0x10f,
  tableSize: 0x110,
  tableFill: 0x111,
} as const;

/** Why an opcode is outside the profile, in the words that a refusal uses. */
export function featureOf(op: number): string {
  if (op === 0x0a || op === 0x1f) return 'exception handling with exnref (try_table, throw_ref)';
  if (op === 0x14 || op === 0x15 || (op >= 0xd3 && op <= 0xd6)) return 'typed function references';
  if (op === 0xfb) return 'garbage collection';
  if (op === 0xfe) return 'threads and atomics';
  if (op >= 0x300) return 'relaxed SIMD';
  return `unknown opcode 0x${op.toString(16)}`;
}
