import { decodeRecord, encodeRecord, type Infer, record, s } from '@hypermesh/core';

/** Name of the digests of all files before it, as `sha256sum --check` reads them. */
export const sumsName = 'SHA256SUMS';
/** What a backup says of itself: the last file, so an archive that was cut short has none. */
export const manifestName = 'hypermesh-backup.cbor';
/** Name of the sealed passphrase of the keystores in an archive. */
export const sealName = 'keys/passphrase.sealed';

const backupManifest = record({
  v: s.literal(1),
  madeAtMs: s.uint(),
  /** Version of the data directory's format. */
  format: s.uint(1_000_000),
  node: s.text(128),
  name: s.text(64),
  /** The node did not run: what it signed last is in here. */
  isStopped: s.bool(),
  withContent: s.bool(),
  /** Validators of its mesh; 0 before the genesis. */
  validators: s.uint(1_000),
  isFounder: s.bool(),
  /** SHA-256 of `SHA256SUMS`, hex. */
  sums: s.text(64),
});

/** What a backup says of itself. */
export type BackupManifest = Infer<typeof backupManifest>;

/** The bytes of what a backup says of itself. */
export const encodeManifest = (manifest: BackupManifest): Uint8Array =>
  encodeRecord(backupManifest, manifest);

/** Reads what a backup says of itself. */
export const decodeManifest = (bytes: Uint8Array) => decodeRecord(backupManifest, bytes);

const sumLine = /^([0-9a-f]{64}) {2}(.{1,4096})$/;

/** One line for each file. */
export const formatSums = (files: readonly { readonly name: string; readonly sha256: string }[]): string =>
  files.map(({ name, sha256 }) => `${sha256}  ${name}\n`).join('');

/** Digests by name; undefined where a line is none, or a name stands twice. */
export function parseSums(text: string): ReadonlyMap<string, string> | undefined {
  const sums = new Map<string, string>();
  for (const line of text.split('\n').slice(0, -1)) {
    const [, sha256, name] = sumLine.exec(line) ?? [];
    if (sha256 === undefined || name === undefined || sums.has(name)) return undefined;
    sums.set(name, sha256);
  }
  return sums;
}
