import type { JsonValue } from '../json.ts';

/** How deep plain data may be nested, and how long its text may be, between a guest and its host. */
const MAX_DEPTH = 64;
export const MAX_TEXT = 4 * 2 ** 20;

/** Plain data as text: JSON, with bytes as `{"$bytes":"<base64>"}`. Throws TypeError for anything else. */
export function toWire(value: unknown): string {
  const text = JSON.stringify(plain(value, 0));
  if (text.length > MAX_TEXT) throw new TypeError(`more than ${MAX_TEXT} characters`);
  return text;
}

function plain(value: unknown, depth: number): unknown {
  if (depth > MAX_DEPTH) throw new TypeError(`nested deeper than ${MAX_DEPTH}`);
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError('not a finite number');
    return value;
  }
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Uint8Array)
    return { $bytes: Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64') };
  if (Array.isArray(value)) return value.map((each) => plain(each, depth + 1));
  if (typeof value !== 'object' || !isPlain(value)) throw new TypeError(`${typeof value} is not plain data`);
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  if (entries.some(([key]) => key === '$bytes')) throw new TypeError('$bytes is how bytes are written');
  return Object.fromEntries(entries.map(([key, each]) => [key, plain(each, depth + 1)]));
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as unknown;
  return prototype === Object.prototype || prototype === null;
}

/** Reads what a guest wrote. Throws TypeError for what is no such text; never recurses deeper than the bound. */
export function fromWire(text: string): JsonValue {
  if (text.length > MAX_TEXT) throw new TypeError(`more than ${MAX_TEXT} characters`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new TypeError('not JSON');
  }
  return revived(value, 0);
}

function revived(value: unknown, depth: number): JsonValue {
  if (depth > MAX_DEPTH) throw new TypeError(`nested deeper than ${MAX_DEPTH}`);
  if (Array.isArray(value)) return value.map((each) => revived(each, depth + 1));
  if (typeof value !== 'object' || value === null) return value as JsonValue;
  const { $bytes: bytes } = value as { $bytes?: unknown };
  if (typeof bytes === 'string') return new Uint8Array(Buffer.from(bytes, 'base64'));
  // No own key of a guest may become the prototype of anything here.
  const entries = Object.entries(value).filter(([key]) => key !== '__proto__');
  return Object.fromEntries(entries.map(([key, each]) => [key, revived(each, depth + 1)]));
}
