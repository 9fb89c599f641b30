import type { ChainCheck } from '../sign/verify.ts';
import type { CertificateSource } from '../x509/certificate.ts';
import type { RevocationListSource } from '../x509/crl.ts';
import { signerUri } from '../x509/identity.ts';
import { verifyChain } from '../x509/verify-chain.ts';

/**
 * What a bundle's certificate chain is held to: a path to one of `roots` for `codeSigning` at the time of signing, the
 * signer's id in its leaf, and good post-quantum signatures unless `requirePq` is false. The time is the signer's own
 * word: demand a log proof beside it where that matters.
 */
export function createChainCheck(options: {
  readonly roots: readonly CertificateSource[];
  /** Default `hypermesh.online`. */
  readonly trustDomain?: string;
  readonly crls?: readonly RevocationListSource[];
  readonly requirePq?: boolean;
}): ChainCheck {
  const { roots, trustDomain = 'hypermesh.online', crls = [], requirePq = true } = options;
  return {
    verifyChain([leaf, ...intermediates], { id }, signedAtMs) {
      if (leaf === undefined) return { ok: false, reason: 'malformed' };
      const verdict = verifyChain(leaf, {
        roots,
        intermediates,
        crls,
        requirePq,
        timeMs: signedAtMs,
        purpose: 'codeSigning',
        uri: signerUri(trustDomain, id),
      });
      return verdict.ok ? { ok: true } : { ok: false, reason: verdict.reason };
    },
  };
}
