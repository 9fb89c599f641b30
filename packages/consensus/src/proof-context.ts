import type { ChainId } from '@hypermesh/core';
import type { StateProof } from './ledger/state-tree.ts';
import type { HeaderView } from './ports.ts';
import type { Profile } from './profiles.ts';
import type { VrfKey } from './stake/vrf.ts';
import type { Reexecutor, WorkReceipt } from './work/receipt.ts';

/** Port: signs with the actor's Ed25519 key, which stays where it is. 64 bytes; rejects where the key is locked. */
export interface OperationSigner {
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** Port: the actor's plots. No proofs for a plot that is not there or holds none; rejects when a disk fails. */
export interface PlotSource {
  proofs(
    plot: { readonly plotId: Uint8Array; readonly k: number },
    challenge: Uint8Array,
  ): Promise<readonly Uint8Array[]>;
}

/** An actor's bond and space commitment in the state that an anchor names; no space before its first commitment. */
export interface MemberProof {
  readonly bond: StateProof;
  readonly space: StateProof | undefined;
}

/** What `prove` needs. */
export interface ProveContext {
  readonly chainId: ChainId;
  readonly profile: Profile;
  /** Finalized headers, newest first; where the plots have too few answers at one, the next is tried. */
  readonly anchors: readonly HeaderView[];
  /** The time to claim, Unix milliseconds. */
  readonly nowMs: number;
  readonly signer: OperationSigner;
  readonly vrf: VrfKey;
  readonly plots: PlotSource;
  /** Proofs against `anchor.stateRoot`, undefined where the actor is no member there. */
  member(anchor: HeaderView): MemberProof | undefined;
  readonly receipt?: WorkReceipt | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What `verifyOperation` checks against. */
export interface VerifyContext {
  readonly chainId: ChainId;
  readonly profile: Profile;
  /** The chain's time, Unix milliseconds: that of the parent block. */
  readonly nowMs: number;
  /** The finalized header at a height, undefined where there is none yet. */
  finalizedHeader(height: number): HeaderView | undefined;
  /** The actor's last sequence; without it, replays are judged by the state that the proof's anchor names. */
  readonly lastSequence?: number | undefined;
  /** Runs a receipt again where the work leg carries one; without it a receipt is bound, not executed. */
  readonly reexecutor?: Reexecutor | undefined;
  readonly signal?: AbortSignal | undefined;
}
