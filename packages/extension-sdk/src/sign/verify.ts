import { equalBytes, type Verdict } from '@hypermesh/core';
import type { ManifestProblem } from '../manifest/fault.ts';
import type { Manifest } from '../manifest/model.ts';
import { parseManifest } from '../manifest/parse.ts';
import { type PackageFiles, type PackageLimits, type PackageRule, packageFault } from '../package/rules.ts';
import type { SignerIdentity, TrustReason, TrustVerifier } from './ports.ts';
import {
  type PackageStatement,
  parseSignatureFile,
  SIGNATURE_FILE,
  statementBytes,
  statementOf,
} from './statement.ts';

/** Why a package is not believed. `path` is the file it is about, a JSON pointer for `manifest`. */
export interface PackageRefusal {
  readonly code:
    | PackageRule
    | 'manifest'
    | 'no-signature'
    | 'malformed-signature'
    | 'file-changed'
    | 'file-missing'
    | 'file-extra'
    | 'algorithm-mismatch'
    | 'fingerprint-mismatch'
    | 'trust-unavailable'
    | TrustReason;
  readonly path: string;
  readonly detail: string;
  readonly manifest?: ManifestProblem;
}

/** A package whose every byte is covered by a signature that the verifier believes. */
export interface VerifiedPackage {
  readonly manifest: Manifest;
  /** A copy of what was verified; nothing is read from elsewhere afterwards. */
  readonly files: PackageFiles;
  readonly signer: SignerIdentity;
  /** What to ask the verifier again later. */
  readonly signed: {
    readonly message: Uint8Array;
    readonly signature: Uint8Array;
    readonly algorithm: string;
  };
}

/** Verifies a package: rules, manifest, every file against the signed list, signature, signer, fingerprint. */
export async function verifyPackage(
  given: PackageFiles,
  trust: TrustVerifier,
  options: PackageLimits & { readonly signal?: AbortSignal | undefined } = {},
): Promise<Verdict<{ verified: VerifiedPackage }, PackageRefusal>> {
  const { signal, ...limits } = options;
  const fault = packageFault(given, limits);
  if (fault !== undefined) return { ok: false, reason: fault };
  const files: PackageFiles = new Map([...given].map(([path, bytes]) => [path, new Uint8Array(bytes)]));
  const signatureFile = files.get(SIGNATURE_FILE);
  if (signatureFile === undefined) return refuse('no-signature', SIGNATURE_FILE, 'the package is not signed');
  const parsed = parseSignatureFile(signatureFile);
  if (!parsed.ok) return refuse('malformed-signature', SIGNATURE_FILE, parsed.reason);
  const { statement, signature } = parsed;
  const difference = compare(statement, statementOf(files, statement.algorithm));
  if (difference !== undefined) return { ok: false, reason: difference };
  const read = parseManifest(files.get('manifest.json') ?? new Uint8Array());
  if (!read.ok) {
    const { code, pointer, detail } = read.reason;
    return {
      ok: false,
      reason: { code: 'manifest', path: pointer, detail: `${code}: ${detail}`, manifest: read.reason },
    };
  }
  const { manifest } = read;
  const { algorithm } = statement;
  if (algorithm !== manifest.security.signatureAlgorithm) {
    return refuse(
      'algorithm-mismatch',
      SIGNATURE_FILE,
      `${algorithm}, and the manifest says ${manifest.security.signatureAlgorithm}`,
    );
  }
  const signed = { message: statementBytes(statement), signature, algorithm };
  const verdict = await askTrust(trust, { ...signed, signal });
  if (!verdict.ok) return refuse(verdict.reason, SIGNATURE_FILE, verdict.detail);
  const { signer, certificateFingerprint } = verdict;
  if (certificateFingerprint !== manifest.security.certificateFingerprint) {
    return refuse(
      'fingerprint-mismatch',
      SIGNATURE_FILE,
      `signed with the certificate ${certificateFingerprint}`,
    );
  }
  return { ok: true, verified: { manifest, files, signer: { signer, certificateFingerprint }, signed } };
}

/** Asks the verifier; one that cannot tell is no consent. */
export async function askTrust(
  trust: TrustVerifier,
  question: Parameters<TrustVerifier['verify']>[0],
): Promise<
  | ({ readonly ok: true } & SignerIdentity)
  | { readonly ok: false; readonly reason: TrustReason | 'trust-unavailable'; readonly detail: string }
> {
  try {
    const verdict = await trust.verify(question);
    return verdict.ok ? verdict : { ...verdict, detail: `the signer is refused: ${verdict.reason}` };
  } catch (error) {
    question.signal?.throwIfAborted();
    const detail = error instanceof Error ? error.message : 'it failed';
    return { ok: false, reason: 'trust-unavailable', detail };
  }
}

function refuse(code: PackageRefusal['code'], path: string, detail: string) {
  return { ok: false, reason: { code, path, detail } } as const;
}

/** The first file, by path, that is not as it was signed. */
function compare(signed: PackageStatement, found: PackageStatement): PackageRefusal | undefined {
  const wanted = new Map(signed.files.map((file) => [file.path, file]));
  if (wanted.size < signed.files.length)
    return { code: 'malformed-signature', path: SIGNATURE_FILE, detail: 'lists a file twice' };
  for (const { path, size, sha256 } of found.files) {
    const file = wanted.get(path);
    if (file === undefined) return { code: 'file-extra', path, detail: 'is not covered by the signature' };
    if (file.size !== size || !equalBytes(file.sha256, sha256))
      return { code: 'file-changed', path, detail: 'is not as it was signed' };
    wanted.delete(path);
  }
  for (const path of wanted.keys())
    return { code: 'file-missing', path, detail: 'was signed and is not there' };
  return undefined;
}
