import { CoreError } from './failure.ts';
import type { Verdict } from './verdict.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Why a text is no hex of whole bytes. */
export type HexReason = 'not-text' | 'odd-length' | 'not-hex';

/** Whether `value` is a `Uint8Array` (or a subclass such as `Buffer`) of whichever realm. */
export function isBytes(value: unknown): value is Uint8Array {
  return (
    ArrayBuffer.isView(value) &&
    (value instanceof Uint8Array || (value as Uint8Array)[Symbol.toStringTag] === 'Uint8Array')
  );
}

/**
 * Insists on bytes, of exactly `length` where one is given: `core/not-bytes` or `core/wrong-length`. A text must not
 * get further, since read as an array each letter of it is zero.
 */
export function demandBytes(value: unknown, name: string, length?: number): Uint8Array {
  if (!isBytes(value)) throw new CoreError({ code: 'core/not-bytes', name }, `${name} is not a Uint8Array`);
  if (length === undefined || value.length === length) return value;
  throw new CoreError(
    { code: 'core/wrong-length', name, length: value.length },
    `${name} has ${length} bytes, not ${value.length}`,
  );
}

/** Lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  demandBytes(bytes, 'bytes');
  let text = '';
  for (let index = 0; index < bytes.length; index += 1) text += HEX[bytes[index] as number];
  return text;
}

function nibble(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const letter = code | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}

/** Bytes of a hex text of either case, without prefix or separators. */
export function fromHex(text: string): Verdict<{ bytes: Uint8Array }, HexReason> {
  if (typeof text !== 'string') return { ok: false, reason: 'not-text' };
  if (text.length % 2 !== 0) return { ok: false, reason: 'odd-length' };
  const bytes = new Uint8Array(text.length / 2);
  for (let index = 0; index < bytes.length; index += 1) {
    const high = nibble(text.charCodeAt(index * 2));
    const low = nibble(text.charCodeAt(index * 2 + 1));
    if (high < 0 || low < 0) return { ok: false, reason: 'not-hex' };
    bytes[index] = high * 16 + low;
  }
  return { ok: true, bytes };
}

/**
 * Whether both hold the same bytes. For equal lengths the time does not depend on where they differ; lengths are not
 * secret.
 */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  demandBytes(a, 'a');
  demandBytes(b, 'b');
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let index = 0; index < a.length; index += 1) {
    difference |= (a[index] as number) ^ (b[index] as number);
  }
  return difference === 0;
}

/** Bytewise order, a prefix first: negative, 0 or positive. Not constant-time. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  demandBytes(a, 'a');
  demandBytes(b, 'b');
  const shorter = Math.min(a.length, b.length);
  for (let index = 0; index < shorter; index += 1) {
    const difference = (a[index] as number) - (b[index] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** All parts in order in one new array. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += demandBytes(part, 'part').length;
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** UTF-8 of `text`; a lone surrogate becomes U+FFFD. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Text of well-formed UTF-8; a byte order mark is kept as a character. */
export function fromUtf8(bytes: Uint8Array): Verdict<{ text: string }, 'utf8'> {
  if (!isBytes(bytes)) return { ok: false, reason: 'utf8' };
  try {
    return { ok: true, text: decoder.decode(bytes) };
  } catch {
    return { ok: false, reason: 'utf8' };
  }
}
