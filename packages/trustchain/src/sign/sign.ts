import { domainHash, domainMessage, encodeCanonical, type Verdict } from '@hypermesh/core';
import type { LogProof } from '../log/proof.ts';
import { suiteFor } from '../suite/registry.ts';
import type { KeyPair, WaitOptions } from '../suite/suite.ts';
import { type ContentDigest, digestOf } from './content.ts';
import {
  type Bundle,
  type BundleFormatReason,
  decodeBundle,
  encodeBundle,
  encodeStatement,
} from './format.ts';

const SIGN_DOMAIN = 'hypermesh/trustchain/bundle/v1';
const ENTRY_DOMAIN = 'hypermesh/trustchain/bundle-entry/v1';

/** The keys of somebody who signs artifacts: both, always. From the suites `ed25519` and `falcon-1024-r3`. */
export interface ArtifactSigner {
  readonly ed25519: KeyPair;
  readonly falcon1024: KeyPair;
}

/** What to sign and as whom. */
export interface SignBundleOptions extends WaitOptions {
  readonly content: Uint8Array | ContentDigest;
  /** What the bytes are, such as `application/vnd.hypermesh.package`; 1 to 128 bytes. */
  readonly type: string;
  readonly signer: ArtifactSigner;
  /** Unix time in milliseconds, from the caller's clock. */
  readonly signedAtMs: number;
  /** Up to 32 further texts that the signatures cover. */
  readonly claims?: Readonly<Record<string, string>> | undefined;
  /** Certificates of the signer in DER, leaf first, at most 8 of at most 16 KiB; carried, not interpreted. */
  readonly chain?: readonly Uint8Array[] | undefined;
}

/** The bytes that both keys sign. */
export function signedMessage(statement: Uint8Array): Uint8Array {
  return domainMessage(SIGN_DOMAIN, statement);
}

/** Signs content with Ed25519 and Falcon-1024; answers the bytes of the bundle. Content is not part of it. */
export async function signBundle(options: SignBundleOptions): Promise<Uint8Array> {
  const { content, type, signer, signedAtMs, claims, chain, signal } = options;
  const subject = { type, ...pick(await digestOf(content)) };
  const keys = { ed25519: signer.ed25519.publicKey, falcon1024: signer.falcon1024.publicKey };
  const optionalClaims = claims === undefined ? {} : { claims };
  const statement = encodeStatement({
    v: 1,
    kind: 'hypermesh-statement',
    subject,
    signer: keys,
    signedAtMs,
    ...optionalClaims,
  });
  const message = signedMessage(statement);
  const [ed25519, falcon1024] = await Promise.all([
    suiteFor('ed25519').sign(message, signer.ed25519.secretKey, { signal }),
    suiteFor('falcon-1024-r3').sign(message, signer.falcon1024.secretKey, { signal }),
  ]);
  const optionalChain = chain === undefined ? {} : { chain };
  return encodeBundle({ v: 1, kind: 'hypermesh-bundle', statement, ed25519, falcon1024, ...optionalChain });
}

const pick = ({ digest, sizeBytes }: ContentDigest): ContentDigest => ({ digest, sizeBytes });

/** The log entry that stands for a bundle: a hash over statement and both signatures, so that it gives nothing away. */
export function logEntryOf({ statement, ed25519, falcon1024 }: Bundle): Uint8Array {
  const bundle = domainHash(ENTRY_DOMAIN, statement, ed25519, falcon1024);
  return encodeCanonical({ v: 1, kind: 'bundle', bundle });
}

/** The entry to append to a log for the bytes of a bundle. */
export function bundleLogEntry(bytes: Uint8Array): Verdict<{ entry: Uint8Array }, BundleFormatReason> {
  const decoded = decodeBundle(bytes);
  return decoded.ok ? { ok: true, entry: logEntryOf(decoded.bundle) } : decoded;
}

/** The same bundle with a proof that its entry is in a log; replaces a former proof. */
export function attachLogProof(
  bytes: Uint8Array,
  proof: LogProof,
): Verdict<{ bytes: Uint8Array }, BundleFormatReason> {
  const decoded = decodeBundle(bytes);
  if (!decoded.ok) return decoded;
  const { checkpoint, leafIndex, hashes } = proof;
  return { ok: true, bytes: encodeBundle({ ...decoded.bundle, log: { checkpoint, leafIndex, hashes } }) };
}
