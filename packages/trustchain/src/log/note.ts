import { equalBytes, fromUtf8, isBytes, sha256, toHex, utf8, type Verdict } from '@hypermesh/core';
import { type Ed25519Signer, verify } from '@hypermesh/core/ed25519';
import { badArgument } from '../errors.ts';
import { requireBytes } from '../suite/input.ts';

/** Signed notes of C2SP (signed-note v1) with Ed25519 keys: text, a blank line, signature lines. */
const ED25519_TYPE = 1;
const SIGNATURE_LINES_MAX = 100;
const SIGNATURE_LINE = /^\u2014 ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/u;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const KEY_NAME = /^[^\s+\p{Cc}]{1,255}$/u;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what the format forbids.
const FORBIDDEN = /[\u0000-\u0009\u000b-\u001f\u007f]/;

/** Longest note that is read. */
export const NOTE_MAX_BYTES: number = 16 << 10;

/** A key that notes are checked against, as its text `name+hash+base64` says it. */
export interface VerifierKey {
  readonly name: string;
  /** First four bytes of SHA-256 over name and key: tells keys of one name apart. */
  readonly id: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** Why a note was not accepted. */
export type NoteReason = 'malformed' | 'too-large' | 'not-signed-by-key' | 'bad-signature';

/** Standard base64 with padding. */
export function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

/** Standard base64 with padding, of exactly one spelling. */
export function readBase64(text: string): Uint8Array | undefined {
  if (!BASE64.test(text)) return undefined;
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return toBase64(bytes) === text ? bytes : undefined;
}

function typedKey(publicKey: Uint8Array): Uint8Array {
  return new Uint8Array([ED25519_TYPE, ...publicKey]);
}

function keyOf(name: string, publicKey: Uint8Array): VerifierKey {
  return { name, publicKey, id: sha256(utf8(`${name}\n`), typedKey(publicKey)).subarray(0, 4) };
}

/** Insists on the name of a key, which is also the origin of a log. */
export function demandName(name: string): void {
  if (typeof name === 'string' && KEY_NAME.test(name)) return;
  throw badArgument('name', 'a text without spaces and plus signs');
}

/** The verifier key of a name (no spaces, no `+`) and an Ed25519 public key, as text. */
export function formatVerifierKey(name: string, publicKey: Uint8Array): string {
  demandName(name);
  requireBytes('publicKey', publicKey, 32);
  const { id } = keyOf(name, publicKey);
  return `${name}+${toHex(id)}+${toBase64(typedKey(publicKey))}`;
}

/** Reads a verifier key; its hash must be the right one. */
export function parseVerifierKey(text: string): Verdict<{ key: VerifierKey }, 'malformed'> {
  if (typeof text !== 'string') return { ok: false, reason: 'malformed' };
  const [, name, hash, encoded] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(text) ?? [];
  const typed = readBase64(encoded ?? '');
  if (name === undefined || !KEY_NAME.test(name) || typed?.length !== 33 || typed[0] !== ED25519_TYPE) {
    return { ok: false, reason: 'malformed' };
  }
  const key = keyOf(name, typed.slice(1));
  return toHex(key.id) === hash ? { ok: true, key } : { ok: false, reason: 'malformed' };
}

/** Signs `text`, which ends in a newline, under a key name. */
export function signNote(text: string, name: string, signer: Ed25519Signer): string {
  demandName(name);
  if (!text.endsWith('\n') || FORBIDDEN.test(text))
    throw badArgument('text', 'lines without control characters');
  const { id } = keyOf(name, signer.publicKey);
  const signature = signer.sign(utf8(text));
  return `${text}\n\u2014 ${name} ${toBase64(new Uint8Array([...id, ...signature]))}\n`;
}

/**
 * The text of a note that `key` signed. Signatures of other keys are passed over; one of this key that does not hold
 * refuses the note, whatever else it carries.
 */
export function openNote(note: string | Uint8Array, key: VerifierKey): Verdict<{ text: string }, NoteReason> {
  if (typeof note !== 'string' && !isBytes(note)) return { ok: false, reason: 'malformed' };
  if (note.length > NOTE_MAX_BYTES) return { ok: false, reason: 'too-large' };
  const decoded = typeof note === 'string' ? { ok: note.isWellFormed(), text: note } : fromUtf8(note);
  if (!decoded.ok || FORBIDDEN.test(decoded.text)) return { ok: false, reason: 'malformed' };
  const split = decoded.text.lastIndexOf('\n\n');
  if (split < 0 || !decoded.text.endsWith('\n')) return { ok: false, reason: 'malformed' };
  const text = decoded.text.slice(0, split + 1);
  const lines = decoded.text.slice(split + 2, -1).split('\n');
  if (lines.length > SIGNATURE_LINES_MAX) return { ok: false, reason: 'malformed' };
  let isSigned = false;
  for (const line of lines) {
    const [, name, encoded] = SIGNATURE_LINE.exec(line) ?? [];
    const bytes = readBase64(encoded ?? '');
    if (name === undefined || bytes === undefined || bytes.length < 5)
      return { ok: false, reason: 'malformed' };
    if (name !== key.name || !equalBytes(bytes.subarray(0, 4), key.id)) continue;
    if (!verify(bytes.subarray(4), utf8(text), key.publicKey)) return { ok: false, reason: 'bad-signature' };
    isSigned = true;
  }
  return isSigned ? { ok: true, text } : { ok: false, reason: 'not-signed-by-key' };
}
