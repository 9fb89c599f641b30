import { featureOf, Immediate, immediateOf, Op } from './opcodes.ts';
import { Reader, refuse } from './reader.ts';

/** A block type: no result, one result of a type, or an index into the type section. */
export const EMPTY_BLOCK = -1;
const MAX_NESTING = 4_096;
const MAX_TARGETS = 65_520;

/** The instructions of one body as parallel arrays; instruction `i` is `bytes[start[i], start[i + 1])`. */
export interface Instructions {
  readonly ops: Uint16Array;
  readonly start: Uint32Array;
  /** First immediate: an index, a label, or a block type (`EMPTY_BLOCK`, minus a value type, or a type index). */
  readonly first: Int32Array;
  /** Labels of each br_table by its instruction, default last. */
  readonly branches: ReadonlyMap<number, readonly number[]>;
}

/** Value types of the profile by their byte. */
export function isValueType(byte: number): boolean {
  return (byte >= 0x7b && byte <= 0x7f) || byte === 0x70 || byte === 0x6f;
}

/** Reads a value type; a type outside the profile is refused by name. */
export function readValueType(reader: Reader): number {
  const byte = reader.byte();
  if (isValueType(byte)) return byte;
  if (byte === 0x69 || byte === 0x74) refuse('unsupported', 'exception references');
  if (byte >= 0x63 && byte <= 0x73) refuse('unsupported', 'typed references and garbage collection');
  return refuse('malformed', `value type 0x${byte.toString(16)} at byte ${reader.offset - 1}`);
}

function readBlockType(reader: Reader): number {
  const byte = reader.bytes[reader.offset] ?? 0;
  if (byte === 0x40) {
    reader.skip(1);
    return EMPTY_BLOCK;
  }
  if (byte >= 0x40 && byte < 0x80) return -readValueType(reader);
  const index = reader.u32();
  return index;
}

function readMemory(reader: Reader): void {
  const align = reader.u32();
  if (align >= 0x40 && align < 0x80) refuse('unsupported', 'multiple memories');
  if (align > 0x40) refuse('malformed', `alignment at byte ${reader.offset - 1}`);
  reader.u32();
}

function readMemoryIndex(reader: Reader): void {
  if (reader.u32() !== 0) refuse('unsupported', 'multiple memories');
}

/** Reads one opcode with its prefix; `0x300` and above is relaxed SIMD. */
function readOpcode(reader: Reader): number {
  const byte = reader.byte();
  if (byte !== 0xfc && byte !== 0xfd) return byte;
  const sub = reader.u32();
  if (byte === 0xfc) return sub < 0x100 ? 0x100 + sub : 0x1ff;
  return sub < 0x100 ? 0x200 + sub : 0x300;
}

const NO_BRANCHES: ReadonlyMap<number, readonly number[]> = new Map();

/** Room for the instructions of small bodies, which are many; what is found is copied out. */
const SMALL_BODY = 4_096;
const scratch = {
  ops: new Uint16Array(SMALL_BODY),
  start: new Uint32Array(SMALL_BODY + 1),
  immediates: new Int32Array(SMALL_BODY),
};

/** Decodes the expression at the reader up to its end. Its arrays are as long as its bytes at most. */
function readInstructions(reader: Reader): Instructions {
  const most = reader.end - reader.offset;
  const isSmall = most <= SMALL_BODY;
  const ops = isSmall ? scratch.ops : new Uint16Array(most);
  const start = isSmall ? scratch.start : new Uint32Array(most + 1);
  const immediates = isSmall ? scratch.immediates : new Int32Array(most);
  let branches: Map<number, readonly number[]> | undefined;
  let count = 0;
  let depth = 1;
  while (depth > 0) {
    const at = reader.offset;
    const op = readOpcode(reader);
    const kind = op < 0x300 ? (immediateOf[op] as number) : Immediate.refused;
    let first = 0;
    switch (kind) {
      case Immediate.refused:
        return refuse(
          /^unknown/.test(featureOf(op)) ? 'malformed' : 'unsupported',
          `${featureOf(op)} at byte ${at}`,
        );
      case Immediate.none:
        break;
      case Immediate.block:
        first = readBlockType(reader);
        break;
      case Immediate.index:
        first = reader.u32();
        break;
      case Immediate.branchTable: {
        const targets = reader.count('branch targets', MAX_TARGETS);
        const labels: number[] = [];
        for (let each = 0; each <= targets; each++) labels.push(reader.u32());
        branches ??= new Map();
        branches.set(count, labels);
        break;
      }
      case Immediate.indirect:
        first = reader.u32();
        reader.u32();
        break;
      case Immediate.memory:
        readMemory(reader);
        break;
      case Immediate.memoryIndex:
        readMemoryIndex(reader);
        break;
      case Immediate.i32:
        reader.skipSigned(32);
        break;
      case Immediate.i64:
        reader.skipSigned(64);
        break;
      case Immediate.f32:
        reader.skip(4);
        break;
      case Immediate.f64:
        reader.skip(8);
        break;
      case Immediate.referenceType: {
        const type = readValueType(reader);
        if (type !== 0x70 && type !== 0x6f) refuse('malformed', `reference type at byte ${at + 1}`);
        break;
      }
      case Immediate.selectTypes: {
        const types = reader.count('types of select', 1_000);
        for (let each = 0; each < types; each++) first = readValueType(reader);
        break;
      }
      case Immediate.twoIndexes:
        first = reader.u32();
        reader.u32();
        break;
      case Immediate.v128:
      case Immediate.shuffle:
        reader.skip(16);
        break;
      case Immediate.lane:
        reader.skip(1);
        break;
      case Immediate.memoryLane:
        readMemory(reader);
        reader.skip(1);
        break;
      case Immediate.dataMemory:
        first = reader.u32();
        readMemoryIndex(reader);
        break;
      case Immediate.memoryMemory:
        readMemoryIndex(reader);
        readMemoryIndex(reader);
        break;
    }
    if (op === Op.block || op === Op.loop || op === Op.if || op === Op.try) depth++;
    else if (op === Op.end || op === Op.delegate) depth--;
    if (depth > MAX_NESTING) refuse('too-large', `blocks nested deeper than ${MAX_NESTING}`);
    ops[count] = op;
    start[count] = at;
    immediates[count] = first;
    count++;
  }
  start[count] = reader.offset;
  return {
    ops: ops.slice(0, count),
    start: start.slice(0, count + 1),
    first: immediates.slice(0, count),
    branches: branches ?? NO_BRANCHES,
  };
}

/** Decodes `bytes[from, to)`, which must hold exactly one expression. */
export function readBody(bytes: Uint8Array, from: number, to: number): Instructions {
  const reader = new Reader(bytes, from, to);
  const code = readInstructions(reader);
  if (!reader.isDone) refuse('malformed', `bytes after the end of a body at byte ${reader.offset}`);
  return code;
}
