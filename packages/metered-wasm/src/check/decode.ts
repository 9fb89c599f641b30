import { type Cursor, object } from './cursor.ts';

/** One instruction as the check sees it: opcode (prefix << 8 | number), its first immediate, and its offset. */
export interface Step {
  readonly op: number;
  readonly a: number;
  readonly at: number;
  readonly labels?: readonly number[];
}

const MAX_LABELS = 65_520;

/** SIMD numbers that the core specification leaves unassigned. */
const SIMD_HOLES = new Set([
  0x9a, 0xa2, 0xa5, 0xa6, 0xaf, 0xb0, 0xb2, 0xb3, 0xb4, 0xbb, 0xc2, 0xc5, 0xc6, 0xcf, 0xd0, 0xd2, 0xd3, 0xd4,
  0xe2, 0xee,
]);

/** The index of a type, or a value type or nothing as the negative number of their one byte. */
function blockType(cursor: Cursor): number {
  const from = cursor.at;
  const type = Number(cursor.signed(33));
  if (type >= 0 || (type === -64 && cursor.at === from + 1)) return type;
  cursor.at = from;
  return cursor.valueType() - 0x80;
}

function memoryArgument(cursor: Cursor): void {
  if (cursor.u32() >= 0x40) object('unsupported', 'multiple memories');
  cursor.u32();
}

function onlyMemory(cursor: Cursor): void {
  if (cursor.u8() !== 0) object('unsupported', 'multiple memories');
}

function simd(cursor: Cursor, at: number): Step {
  const number = cursor.u32();
  if (number > 0xff || SIMD_HOLES.has(number)) object('unsupported', `SIMD instruction ${number}`);
  if (number <= 0x0b || number === 0x5c || number === 0x5d) memoryArgument(cursor);
  else if (number === 0x0c || number === 0x0d) cursor.pass(16);
  else if (number >= 0x15 && number <= 0x22) cursor.pass(1);
  else if (number >= 0x54 && number <= 0x5b) {
    memoryArgument(cursor);
    cursor.pass(1);
  }
  return { op: 0xfd00 | number, a: 0, at };
}

function miscellaneous(cursor: Cursor, at: number): Step {
  const number = cursor.u32();
  let a = 0;
  if (number > 17) object('unsupported', `instruction 0xfc ${number}`);
  if (number === 8) {
    a = cursor.u32();
    onlyMemory(cursor);
  } else if (number === 10) {
    onlyMemory(cursor);
    onlyMemory(cursor);
  } else if (number === 11) {
    onlyMemory(cursor);
  } else if (number === 12 || number === 14) {
    a = cursor.u32();
    cursor.u32();
  } else if (number > 8) {
    a = cursor.u32();
  }
  return { op: 0xfc00 | number, a, at };
}

/** Reads one instruction. */
export function step(cursor: Cursor): Step {
  const at = cursor.at;
  const op = cursor.u8();
  const plain = { op, a: 0, at };
  if (op === 0xfc) return miscellaneous(cursor, at);
  if (op === 0xfd) return simd(cursor, at);
  if (op === 0x0e) {
    const labels: number[] = [];
    cursor.vector(MAX_LABELS, () => labels.push(cursor.u32()));
    labels.push(cursor.u32());
    return { ...plain, labels };
  }
  if ((op >= 0x02 && op <= 0x04) || op === 0x06) return { ...plain, a: blockType(cursor) };
  if (op === 0x11 || op === 0x13) {
    const a = cursor.u32();
    cursor.u32();
    return { ...plain, a };
  }
  if ((op >= 0x28 && op <= 0x3e) || op === 0x3f || op === 0x40) {
    if (op >= 0x3f) onlyMemory(cursor);
    else memoryArgument(cursor);
    return plain;
  }
  if (op === 0x41) return { ...plain, a: Number(cursor.signed(32)) };
  if (op === 0x42) return { ...plain, a: Number(cursor.signed(64)) };
  if (op === 0x43 || op === 0x44) {
    cursor.pass(op === 0x43 ? 4 : 8);
    return plain;
  }
  if (op === 0x1c) {
    cursor.vector(1, () => cursor.valueType());
    return plain;
  }
  if (op === 0xd0) return { ...plain, a: cursor.referenceType() };
  const hasIndex =
    (op >= 0x07 && op <= 0x09) ||
    op === 0x0c ||
    op === 0x0d ||
    op === 0x10 ||
    op === 0x12 ||
    op === 0x18 ||
    (op >= 0x20 && op <= 0x26) ||
    op === 0xd2;
  if (hasIndex) return { ...plain, a: cursor.u32() };
  const isBare =
    op <= 0x01 ||
    op === 0x05 ||
    op === 0x0b ||
    op === 0x0f ||
    (op >= 0x19 && op <= 0x1b) ||
    (op >= 0x45 && op <= 0xc4) ||
    op === 0xd1;
  if (!isBare) object('unsupported', `opcode 0x${op.toString(16)} at byte ${at}`);
  return plain;
}

/** Largest body that an engine takes; what is read of one is held in arrays of its length. */
const MAX_BODY_BYTES = 7_654_321;

const SMALL_BODY = 4_096;
/** Room for the instructions of small bodies, which are many. */
const scratch = {
  ops: new Uint16Array(SMALL_BODY),
  first: new Float64Array(SMALL_BODY),
  offsets: new Uint32Array(SMALL_BODY),
};

/** The instructions of one body, until those of the next are read. */
export class Steps {
  readonly length: number;
  readonly #ops: Uint16Array;
  readonly #first: Float64Array;
  readonly #offsets: Uint32Array;
  readonly #labels = new Map<number, readonly number[]>();

  constructor(cursor: Cursor) {
    const most = cursor.stop - cursor.at;
    if (most > MAX_BODY_BYTES) object('malformed', `body of ${most} bytes`);
    const isSmall = most <= SMALL_BODY;
    this.#ops = isSmall ? scratch.ops : new Uint16Array(most);
    this.#first = isSmall ? scratch.first : new Float64Array(most);
    this.#offsets = isSmall ? scratch.offsets : new Uint32Array(most);
    let count = 0;
    for (; cursor.at < cursor.stop; count++) {
      const { op, a, at, labels } = step(cursor);
      this.#ops[count] = op;
      this.#first[count] = a;
      this.#offsets[count] = at;
      if (labels !== undefined) this.#labels.set(count, labels);
    }
    this.length = count;
  }

  /** Opcode at a position, -1 past the end. */
  op(at: number): number {
    return at >= 0 && at < this.length ? (this.#ops[at] as number) : -1;
  }

  /** First immediate at a position. */
  first(at: number): number {
    return this.#first[at] as number;
  }

  /** Byte offset of a position in the module, -1 past the end. */
  offset(at: number): number {
    return at >= 0 && at < this.length ? (this.#offsets[at] as number) : -1;
  }

  /** Labels of a br_table. */
  labels(at: number): readonly number[] {
    return this.#labels.get(at) ?? [];
  }
}
