import { crc32, deflateSync, inflateSync } from 'node:zlib';

/** The channels of the colour types that a browser writes: RGB, and RGB with alpha. */
const channels: Readonly<Record<number, number>> = { 2: 3, 6: 4 };

/**
 * The same picture in fewer bytes: browsers write a PNG quickly, not small. Rows unfiltered and deflated at leisure are a
 * sixth smaller for pages, which are mostly flat. Throws where it is no PNG with eight bits a channel.
 */
export function smallerPng(png: Uint8Array): Buffer {
  const bytes = Buffer.from(png);
  const parts = [...partsOf(bytes)];
  const header = parts.find(({ type }) => type === 'IHDR')?.data;
  const perPixel = header === undefined || header[8] !== 8 ? undefined : channels[header[9] ?? 0];
  if (header === undefined || perPixel === undefined || header[12] !== 0)
    throw new TypeError('only PNG with eight bits a channel and no interlace');
  const data = Buffer.concat(parts.filter(({ type }) => type === 'IDAT').map((part) => part.data));
  const rows = unfiltered(inflateSync(data), header.readUInt32BE(0) * perPixel, perPixel);
  const small = Buffer.concat([
    bytes.subarray(0, 8),
    part('IHDR', header),
    part('IDAT', deflateSync(rows, { level: 9, memLevel: 9 })),
    part('IEND', Buffer.alloc(0)),
  ]);
  return small.length < bytes.length ? small : bytes;
}

function* partsOf(png: Buffer): Generator<{ readonly type: string; readonly data: Buffer }> {
  for (let at = 8; at + 12 <= png.length; ) {
    const length = png.readUInt32BE(at);
    yield { type: png.toString('latin1', at + 4, at + 8), data: png.subarray(at + 8, at + 8 + length) };
    at += 12 + length;
  }
}

function part(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const whole = Buffer.alloc(named.length + 8);
  whole.writeUInt32BE(data.length, 0);
  named.copy(whole, 4);
  whole.writeUInt32BE(crc32(named), named.length + 4);
  return whole;
}

/** Rows as they are, each behind the byte that says so (PNG, 9.2). */
function unfiltered(filtered: Buffer, rowBytes: number, perPixel: number): Buffer {
  const rows = Buffer.from(filtered);
  const stride = rowBytes + 1;
  for (let start = 0; start < rows.length; start += stride) {
    const filter = rows[start] ?? 0;
    rows[start] = 0;
    for (let at = 1; at <= rowBytes; at++) {
      const left = at > perPixel ? (rows[start + at - perPixel] ?? 0) : 0;
      const up = start > 0 ? (rows[start + at - stride] ?? 0) : 0;
      const upLeft = at > perPixel && start > 0 ? (rows[start + at - stride - perPixel] ?? 0) : 0;
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, upLeft)][filter] ?? 0;
      rows[start + at] = ((rows[start + at] ?? 0) + guess) & 255;
    }
  }
  return rows;
}

function paeth(left: number, up: number, upLeft: number): number {
  const guess = left + up - upLeft;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - upLeft)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : upLeft;
}
