import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, nodeIdOf } from '@hypermesh/core';
import type { PackageSigner, TrustReason, TrustVerifier } from '@hypermesh/extension-sdk/sign';
import { signBundle, signerId, verifyBundle } from '@hypermesh/trustchain/sign';
import { type Certificate, decodeCertificate, fingerprint } from '@hypermesh/trustchain/x509';
import type { NodeKeys } from '../identity.ts';
import { type MeshFacts, signerOf } from '../mesh/facts.ts';
import { verifyNodeChain } from '../mesh/node-chain.ts';

/** What the seeds call it; the bundle carries Ed25519 AND Falcon-1024. */
const algorithms: ReadonlySet<string> = new Set(['FALCON-1024', 'ED25519+FALCON-1024']);
const statementType = 'application/vnd.hypermesh.extension+cbor';

/** Signs extensions as a node signs all it publishes: a TrustChain bundle with its certificates. */
export function extensionSigner(
  keys: Pick<NodeKeys, 'ed25519' | 'falcon'>,
  chain: readonly Certificate[],
  clock: Clock,
): PackageSigner {
  const [leaf] = chain;
  if (leaf === undefined) throw new TypeError('a node signs with a certificate');
  return {
    algorithm: 'FALCON-1024',
    certificateFingerprint: fingerprint(leaf),
    sign: (message, signal) =>
      signBundle({
        content: message,
        type: statementType,
        signer: { ed25519: keys.ed25519, falcon1024: keys.falcon },
        signedAtMs: clock.nowMs(),
        chain: chain.map(({ der }) => der),
        signal,
      }),
  };
}

/**
 * Believes extensions that a member of the mesh signed: both signatures hold, the certificates lead to the pinned root
 * and are neither expired nor revoked, the leaf names the node of the Ed25519 key, and the keys are those that the mesh
 * lists for that node. `at: 'signing'` asks for the moment of signing instead of now: whether it was good once.
 */
export function extensionTrust(parts: {
  readonly pinnedRoot: string;
  readonly facts: MeshFacts;
  readonly clock: Clock;
  readonly at?: 'now' | 'signing';
  /** Revocation lists as they are at this moment. */
  revocations?(): readonly Uint8Array[];
}): TrustVerifier {
  const { pinnedRoot, facts, clock, at = 'now', revocations = () => [] } = parts;
  return {
    async verify({ message, signature, algorithm }) {
      if (!algorithms.has(algorithm)) return { ok: false, reason: 'unsupported-algorithm' };
      const told: { reason: TrustReason | 'bad-crl'; fingerprint: string } = {
        reason: 'bad-signature',
        fingerprint: '',
      };
      const verdict = await verifyBundle(signature, message, {
        chain: {
          verifyChain(chain, signer, signedAtMs) {
            const timeMs = at === 'now' ? clock.nowMs() : signedAtMs;
            const judged = judge(chain, signer.keys.ed25519, { pinnedRoot, timeMs, crls: revocations() });
            Object.assign(told, judged);
            return judged;
          },
        },
      });
      // A revocation list that cannot be used tells nothing: no load, and no suspension.
      if (!verdict.ok) {
        const { reason } = told;
        if (reason === 'bad-crl') throw new Error('a revocation list cannot be used');
        return { ok: false, reason };
      }
      const { statement } = verdict;
      const signer = signerId(statement.signer);
      const isListed = signerOf(facts, nodeIdOf(statement.signer.ed25519)) === signer;
      if (statement.subject.type !== statementType || !isListed)
        return { ok: false, reason: 'untrusted-signer' };
      return { ok: true, signer, certificateFingerprint: told.fingerprint };
    },
  };
}

type Judgement =
  | { readonly ok: true; readonly fingerprint: string }
  | { readonly ok: false; readonly reason: TrustReason | 'bad-crl' };

function judge(
  chain: readonly Uint8Array[],
  ed25519: Uint8Array,
  options: { readonly pinnedRoot: string; readonly timeMs: number; readonly crls: readonly Uint8Array[] },
): Judgement {
  const decoded = chain.map((der) => decodeCertificate(der));
  const certificates = decoded.flatMap((each) => (each.ok ? [each.certificate] : []));
  if (certificates.length < decoded.length) return { ok: false, reason: 'malformed' };
  const verdict = verifyNodeChain(certificates, options);
  if (!verdict.ok) {
    const { reason } = verdict;
    const isTold = reason === 'expired' || reason === 'revoked' || reason === 'bad-crl';
    return { ok: false, reason: isTold ? reason : 'untrusted-signer' };
  }
  if (verdict.node !== nodeIdOf(ed25519)) return { ok: false, reason: 'untrusted-signer' };
  return { ok: true, fingerprint: fingerprint(verdict.leaf) };
}

/**
 * Believes what was believed once and has only run out since: a package that `isAccepted` knows by its message is judged
 * for the moment of its signing, with the revocations of now. Everything else is judged for now.
 */
export function acceptedTrust(
  now: TrustVerifier,
  atSigning: TrustVerifier,
  isAccepted: (message: Uint8Array) => boolean,
): TrustVerifier {
  return {
    async verify(question) {
      const verdict = await now.verify(question);
      const hasRunOut = !verdict.ok && verdict.reason === 'expired' && isAccepted(question.message);
      return hasRunOut ? atSigning.verify(question) : verdict;
    },
  };
}

/** The revocation lists in a folder, as they are now; none where there is no folder. */
export function revocationsIn(folder: string): readonly Uint8Array[] {
  try {
    return readdirSync(folder).map((name) => readFileSync(join(folder, name)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
