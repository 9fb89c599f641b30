import type { Verdict } from '@hypermesh/core';

/** Why the signature over a package, or whoever made it, is not believed. */
export type TrustReason =
  | 'bad-signature'
  | 'unsupported-algorithm'
  | 'untrusted-signer'
  | 'expired'
  | 'revoked'
  | 'malformed';

/** Who signed: an id that a policy can pin, and the fingerprint of the certificate that says so. */
export interface SignerIdentity {
  readonly signer: string;
  readonly certificateFingerprint: string;
}

/** What a verifier is asked: bytes that were signed, the signature as the signer gave it, and when it must hold. */
export interface TrustQuestion {
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  readonly algorithm: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Decides about signatures: the algorithm, the chain of certificates, their validity now, and revocation. Asked at
 * every load, and again by `recheck`, so it answers for the present and not for the time of signing: `expired` refuses a
 * load, and does not end what was loaded in time, as `revoked` does. It neither
 * retries nor caches for its callers, and answers a verdict for any bytes; a rejection means that it cannot tell, and
 * refuses the load.
 */
export interface TrustVerifier {
  verify(
    question: TrustQuestion,
  ): Promise<Verdict<SignerIdentity & { readonly detail?: string }, TrustReason>>;
}

/** Signs packages. `certificateFingerprint` is that of the leaf that belongs to the keys. */
export interface PackageSigner {
  readonly algorithm: string;
  readonly certificateFingerprint: string;
  sign(message: Uint8Array, signal?: AbortSignal): Promise<Uint8Array>;
}
