import { utf8 } from '@hypermesh/core';
import { KIND, type Packed } from './vm.ts';

/** A value that passes between a program and its host; a program sees the plain value of `json`. */
export type ScriptValue = string | Uint8Array | { readonly json: unknown };

/** Names of the kinds, as receipts have them. */
export type ValueKind = 'nothing' | 'text' | 'bytes' | 'json';

const NAMES: readonly ValueKind[] = ['nothing', 'text', 'bytes', 'json'];

/** Name of a kind. */
export function kindName({ kind }: Packed): ValueKind {
  return NAMES[kind] ?? 'nothing';
}

/** A value as bytes of its own. Text that is no Unicode loses what is not. */
export function packValue(value: ScriptValue | undefined): Packed {
  if (value === undefined) return { kind: KIND.nothing, bytes: new Uint8Array() };
  if (typeof value === 'string') return { kind: KIND.text, bytes: utf8(value.toWellFormed()) };
  if (value instanceof Uint8Array) return { kind: KIND.bytes, bytes: new Uint8Array(value) };
  const text = JSON.stringify(value.json);
  if (text === undefined) return { kind: KIND.nothing, bytes: new Uint8Array() };
  return { kind: KIND.json, bytes: utf8(text.toWellFormed()) };
}

/** The value of bytes that a program gave. `JSON.stringify` of the program may be its own: what is no JSON is text. */
export function unpackValue({ kind, bytes }: Packed): ScriptValue | undefined {
  if (kind === KIND.bytes) return bytes;
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  if (kind === KIND.text) return text;
  if (kind !== KIND.json) return undefined;
  try {
    return { json: JSON.parse(text) };
  } catch {
    return text;
  }
}
