import type { Metrics } from '@hypermesh/core';

/** What one run needs of its machine. A quantity left out is not claimed. */
export interface ClaimNeeds {
  /** Microseconds of processor in each second. */
  readonly cpuMicrosPerSecond?: number;
  readonly memoryBytes?: number;
  readonly storageBytes?: number;
}

/** Why something that was asked for is not given: a stable code, what the owner decided, and what the asker can do. */
export interface ClaimReason {
  readonly asset: string;
  readonly kind: string;
  readonly code: string;
  readonly rule: string;
  readonly remedy: string;
  /** Place in the queue, where waiting helps. */
  readonly position?: number;
}

/** Who asks for what, and for how long. */
export interface ClaimAsk {
  readonly requester: string;
  readonly needs: ClaimNeeds;
  readonly durationMs: number;
}

/**
 * The machine's resources under its owner's policy. `reserve` gives all of an ask or nothing and never throws for a
 * refusal; what is not committed in time frees itself. `release` is idempotent and is called for every reservation.
 * `explain` tells what `reserve` would, and changes nothing.
 */
export interface Claims {
  reserve(
    ask: ClaimAsk,
  ): Promise<
    | { readonly ok: true; readonly claim: { readonly id: string } }
    | { readonly ok: false; readonly reasons: readonly ClaimReason[] }
  >;
  commit(claim: string): Promise<{ readonly ok: true } | { readonly ok: false; readonly reason: string }>;
  release(claim: string): Promise<void>;
  explain(ask: ClaimAsk): readonly ClaimReason[];
}

/** Where outputs go that are too large for an answer. Resolved bytes are durable; the same bytes have the same root. */
export interface Outputs {
  put(bytes: Uint8Array, signal?: AbortSignal): Promise<{ readonly root: string }>;
}

/** Signs in the executing node's name (Ed25519). */
export interface ReceiptSigner {
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

/** What executors work with. */
export interface ExecutorsPorts {
  readonly claims: Claims;
  readonly outputs: Outputs;
  readonly signer: ReceiptSigner;
  /** Time that only grows, in ms. */
  monotonicMs(): number;
  /** Counts runs, fuel and memory; by default nobody does. */
  readonly metrics?: Metrics;
}
