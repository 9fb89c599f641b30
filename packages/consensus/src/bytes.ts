import { fromHex } from '@hypermesh/core';

/** Bytes given as such or as hex, of the wanted length where one is named; undefined for anything else. */
export function bytesOf(value: unknown, length?: number): Uint8Array | undefined {
  let bytes: Uint8Array | undefined;
  if (value instanceof Uint8Array) bytes = value;
  else if (typeof value === 'string') {
    const parsed = fromHex(value);
    if (parsed.ok) bytes = parsed.bytes;
  }
  return bytes !== undefined && (length === undefined || bytes.length === length) ? bytes : undefined;
}
