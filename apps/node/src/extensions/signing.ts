import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { utf8 } from '@hypermesh/core';
import { parseManifest } from '@hypermesh/extension-sdk/manifest';
import {
  type PackageFiles,
  type PackageSigner,
  readPackage,
  signPackage,
} from '@hypermesh/extension-sdk/sign';
import { makeFolder, syncFolder } from '../data-directory.ts';
import { NodeError } from '../errors.ts';
import { folderOf } from './judge.ts';
import { inWords } from './refusals.ts';

/** What was signed, and where it lies. */
export interface SignReport {
  readonly id: string;
  readonly version: string;
  readonly folder: string;
  readonly signer: string;
}

/** Signs the files of a folder with a node's own keys into a new folder. Throws `node/bad-package` where they are no package. */
export async function signFolder(
  { folder, out }: { readonly folder: string; readonly out: string },
  { signer, self }: { readonly signer: PackageSigner; readonly self: string },
): Promise<SignReport> {
  const [from, to] = [folderOf(folder), folderOf(out)];
  if (existsSync(to)) {
    const next = 'name a folder that is not there yet';
    throw new NodeError({ code: 'node/bad-flag', flag: 'OUT', next }, `${to} is there already`);
  }
  const read = await readPackage(from);
  if (!read.ok) throw unsignable(from, inWords(read.reason));
  const named = new Map(read.files).set(
    'manifest.json',
    withFingerprint(read.files, signer.certificateFingerprint),
  );
  const manifest = parseManifest(named.get('manifest.json') ?? new Uint8Array());
  if (!manifest.ok)
    throw unsignable(from, `manifest.json ${manifest.reason.pointer}: ${manifest.reason.detail}`);
  const verdict = await signPackage(named, signer);
  if (!verdict.ok) throw unsignable(from, `${verdict.reason.path}: ${verdict.reason.detail}`);
  writePackage(to, verdict.files);
  syncFolder(dirname(to));
  const { id, version } = manifest.manifest;
  return { id, version, folder: to, signer: self };
}

function unsignable(folder: string, reason: string): NodeError {
  const next = 'correct it, and sign it again';
  return new NodeError({ code: 'node/bad-package', reason, next }, `${folder} is no extension: ${reason}`);
}

/** Files with the manifest naming the signer's certificate, signed. */
export async function signedFiles(files: PackageFiles, signer: PackageSigner): Promise<PackageFiles> {
  const named = new Map(files).set('manifest.json', withFingerprint(files, signer.certificateFingerprint));
  const verdict = await signPackage(named, signer);
  if (verdict.ok) return verdict.files;
  throw new TypeError(
    `a bundled extension cannot be signed: ${verdict.reason.path} ${verdict.reason.detail}`,
  );
}

/** The manifest of either form with a certificate's fingerprint; as it is where it cannot be read. */
export function withFingerprint(files: PackageFiles, fingerprint: string): Uint8Array {
  const bytes = files.get('manifest.json') ?? new Uint8Array();
  let manifest: Record<string, unknown>;
  try {
    manifest = JSON.parse(Buffer.from(bytes).toString('utf8')) as Record<string, unknown>;
  } catch {
    return bytes;
  }
  if (typeof manifest !== 'object' || manifest === null) return bytes;
  const { security } = manifest;
  const named =
    typeof security === 'object' && security !== null
      ? { ...manifest, security: { ...security, certificate_fingerprint: fingerprint } }
      : { ...manifest, certificate_fingerprint: fingerprint };
  return utf8(`${JSON.stringify(named, undefined, 2)}\n`);
}

/** Writes the files of a package into a folder that is not there yet; durable, but for the folder's own name. */
export function writePackage(folder: string, files: PackageFiles): void {
  const folders = new Set([folder]);
  for (const [path, bytes] of files) {
    const file = join(folder, path);
    makeFolder(dirname(file));
    for (let at = dirname(file); at.length > folder.length; at = dirname(at)) folders.add(at);
    writeFileSync(file, bytes, { mode: 0o600, flush: true, flag: 'wx' });
  }
  for (const each of folders) syncFolder(each);
}
