import type { NodeId, Verdict } from '@hypermesh/core';

/** Who put a signature under an artifact, and how. */
export interface ArtifactSigner {
  readonly suite: string;
  /** SHA-256 of the public key, hex. */
  readonly key: string;
}

/** A signed, logged artifact. */
export interface SignedArtifact {
  /** Everything that an offline check needs: signatures, publisher's chain, log proof. */
  readonly bundle: Uint8Array;
  readonly signers: readonly ArtifactSigner[];
  readonly logIndex: number;
}

/**
 * Signs artifacts in this node's name and has them logged; checks what others signed, offline. `verify` never throws
 * for any bytes; `publisher` is the node that the bundle's certificate chain names below the pinned root.
 */
export interface Artifacts {
  sign(bytes: Uint8Array, signal?: AbortSignal): Promise<SignedArtifact>;
  verify(
    bundle: Uint8Array,
    bytes: Uint8Array,
  ): Promise<Verdict<{ publisher: NodeId; signers: readonly ArtifactSigner[] }>>;
}
