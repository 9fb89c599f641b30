import { StoqError } from '../errors.ts';
import type { ByteReader } from './byte-reader.ts';

/** The first plain byte of a stream: what it is. */
export const STREAM_TYPE = { request: 1, messages: 2, bytes: 3 } as const;

/** How the end that did not open a named stream takes it: one byte. */
export const NAMED_STATUS = { taken: 0, 'unknown-name': 1, busy: 2, 'bad-header': 3 } as const;

const NAME = /^[\x21-\x7e]{1,128}$/;

/** `u8 length`, name. Names are 1 to 128 printable ASCII characters without space. */
export function encodeName(name: string): Uint8Array {
  if (!NAME.test(name)) {
    throw new StoqError({
      code: 'stoq/bad-argument',
      argument: 'name',
      expected: '1 to 128 printable ASCII characters',
    });
  }
  return Buffer.from(`${String.fromCharCode(name.length)}${name}`, 'latin1');
}

/** Reads a name; undefined when it is not one. */
export async function readName(reader: ByteReader): Promise<string | undefined> {
  const length = await reader.uint(1);
  const name = Buffer.from(await reader.take(length)).toString('latin1');
  return NAME.test(name) ? name : undefined;
}
