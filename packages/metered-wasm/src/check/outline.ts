import { Cursor, object } from './cursor.ts';
import { step } from './decode.ts';

/** A function type as the check reads it. */
export interface Signature {
  readonly params: readonly number[];
  readonly results: readonly number[];
}

/** What the check keeps of a module's declarations. */
export interface Outline {
  readonly bytes: Uint8Array;
  readonly types: Signature[];
  readonly imports: { readonly label: string; readonly type: number }[];
  readonly functions: number[];
  /** Signature of each exception tag. */
  readonly tags: Signature[];
  /** Infinite where the module gives none. */
  readonly tableMaxima: number[];
  memoryMaximum?: number;
  /** Type, mutability and initial bytes of each global, as hexadecimal text. */
  readonly globals: string[];
  readonly exports: { readonly name: string; readonly kind: number; readonly index: number }[];
  readonly bodies: { readonly from: number; readonly to: number }[];
  /** Functions that may be called through a table. */
  readonly named: Set<number>;
  profile?: string;
  startFunction?: number;
}

/** Counts beyond what the rewriter takes and adds; an engine makes an object of each. */
const MOST = 300_000;
const FUNCTIONS = 100_200;
const TABLES = 128;
const TAG_PARAMETERS = 16;
const SEGMENTS = 100_000;
const ELEMENTS = 10_000_000;

function constant(cursor: Cursor, named: Set<number>): void {
  for (;;) {
    const { op, a } = step(cursor);
    if (op === 0x0b) return;
    if (op === 0xd2) named.add(a);
  }
}

function bounds(cursor: Cursor, what: string): number {
  const flag = cursor.u8();
  if (flag > 1) object('unsupported', `limits flag ${flag} of a ${what}`);
  cursor.u32();
  return flag === 0 ? Number.POSITIVE_INFINITY : cursor.u32();
}

function elements(cursor: Cursor, named: Set<number>): void {
  cursor.vector(SEGMENTS, () => {
    const flag = cursor.u32();
    if (flag > 7) object('malformed', `element segment ${flag}`);
    if (flag % 2 === 0) {
      if ((flag & 2) !== 0) cursor.u32();
      constant(cursor, named);
    }
    if ((flag & 3) !== 0) {
      if (flag >= 4) cursor.referenceType();
      else if (cursor.u8() !== 0) object('malformed', 'element kind');
    }
    cursor.vector(ELEMENTS, () => {
      if (flag >= 4) constant(cursor, named);
      else named.add(cursor.u32());
    });
  });
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function section(id: number, cursor: Cursor, outline: Outline): void {
  switch (id) {
    case 1:
      cursor.vector(MOST, () => {
        if (cursor.u8() !== 0x60) object('unsupported', 'a type that is no function type');
        const params: number[] = [];
        const results: number[] = [];
        cursor.vector(1_000, () => params.push(cursor.valueType()));
        cursor.vector(1_000, () => results.push(cursor.valueType()));
        outline.types.push({ params, results });
      });
      break;
    case 2:
      cursor.vector(MOST, () => {
        const label = `${cursor.text()}.${cursor.text()}`;
        if (cursor.u8() !== 0) object('import-not-allowed', `${label} is no function`);
        outline.imports.push({ label, type: cursor.u32() });
      });
      break;
    case 3:
      cursor.vector(FUNCTIONS, () => outline.functions.push(cursor.u32()));
      break;
    case 4:
      cursor.vector(TABLES, () => {
        cursor.referenceType();
        outline.tableMaxima.push(bounds(cursor, 'table'));
      });
      break;
    case 5:
      cursor.vector(MOST, (index) => {
        if (index > 0) object('unsupported', 'multiple memories');
        outline.memoryMaximum = bounds(cursor, 'memory');
      });
      break;
    case 6:
      cursor.vector(MOST, () => {
        const from = cursor.at;
        cursor.valueType();
        cursor.pass(1);
        constant(cursor, outline.named);
        outline.globals.push(hex(cursor.bytes.subarray(from, Math.min(cursor.at, from + 16))));
      });
      break;
    case 7:
      cursor.vector(MOST, () => {
        outline.exports.push({ name: cursor.text(), kind: cursor.u8(), index: cursor.u32() });
      });
      break;
    case 8:
      outline.startFunction = cursor.u32();
      break;
    case 9:
      elements(cursor, outline.named);
      break;
    case 10:
      cursor.vector(MOST, () => {
        const size = cursor.u32();
        const from = cursor.at;
        cursor.pass(size);
        outline.bodies.push({ from, to: cursor.at });
      });
      break;
    case 13:
      cursor.vector(MOST, () => {
        cursor.u8();
        const tag = outline.types[cursor.u32()];
        if (tag === undefined || tag.params.length > TAG_PARAMETERS) object('malformed', 'tag');
        outline.tags.push(tag as Signature);
      });
      break;
    default:
      cursor.pass(cursor.stop - cursor.at);
  }
}

/** Reads what a metered module declares. */
export function outlineOf(bytes: Uint8Array): Outline {
  const outline: Outline = {
    bytes,
    types: [],
    imports: [],
    functions: [],
    tags: [],
    tableMaxima: [],
    globals: [],
    exports: [],
    bodies: [],
    named: new Set(),
  };
  const cursor = new Cursor(bytes, 0, bytes.length);
  for (const byte of [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]) {
    if (cursor.u8() !== byte) object('malformed', 'no WebAssembly header');
  }
  const seen = new Set<number>();
  while (cursor.at < cursor.stop) {
    const id = cursor.u8();
    const size = cursor.u32();
    const inner = new Cursor(bytes, cursor.at, cursor.at + size);
    cursor.pass(size);
    if (id === 0) {
      if (inner.text() === 'hm:metered') outline.profile = inner.text();
      continue;
    }
    if (seen.has(id)) object('malformed', `section ${id} twice`);
    seen.add(id);
    section(id, inner, outline);
    if (inner.at !== inner.stop) object('malformed', `bytes left in section ${id}`);
  }
  if (outline.functions.length !== outline.bodies.length) object('malformed', 'functions without bodies');
  return outline;
}
