import {
  type Clock,
  decodeRecord,
  domainMessage,
  encodeRecord,
  type Metrics,
  nodeIdOf,
  type Replaceable,
  record,
  s,
  silentMetrics,
  type Verdict,
} from '@hypermesh/core';
import { sign as signEd25519, verify as verifyEd25519 } from '@hypermesh/core/ed25519';
import type { Authenticator, PeerIdentity } from '@hypermesh/stoq';
import { suiteFor } from '@hypermesh/trustchain/suite';
import { type Certificate, certificateKeys, decodeCertificate } from '@hypermesh/trustchain/x509';
import type { Credentials } from '../identity.ts';
import { verifyNodeChain } from '../mesh/node-chain.ts';
import { describeCertificate } from '../trust/certificate-facts.ts';

const transcriptDomain = 'hypermesh/node/session/v1';
const enrolmentDomain = 'hypermesh/node/enrolment-session/v1';

const hybridSignature = record({ p256: s.bytes({ max: 80 }), mldsa65: s.bytes({ length: 3309 }) });
/** What a machine without a certificate shows when it knocks to get one. A certificate's DER never decodes as this. */
const enrolmentCard = record({ v: s.literal(1), enrolling: s.bytes({ length: 32 }) });

/** How STOQ learns who is at the other end: TrustChain certificates below one pinned root, both keys checked. */
export interface CertificateAuthenticatorOptions {
  /** Asked at each handshake, so that a renewed certificate is used from the next session on. */
  readonly credentials: Replaceable<Credentials>;
  /** Fingerprint of the only root that is believed. */
  readonly pinnedRoot: string;
  /** Whether a machine without a certificate may open a session, to ask for one and for nothing else. */
  readonly admitEnrolling: boolean;
  readonly clock: Clock;
  /** Counts chains that were checked; by default nobody does. */
  readonly metrics?: Metrics;
}

/** Sessions between members: P-256 and ML-DSA-65 signatures over the transcript, by the keys of the certificate. */
export function certificateAuthenticator(options: CertificateAuthenticatorOptions): Authenticator {
  const { credentials, pinnedRoot, admitEnrolling, clock, metrics = silentMetrics } = options;
  return {
    certificate: () => credentials.current().chain.map(({ der }) => der),
    async sign(transcript) {
      const message = domainMessage(transcriptDomain, transcript);
      const { p256, mldsa65 } = credentials.current().keys;
      return encodeRecord(hybridSignature, {
        p256: await suiteFor('p256').sign(message, p256.secretKey),
        mldsa65: await suiteFor('ml-dsa-65').sign(message, mldsa65.secretKey),
      });
    },
    async verify(chain, transcript, signature) {
      const [first] = chain;
      const card = first === undefined || chain.length > 1 ? undefined : decodeRecord(enrolmentCard, first);
      if (card?.ok) {
        if (!admitEnrolling) return { ok: false, reason: 'not-a-member' };
        return verifyEnrolling(card.value.enrolling, transcript, signature);
      }
      const verdict = await verifyMember(chain, transcript, signature, { pinnedRoot, timeMs: clock.nowMs() });
      metrics.count('trust_certificates_verified_total', 1, { outcome: verdict.ok ? 'ok' : verdict.reason });
      return verdict;
    },
  };
}

/** A machine that has keys but no certificate yet: believes the pinned root, shows its Ed25519 key. */
export function enrollingAuthenticator(
  key: { readonly secretKey: Uint8Array; readonly publicKey: Uint8Array },
  pinnedRoot: string,
  clock: Clock,
): Authenticator {
  const card = encodeRecord(enrolmentCard, { v: 1, enrolling: key.publicKey });
  return {
    certificate: () => [card],
    sign: (transcript) => signEd25519(domainMessage(enrolmentDomain, transcript), key.secretKey),
    verify: (chain, transcript, signature) =>
      verifyMember(chain, transcript, signature, { pinnedRoot, timeMs: clock.nowMs() }),
  };
}

/** Whether a session belongs to a machine that only may ask for a certificate. */
export function isEnrolling(identity: PeerIdentity): boolean {
  return identity.claims?.['enrolling'] === true;
}

type PeerVerdict = Verdict<{ peer: PeerIdentity }, string>;

function verifyEnrolling(key: Uint8Array, transcript: Uint8Array, signature: Uint8Array): PeerVerdict {
  const message = domainMessage(enrolmentDomain, transcript);
  if (!verifyEd25519(signature, message, key)) return { ok: false, reason: 'bad-signature' };
  return { ok: true, peer: { id: nodeIdOf(key), sig: 'Ed25519', claims: { enrolling: true } } };
}

async function verifyMember(
  chain: readonly Uint8Array[],
  transcript: Uint8Array,
  signature: Uint8Array,
  { pinnedRoot, timeMs }: { readonly pinnedRoot: string; readonly timeMs: number },
): Promise<PeerVerdict> {
  const certificates: Certificate[] = [];
  for (const der of chain) {
    const decoded = decodeCertificate(der);
    if (!decoded.ok) return { ok: false, reason: `certificate-${decoded.reason}` };
    certificates.push(decoded.certificate);
  }
  const verdict = verifyNodeChain(certificates, { pinnedRoot, timeMs });
  if (!verdict.ok) {
    const { reason } = verdict;
    return { ok: false, reason: reason === 'no-certificate' ? reason : `chain-${reason}` };
  }
  const { leaf, node: id } = verdict;
  const { p256, mldsa65 } = certificateKeys(leaf);
  if (id === undefined || p256 === undefined || mldsa65 === undefined)
    return { ok: false, reason: 'not-a-node' };
  const signatures = decodeRecord(hybridSignature, signature);
  if (!signatures.ok) return { ok: false, reason: 'bad-signature' };
  const message = domainMessage(transcriptDomain, transcript);
  const valid =
    (await suiteFor('p256').verify(signatures.value.p256, message, p256)) &&
    (await suiteFor('ml-dsa-65').verify(signatures.value.mldsa65, message, mldsa65));
  if (!valid) return { ok: false, reason: 'bad-signature' };
  return {
    ok: true,
    peer: { id, sig: 'P-256+ML-DSA-65', claims: { certificate: describeCertificate(leaf) } },
  };
}
