import { readValueType } from './instructions.ts';
import { BOUNDS, skipConstant } from './module.ts';
import { type Reader, refuse } from './reader.ts';

/** Reads the content of an element section and tells of every function that it names. */
export function readElements(reader: Reader, refer: (index: number) => void): void {
  let items = 0;
  for (let left = reader.count('element segments', BOUNDS.segments); left > 0; left--) {
    const flags = reader.u32();
    if (flags > 7) refuse('malformed', `element segment flag ${flags}`);
    const isActive = (flags & 1) === 0;
    const hasIndex = (flags & 2) !== 0;
    const isExpressions = (flags & 4) !== 0;
    if (isActive) {
      if (hasIndex) reader.u32();
      skipConstant(reader, refer);
    }
    if (flags !== 0 && flags !== 4) {
      if (isExpressions) readValueType(reader);
      else if (reader.byte() !== 0) refuse('malformed', 'element kind');
    }
    const count = reader.count('elements', BOUNDS.segmentItems);
    items += count;
    if (items > BOUNDS.segmentItems) refuse('too-large', `${items} elements`);
    for (let each = 0; each < count; each++) {
      if (isExpressions) skipConstant(reader, refer);
      else refer(reader.u32());
    }
  }
}

/** Passes over the content of a data section. */
export function skipData(reader: Reader): void {
  for (let left = reader.count('data segments', BOUNDS.segments); left > 0; left--) {
    const flags = reader.u32();
    if (flags > 2) refuse('malformed', `data segment flag ${flags}`);
    if (flags === 2 && reader.u32() !== 0) refuse('unsupported', 'multiple memories');
    if (flags !== 1) skipConstant(reader, () => undefined);
    reader.skip(reader.u32());
  }
}
