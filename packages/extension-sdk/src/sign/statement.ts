import {
  checkRecord,
  compareBytes,
  domainMessage,
  encodeRecord,
  fromHex,
  fromUtf8,
  type Infer,
  record,
  s,
  sha256,
  toHex,
  utf8,
  type Verdict,
} from '@hypermesh/core';
import type { PackageFiles } from '../package/rules.ts';

/** Name of the detached signature in a package; the only file that it does not cover. */
export const SIGNATURE_FILE = 'signature.json';
const MAX_BYTES = 2 * 2 ** 20;

const schema = record({
  v: s.literal(1),
  algorithm: s.text(64),
  /** Every other file, in the order of the bytes of its path. */
  files: s.array(record({ path: s.text(255), size: s.uint(), sha256: s.bytes({ length: 32 }) }), 4096),
});

/** What is signed: every file of a package by size and SHA-256. */
export type PackageStatement = Infer<typeof schema>;

/** The statement about a set of files. */
export function statementOf(files: PackageFiles, algorithm: string): PackageStatement {
  const listed = [...files]
    .filter(([path]) => path !== SIGNATURE_FILE)
    .map(([path, bytes]) => ({ path, size: bytes.length, sha256: sha256(bytes) }))
    .sort((a, b) => compareBytes(utf8(a.path), utf8(b.path)));
  return { v: 1, algorithm, files: listed };
}

/** The bytes that are signed. */
export function statementBytes(statement: PackageStatement): Uint8Array {
  return domainMessage('hypermesh/extension-sdk/package/v1', encodeRecord(schema, statement));
}

/** The text of a signature file. */
export function formatSignatureFile(statement: PackageStatement, signature: Uint8Array): Uint8Array {
  const files = statement.files.map(({ path, size, sha256 }) => ({ path, size, sha256: toHex(sha256) }));
  const value = { ...statement, files, signature: Buffer.from(signature).toString('base64') };
  return utf8(`${JSON.stringify(value, undefined, 2)}\n`);
}

/** Reads a signature file from anybody. Nothing in it is verified yet. */
export function parseSignatureFile(
  bytes: Uint8Array,
): Verdict<{ statement: PackageStatement; signature: Uint8Array }, string> {
  if (bytes.length > MAX_BYTES) return { ok: false, reason: `larger than ${MAX_BYTES} bytes` };
  const text = fromUtf8(bytes);
  if (!text.ok) return { ok: false, reason: 'not UTF-8' };
  let value: unknown;
  try {
    value = JSON.parse(text.text);
  } catch {
    return { ok: false, reason: 'not JSON' };
  }
  if (typeof value !== 'object' || value === null || !Array.isArray((value as { files?: unknown }).files)) {
    return { ok: false, reason: 'no list of files' };
  }
  const { signature, files, ...rest } = value as { signature?: unknown; files: readonly unknown[] };
  if (typeof signature !== 'string' || !/^[A-Za-z0-9+/]+={0,2}$/.test(signature))
    return { ok: false, reason: 'no signature' };
  const statement = { ...rest, files: files.map(withBytes) };
  const checked = checkRecord(schema, statement);
  if (!checked.ok) return { ok: false, reason: `${checked.reason} at ${checked.path}` };
  return { ok: true, statement: checked.value, signature: new Uint8Array(Buffer.from(signature, 'base64')) };
}

function withBytes(file: unknown): unknown {
  if (typeof file !== 'object' || file === null) return file;
  const digest = (file as { sha256?: unknown }).sha256;
  const decoded = typeof digest === 'string' ? fromHex(digest) : undefined;
  return decoded?.ok ? { ...file, sha256: decoded.bytes } : { ...file, sha256: null };
}
