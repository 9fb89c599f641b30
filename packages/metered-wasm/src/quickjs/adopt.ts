import { Reader } from '../binary/reader.ts';
import { Writer } from '../binary/writer.ts';

const MEMORY = 2;

/** The import section without its memory; functions stay as they are and in order. */
function withoutMemory(section: Reader): Writer {
  const kept = new Writer();
  let functions = 0;
  for (let left = section.count('imports', 1_024); left > 0; left--) {
    const from = section.offset;
    section.name();
    section.name();
    const kind = section.byte();
    if (kind === MEMORY) {
      const flags = section.byte();
      section.u32();
      if ((flags & 1) === 1) section.u32();
      continue;
    }
    if (kind !== 0) throw new Error(`the engine imports something of kind ${kind}`);
    section.u32();
    kept.range(section.bytes, from, section.offset);
    functions++;
  }
  return new Writer().u32(functions).bytes(kept.view());
}

/**
 * Gives a module that imports its memory one of its own, exported as `memory`, so that it can be metered. Nothing else
 * changes: no function, index or instruction moves.
 */
export function adoptMemory(
  bytes: Uint8Array,
  pages: { readonly min: number; readonly max: number },
): Uint8Array {
  const out = new Writer(bytes.length + 64).bytes(bytes.subarray(0, 8));
  const reader = new Reader(bytes, 8);
  let hasMemory = false;
  while (!reader.isDone) {
    const id = reader.byte();
    const size = reader.u32();
    const section = new Reader(bytes, reader.offset, reader.offset + size);
    reader.skip(size);
    if (!hasMemory && (id === 13 || id >= 6)) {
      out.byte(5).sized(new Writer().u32(1).byte(1).u32(pages.min).u32(pages.max));
      hasMemory = true;
    }
    if (id === 2) {
      out.byte(2).sized(withoutMemory(section));
    } else if (id === 7) {
      const count = section.u32();
      const entries = new Writer().u32(count + 1).range(bytes, section.offset, section.end);
      out.byte(7).sized(entries.name('memory').byte(MEMORY).u32(0));
    } else {
      out.byte(id).u32(size).range(bytes, section.offset, section.end);
    }
  }
  return out.finish();
}
