import type { FunctionType } from '../binary/module.ts';
import { SECTION_ORDER } from '../binary/parse.ts';
import { Reader } from '../binary/reader.ts';
import { Writer } from '../binary/writer.ts';
import { EXPORTS, PROFILE, PROFILE_SECTION } from '../profile.ts';
import { FunctionEmitter, type Plan } from './emit.ts';
import type { Layout } from './layout.ts';
import { routineBody } from './routines.ts';

const I32 = 0x7f;
const ROUTINE_TYPE: FunctionType = { params: [I32], results: [I32] };

/** The entries of a section that is a vector, and how many there are. */
function entriesOf(layout: Layout, id: number): { count: number; entries: Uint8Array } {
  const range = layout.shape.sections.get(id);
  if (range === undefined) return { count: 0, entries: new Uint8Array() };
  const reader = new Reader(layout.shape.bytes, range.from, range.to);
  const count = reader.u32();
  return { count, entries: layout.shape.bytes.subarray(reader.offset, range.to) };
}

/** A vector section with entries appended. */
function extended(layout: Layout, id: number, added: number, write: (out: Writer) => void): Writer {
  const { count, entries } = entriesOf(layout, id);
  const out = new Writer(entries.length + 64).u32(count + added).bytes(entries);
  write(out);
  return out;
}

function writeType(out: Writer, type: FunctionType): void {
  out
    .byte(0x60)
    .u32(type.params.length)
    .raw(...type.params);
  out.u32(type.results.length).raw(...type.results);
}

function writeTables(layout: Layout): Writer {
  const { tables } = layout.shape;
  const out = new Writer().u32(tables.length);
  tables.forEach(({ type, limits }, at) => {
    out
      .raw(type, 0x01)
      .u32(limits.min)
      .u32(layout.tableMax[at] as number);
  });
  return out;
}

function writeMemory(layout: Layout): Writer | undefined {
  const { memory } = layout.shape;
  if (memory === undefined) return undefined;
  return new Writer().raw(0x01, 0x01).u32(memory.min).u32(layout.memoryMax);
}

function writeGlobals(layout: Layout): Writer {
  return extended(layout, 6, 3, (out) => {
    out.raw(0x7e, 0x01, 0x42, 0x00, 0x0b); // fuel: i64, mutable, 0
    out.raw(0x7f, 0x01, 0x41, 0x00, 0x0b); // state: i32, mutable, 0
    out.raw(0x7f, 0x01, 0x41).signed(layout.stackUnits).byte(0x0b); // units of stack that are left
  });
}

function writeExports(layout: Layout): Writer {
  const { start } = layout.shape;
  return extended(layout, 7, start === undefined ? 2 : 3, (out) => {
    out.name(EXPORTS.fuel).byte(0x03).u32(layout.fuel);
    out.name(EXPORTS.state).byte(0x03).u32(layout.state);
    if (start !== undefined) out.name(EXPORTS.start).byte(0x00).u32(start);
  });
}

function writeCode(layout: Layout, plans: readonly Plan[]): Writer {
  const bodies = new Writer(Math.max(1_024, layout.shape.bytes.length * 2));
  for (const plan of plans) bodies.sized(new FunctionEmitter(layout, plan).run());
  const out = new Writer(bodies.length + 256).u32(plans.length + layout.routines.length);
  out.bytes(bodies.view());
  for (const name of layout.routines) out.sized(routineBody(layout, name));
  return out;
}

/**
 * Writes the metered module. The start function becomes an export, so that the host can set the fuel before anything
 * runs; custom sections are left out, but for one that names the profile.
 */
export function assemble(layout: Layout, plans: readonly Plan[]): Uint8Array {
  const { shape } = layout;
  const code = writeCode(layout, plans);
  const routineType = layout.routines.length > 0 ? layout.typeIndex(ROUTINE_TYPE) : 0;
  const contents = new Map<number, Writer | undefined>([
    [
      1,
      extended(layout, 1, layout.addedTypes.length, (out) => {
        for (const type of layout.addedTypes) writeType(out, type);
      }),
    ],
    [
      3,
      extended(layout, 3, layout.routines.length, (out) => {
        for (const _ of layout.routines) out.u32(routineType);
      }),
    ],
    [4, shape.tables.length > 0 ? writeTables(layout) : undefined],
    [5, writeMemory(layout)],
    [6, writeGlobals(layout)],
    [7, writeExports(layout)],
    [8, undefined],
    [10, code],
  ]);
  const out = new Writer(code.length + shape.bytes.length).raw(
    0x00,
    0x61,
    0x73,
    0x6d,
    0x01,
    0x00,
    0x00,
    0x00,
  );
  for (const id of SECTION_ORDER) {
    const range = shape.sections.get(id);
    if (contents.has(id)) {
      const content = contents.get(id);
      if (content !== undefined) out.byte(id).sized(content);
    } else if (range !== undefined) {
      out
        .byte(id)
        .u32(range.to - range.from)
        .range(shape.bytes, range.from, range.to);
    }
  }
  const profile = new Writer().name(PROFILE_SECTION).name(PROFILE);
  return out.byte(0).sized(profile).finish();
}
