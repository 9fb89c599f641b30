import type { Verdict } from '@hypermesh/core';
import { badArgument } from '../errors.ts';
import { parseManifest } from '../manifest/parse.ts';
import {
  type PackageFiles,
  type PackageLimits,
  type PackageProblem,
  packageFault,
} from '../package/rules.ts';
import type { PackageSigner } from './ports.ts';
import { formatSignatureFile, SIGNATURE_FILE, statementBytes, statementOf } from './statement.ts';

/** Why a set of files was not signed. */
export type SignProblem =
  | PackageProblem
  | { readonly code: 'manifest'; readonly path: string; readonly detail: string };

/**
 * Signs every file of a package: answers the files with `signature.json` among them. The manifest must be one, and
 * name the signer's certificate; an older signature is replaced.
 */
export async function signPackage(
  files: PackageFiles,
  signer: PackageSigner,
  options: PackageLimits & { readonly signal?: AbortSignal } = {},
): Promise<Verdict<{ files: PackageFiles }, SignProblem>> {
  const { signal, ...limits } = options;
  const fault = packageFault(files, limits);
  if (fault !== undefined) return { ok: false, reason: fault };
  const manifest = parseManifest(files.get('manifest.json') ?? new Uint8Array());
  if (!manifest.ok) {
    const { code, pointer, detail } = manifest.reason;
    return {
      ok: false,
      reason: { code: 'manifest', path: 'manifest.json', detail: `${pointer} ${code}: ${detail}` },
    };
  }
  if (manifest.manifest.security.certificateFingerprint !== signer.certificateFingerprint) {
    throw badArgument('security.certificate_fingerprint', `the signer's: ${signer.certificateFingerprint}`);
  }
  const statement = statementOf(files, signer.algorithm);
  const signature = await signer.sign(statementBytes(statement), signal);
  const signed = new Map(files);
  signed.set(SIGNATURE_FILE, formatSignatureFile(statement, signature));
  return { ok: true, files: signed };
}
