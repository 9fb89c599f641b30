import { fromHex, isBytes } from '@hypermesh/core';
import { badArgument } from '../errors.ts';
import type { BytesLike } from './suite.ts';

/** The bytes of `value`, or undefined where it is neither bytes nor hex text. */
export function readBytes(value: BytesLike | undefined): Uint8Array | undefined {
  if (isBytes(value)) return value;
  const read = fromHex(value as string);
  return read.ok ? read.bytes : undefined;
}

/** Insists on bytes, of exactly `length` where one is given. */
export function requireBytes(argument: string, value: unknown, length?: number): Uint8Array {
  if (!isBytes(value) || (length !== undefined && value.length !== length)) {
    throw badArgument(argument, length === undefined ? 'a Uint8Array' : `a Uint8Array of ${length} bytes`);
  }
  return value;
}

/** A copy of a seed, or undefined where there is none: the caller may wipe its own, and a Buffer's `slice` is a view. */
export function ownSeed(seed: unknown, length: number): Uint8Array | undefined {
  return seed === undefined ? undefined : new Uint8Array(requireBytes('seed', seed, length));
}
