import { readValueType } from './instructions.ts';
import { type Reader, refuse } from './reader.ts';

/** A function type; value types are the bytes of the binary format. */
export interface FunctionType {
  readonly params: readonly number[];
  readonly results: readonly number[];
}

/** Bounds of a table or memory; `max` is absent where the module gives none. */
export interface Limits {
  readonly min: number;
  readonly max?: number;
}

/** A function that the module asks of the host. */
export interface FunctionImport {
  readonly module: string;
  readonly name: string;
  readonly type: number;
}

/** An export: kind 0 function, 1 table, 2 memory, 3 global, 4 tag. */
export interface ModuleExport {
  readonly name: string;
  readonly kind: number;
  readonly index: number;
}

/** One function body: its locals as runs of a type, and where its instructions lie. */
export interface Body {
  readonly locals: readonly { readonly count: number; readonly type: number }[];
  readonly localCount: number;
  /** Offset of the body behind its length, of its first instruction, and of its end. */
  readonly from: number;
  readonly code: number;
  readonly to: number;
}

/** A run of bytes that is copied as it stands. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** What a module declares. Instructions stay undecoded; everything else was read and bounded. */
export interface ModuleShape {
  readonly bytes: Uint8Array;
  readonly types: readonly FunctionType[];
  readonly imports: readonly FunctionImport[];
  /** Type of each function that the module defines. */
  readonly functions: readonly number[];
  readonly tables: readonly { readonly type: number; readonly limits: Limits }[];
  readonly memory?: Limits;
  readonly globalCount: number;
  /** Type of each exception tag. */
  readonly tags: readonly number[];
  readonly exports: readonly ModuleExport[];
  readonly start?: number;
  /** Functions that an element segment, a global or an instruction may put into a table. */
  readonly referenced: ReadonlySet<number>;
  readonly bodies: readonly Body[];
  /** Bytes of each section's content by id. */
  readonly sections: ReadonlyMap<number, Range>;
  readonly customNames: readonly string[];
}

/** Bounds of what one module may declare. */
export const BOUNDS = {
  types: 65_536,
  parameters: 1_000,
  imports: 1_024,
  functions: 100_000,
  tables: 128,
  globals: 65_536,
  exports: 65_536,
  tags: 1_024,
  /** Values of one exception; engines write code for each at each catch. */
  tagParameters: 16,
  segments: 100_000,
  segmentItems: 10_000_000,
  locals: 49_000,
  /** Locals and parameters of all functions together. */
  localsInAll: 4_000_000,
  bodyBytes: 2 ** 20,
} as const;

/** Reads a function type; forms of the garbage collection proposal are refused by name. */
export function readFunctionType(reader: Reader): FunctionType {
  const form = reader.byte();
  if (form === 0x4e || form === 0x4f || form === 0x50 || form === 0x5e || form === 0x5f) {
    refuse('unsupported', 'garbage collection');
  }
  if (form !== 0x60) refuse('malformed', `type form 0x${form.toString(16)} at byte ${reader.offset - 1}`);
  const params: number[] = [];
  const results: number[] = [];
  for (let left = reader.count('parameters', BOUNDS.parameters); left > 0; left--) {
    params.push(readValueType(reader));
  }
  for (let left = reader.count('results', BOUNDS.parameters); left > 0; left--) {
    results.push(readValueType(reader));
  }
  return { params, results };
}

/** Reads limits; shared and 64-bit ones are refused by name. */
export function readLimits(reader: Reader, what: 'memory' | 'table'): Limits {
  const flags = reader.byte();
  if (flags >= 4 && flags <= 7) refuse('unsupported', `64-bit ${what}`);
  if (flags === 2 || flags === 3) refuse('unsupported', 'threads and shared memory');
  if (flags > 7) refuse('malformed', `limits flag ${flags} at byte ${reader.offset - 1}`);
  const min = reader.u32();
  if (flags === 0) return { min };
  const max = reader.u32();
  if (max < min) refuse('malformed', `${what} maximum ${max} below its minimum ${min}`);
  return { min, max };
}

/** Passes over a constant expression and tells of every function that it refers to. */
export function skipConstant(reader: Reader, refer: (index: number) => void): void {
  for (;;) {
    const op = reader.byte();
    switch (op) {
      case 0x0b:
        return;
      case 0x23:
        reader.u32();
        break;
      case 0x41:
        reader.skipSigned(32);
        break;
      case 0x42:
        reader.skipSigned(64);
        break;
      case 0x43:
        reader.skip(4);
        break;
      case 0x44:
        reader.skip(8);
        break;
      case 0x6a:
      case 0x6b:
      case 0x6c:
      case 0x7c:
      case 0x7d:
      case 0x7e:
        break;
      case 0xd0:
        readValueType(reader);
        break;
      case 0xd2:
        refer(reader.u32());
        break;
      case 0xfd:
        if (reader.u32() !== 0x0c) refuse('malformed', `constant expression at byte ${reader.offset}`);
        reader.skip(16);
        break;
      case 0xfb:
        refuse('unsupported', 'garbage collection');
        break;
      default:
        refuse('malformed', `opcode 0x${op.toString(16)} in a constant expression`);
    }
  }
}

/** The same text for types that are structurally equal, as indirect calls compare them. */
export function typeKey(type: FunctionType): string {
  return `${type.params.join(',')}>${type.results.join(',')}`;
}
