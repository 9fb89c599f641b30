import { FLOW_WEIGHT } from '../profile.ts';
import { valuesMoved } from './arity.ts';
import { isValueType, readBody, readValueType } from './instructions.ts';
import {
  BOUNDS,
  type Body,
  type FunctionImport,
  type FunctionType,
  type Limits,
  type ModuleExport,
  type ModuleShape,
  type Range,
  readFunctionType,
  readLimits,
  skipConstant,
} from './module.ts';
import { Op } from './opcodes.ts';
import { Reader, refuse } from './reader.ts';
import { readElements, skipData } from './segments.ts';

/** Section ids in the order in which a module may have them. */
export const SECTION_ORDER: readonly number[] = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Draft extends Mutable<Omit<ModuleShape, 'memory' | 'start'>> {
  types: FunctionType[];
  imports: FunctionImport[];
  functions: number[];
  tables: { type: number; limits: Limits }[];
  exports: ModuleExport[];
  tags: number[];
  bodies: Body[];
  referenced: Set<number>;
  sections: Map<number, Range>;
  customNames: string[];
  memory?: Limits;
  start?: number;
}

function readImports(reader: Reader, draft: Draft): void {
  for (let left = reader.count('imports', BOUNDS.imports); left > 0; left--) {
    const module = reader.name();
    const name = reader.name();
    const kind = reader.byte();
    const label = `${JSON.stringify(module).slice(1, -1)}.${JSON.stringify(name).slice(1, -1)}`;
    if (kind > 4) refuse('malformed', `import kind ${kind}`);
    if (kind !== 0) {
      const what = ['function', 'table', 'memory', 'global', 'tag'][kind];
      refuse('import-not-allowed', `${label} is a ${what}; only functions may be imported`);
    }
    const type = reader.u32();
    if (type >= draft.types.length) refuse('malformed', `import of type ${type}`);
    draft.imports.push({ module, name, type });
  }
}

function readTables(reader: Reader, draft: Draft): void {
  for (let left = reader.count('tables', BOUNDS.tables); left > 0; left--) {
    if (reader.bytes[reader.offset] === 0x40) refuse('unsupported', 'table initializers');
    const type = readValueType(reader);
    if (type !== 0x70 && type !== 0x6f) refuse('malformed', 'table of a type that is no reference');
    draft.tables.push({ type, limits: readLimits(reader, 'table') });
  }
}

function readMemories(reader: Reader, draft: Draft): void {
  const count = reader.count('memories', 1_024);
  if (count > 1) refuse('unsupported', 'multiple memories');
  if (count === 1) {
    draft.memory = readLimits(reader, 'memory');
    if (draft.memory.min > 65_536) refuse('malformed', `memory of ${draft.memory.min} pages`);
    if ((draft.memory.max ?? 0) > 65_536) refuse('malformed', `memory of ${draft.memory.max} pages`);
  }
}

function readExports(reader: Reader, draft: Draft): void {
  for (let left = reader.count('exports', BOUNDS.exports); left > 0; left--) {
    const name = reader.name();
    const kind = reader.byte();
    if (kind > 4) refuse('malformed', `export kind ${kind}`);
    draft.exports.push({ name, kind, index: reader.u32() });
  }
}

function readBodies(reader: Reader, draft: Draft): void {
  const count = reader.count('bodies', BOUNDS.functions);
  if (count !== draft.functions.length) {
    refuse('malformed', `${draft.functions.length} functions and ${count} bodies`);
  }
  let inAll = 0;
  for (const type of draft.functions) {
    const size = reader.u32();
    if (size > BOUNDS.bodyBytes) refuse('too-large', `function body of ${size} bytes`);
    const from = reader.offset;
    reader.skip(size);
    const inner = new Reader(reader.bytes, from, reader.offset);
    const locals: { count: number; type: number }[] = [];
    let localCount = 0;
    for (let runs = inner.count('runs of locals', BOUNDS.locals); runs > 0; runs--) {
      const length = inner.u32();
      localCount += length;
      if (localCount > BOUNDS.locals) refuse('too-large', `${localCount} locals, at most ${BOUNDS.locals}`);
      locals.push({ count: length, type: readValueType(inner) });
    }
    inAll += localCount + (draft.types[type]?.params.length ?? 0);
    if (inAll > BOUNDS.localsInAll) refuse('too-large', `${inAll} locals in all`);
    draft.bodies.push({ locals, localCount, from, code: inner.offset, to: reader.offset });
  }
}

function readSection(id: number, reader: Reader, draft: Draft): void {
  const refer = (index: number) => draft.referenced.add(index);
  switch (id) {
    case 1:
      for (let left = reader.count('types', BOUNDS.types); left > 0; left--) {
        draft.types.push(readFunctionType(reader));
      }
      break;
    case 2:
      readImports(reader, draft);
      break;
    case 3:
      for (let left = reader.count('functions', BOUNDS.functions); left > 0; left--) {
        const type = reader.u32();
        if (type >= draft.types.length) refuse('malformed', `function of type ${type}`);
        draft.functions.push(type);
      }
      break;
    case 4:
      readTables(reader, draft);
      break;
    case 5:
      readMemories(reader, draft);
      break;
    case 13:
      for (let left = reader.count('tags', BOUNDS.tags); left > 0; left--) {
        if (reader.byte() !== 0) refuse('malformed', 'tag');
        const type = reader.u32();
        const parameters = draft.types[type]?.params.length;
        if (parameters === undefined) refuse('malformed', `tag of type ${type}`);
        if (parameters > BOUNDS.tagParameters) refuse('too-large', `exceptions of ${parameters} values`);
        draft.tags.push(type);
      }
      break;
    case 6:
      draft.globalCount = reader.count('globals', BOUNDS.globals);
      for (let left = draft.globalCount; left > 0; left--) {
        if (!isValueType(readValueType(reader)) || reader.byte() > 1) refuse('malformed', 'global');
        skipConstant(reader, refer);
      }
      break;
    case 7:
      readExports(reader, draft);
      break;
    case 8:
      draft.start = reader.u32();
      break;
    case 9:
      readElements(reader, refer);
      break;
    case 10:
      readBodies(reader, draft);
      break;
    case 11:
      skipData(reader);
      break;
    case 12:
      reader.u32();
      break;
  }
}

/**
 * Reads a module's declarations and walks every body once, so that what is outside the profile is refused by name
 * before an engine sees it. Type rules are left to the engine's validation. Throws `Refusal` alone.
 */
export function parseModule(bytes: Uint8Array): ModuleShape {
  const reader = new Reader(bytes);
  const magic = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
  if (magic.some((byte, at) => bytes[at] !== byte)) {
    const isComponent = bytes[4] === 0x0d && magic.slice(0, 4).every((byte, at) => bytes[at] === byte);
    if (isComponent) refuse('unsupported', 'a component, not a core module');
    refuse('malformed', 'no WebAssembly header of version 1');
  }
  reader.skip(8);
  const draft: Draft = {
    bytes,
    types: [],
    imports: [],
    functions: [],
    tables: [],
    globalCount: 0,
    tags: [],
    exports: [],
    referenced: new Set(),
    bodies: [],
    sections: new Map(),
    customNames: [],
  };
  let order = -1;
  while (!reader.isDone) {
    const id = reader.byte();
    const size = reader.u32();
    const from = reader.offset;
    reader.skip(size);
    const inner = new Reader(bytes, from, reader.offset);
    if (id === 0) {
      draft.customNames.push(inner.name());
      continue;
    }
    const rank = SECTION_ORDER.indexOf(id);
    if (rank < 0) refuse('malformed', `section ${id}`);
    if (rank <= order) refuse('malformed', `section ${id} out of order`);
    order = rank;
    draft.sections.set(id, { from, to: reader.offset });
    readSection(id, inner, draft);
    if (!inner.isDone) refuse('malformed', `bytes left in section ${id}`);
  }
  if (draft.bodies.length !== draft.functions.length) refuse('malformed', 'functions without bodies');
  let moved = 0;
  for (const [own, body] of draft.bodies.entries()) {
    const code = readBody(bytes, body.code, body.to);
    moved += valuesMoved(draft, code, draft.types[draft.functions[own] as number] as FunctionType);
    if (moved > FLOW_WEIGHT.inModule) refuse('too-large', `calls and blocks that move ${moved} values`);
    for (let at = code.ops.indexOf(Op.refFunc); at >= 0; at = code.ops.indexOf(Op.refFunc, at + 1)) {
      draft.referenced.add(code.first[at] as number);
    }
  }
  return draft;
}
