/** Where the parts of a binary CIDv1 lie. */
export interface CidLayout {
  readonly codec: number;
  readonly hash: number;
  readonly digestStart: number;
}

/**
 * Reads a binary CIDv1 that fills `bytes` exactly: version 1, codec, hash code, digest length, digest, each number an
 * unsigned varint in its shortest form below 2^31 (multiformats `unsigned-varint`). Undefined when it is none.
 */
export function scanCid(bytes: Uint8Array): CidLayout | undefined {
  let offset = 0;
  const numbers: number[] = [];
  while (numbers.length < 4) {
    let value = 0;
    let shift = 0;
    for (;;) {
      const byte = bytes[offset];
      if (byte === undefined || shift > 28) return undefined;
      offset += 1;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) {
        if (byte === 0 && shift > 0) return undefined;
        break;
      }
      shift += 7;
    }
    if (value >= 2 ** 31) return undefined;
    numbers.push(value);
  }
  const [version, codec, hash, length] = numbers as [number, number, number, number];
  if (version !== 1 || bytes.length - offset !== length) return undefined;
  return { codec, hash, digestStart: offset };
}
