import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync, inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../src/root.ts';
import { smallerPng } from '../src/smaller-png.ts';

const folder = join(ROOT, 'docs/screenshots');
const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);

/** A PNG of so many rows of three pixels; checksums are left out, as nothing here reads them. */
function png(rows: readonly (readonly number[])[]): Buffer {
  const part = (type: string, data: Buffer) => {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(data.length, 0);
    head.write(type, 4, 'latin1');
    return Buffer.concat([head, data, Buffer.alloc(4)]);
  };
  const header = Buffer.from([0, 0, 0, 3, 0, 0, 0, rows.length, 8, 2, 0, 0, 0]);
  const data = deflateSync(Buffer.from(rows.flat()), { level: 0 });
  return Buffer.concat([signature, part('IHDR', header), part('IDAT', data), part('IEND', Buffer.alloc(0))]);
}

/** The rows inside what `smallerPng` wrote. */
function rowsOf(bytes: Buffer): number[] {
  const at = bytes.indexOf('IDAT');
  return [...inflateSync(bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at - 4)))];
}

describe('a smaller picture', () => {
  it('has the same pixels, whichever filter each row had', () => {
    const filtered = [
      [0, 10, 20, 30, 40, 50, 60, 70, 80, 90],
      [1, 1, 2, 3, 1, 1, 1, 1, 1, 1],
      [2, 1, 1, 1, 1, 1, 1, 1, 1, 1],
      [3, 1, 1, 1, 1, 1, 1, 1, 1, 1],
      [4, 1, 1, 1, 1, 1, 1, 1, 1, 1],
    ];
    const rows = [
      [0, 10, 20, 30, 40, 50, 60, 70, 80, 90],
      [0, 1, 2, 3, 2, 3, 4, 3, 4, 5],
      [0, 2, 3, 4, 3, 4, 5, 4, 5, 6],
      [0, 2, 2, 3, 3, 4, 5, 4, 5, 6],
      [0, 3, 3, 4, 4, 5, 6, 5, 6, 7],
    ];
    expect(rowsOf(smallerPng(png(filtered)))).toEqual(rows.flat());
  });

  it('is refused where it is none', () => {
    expect(() => smallerPng(Buffer.from('no picture'))).toThrow('only PNG');
  });
});

it('the pictures of the pages are twenty at most, and none is larger than 150 kB', () => {
  const names = readdirSync(folder);
  expect(names.length).toBeLessThanOrEqual(20);
  const large = names.filter((name) => readFileSync(join(folder, name)).length > 150_000);
  expect(large).toEqual([]);
});
