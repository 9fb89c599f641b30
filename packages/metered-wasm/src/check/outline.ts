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
  cursor.vector(() => {
    const flag = cursor.u32();
    if (flag > 7) object('malformed', `element segment ${flag}`);
    if (flag % 2 === 0) {
      if ((flag & 2) !== 0) cursor.u32();
      constant(cursor, named);
    }
    if ((flag & 3) !== 0) cursor.u8();
    cursor.vector(() => {
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
      cursor.vector(() => {
        if (cursor.u8() !== 0x60) object('unsupported', 'a type that is no function type');
        const params: number[] = [];
        const results: number[] = [];
        cursor.vector(() => params.push(cursor.u8()));
        cursor.vector(() => results.push(cursor.u8()));
        outline.types.push({ params, results });
      });
      break;
    case 2:
      cursor.vector(() => {
        const label = `${cursor.text()}.${cursor.text()}`;
        if (cursor.u8() !== 0) object('import-not-allowed', `${label} is no function`);
        outline.imports.push({ label, type: cursor.u32() });
      });
      break;
    case 3:
      cursor.vector(() => outline.functions.push(cursor.u32()));
      break;
    case 4:
      cursor.vector(() => {
        cursor.u8();
        outline.tableMaxima.push(bounds(cursor, 'table'));
      });
      break;
    case 5:
      cursor.vector((index) => {
        if (index > 0) object('unsupported', 'multiple memories');
        outline.memoryMaximum = bounds(cursor, 'memory');
      });
      break;
    case 6:
      cursor.vector(() => {
        const from = cursor.at;
        cursor.pass(2);
        constant(cursor, outline.named);
        outline.globals.push(hex(cursor.bytes.subarray(from, cursor.at)));
      });
      break;
    case 7:
      cursor.vector(() => {
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
      cursor.vector(() => {
        const size = cursor.u32();
        const from = cursor.at;
        cursor.pass(size);
        outline.bodies.push({ from, to: cursor.at });
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
