import type { Clock, Log, Metrics, Startable } from '@hypermesh/core';
import type { FinalityProof } from '../light/proof.ts';
import type { App, Storage, Transport, TxResult } from '../ports.ts';
import type { BlockHeader } from './block.ts';

/** What a validator needs from its surroundings. Who opened transport and storage closes them, after `stop`. */
export interface ValidatorPorts {
  readonly app: App;
  readonly transport: Transport;
  readonly storage: Storage;
  readonly clock: Clock;
  readonly log?: Log;
  readonly metrics?: Metrics;
}

/** A submitted transaction that is final, durable here and executed. */
export interface Receipt {
  readonly proof: FinalityProof;
  readonly result: TxResult;
}

/** A final block as `finalized` yields it; `sizeBytes` is what its canonical encoding takes up. */
export interface FinalizedEntry {
  readonly header: BlockHeader;
  readonly hash: Uint8Array;
  readonly txs: readonly Uint8Array[];
  readonly sizeBytes: number;
}

/** Where a validator stands. */
export interface ValidatorStatus {
  readonly index: number;
  readonly validators: number;
  readonly quorum: number;
  readonly view: number;
  readonly leader: number;
  /** Of the last final block that is known, of the last one stored, of the last one executed. */
  readonly height: number;
  readonly storedHeight: number;
  readonly appliedHeight: number;
  readonly finalizedView: number;
  readonly pendingTxs: number;
  readonly peers: readonly number[];
  /** From the first sight of the last final block to its finality here. */
  readonly lastFinalityMs: number | undefined;
  readonly isCatchingUp: boolean;
  /** After a lost log: nothing is signed up to this view. */
  readonly mutedUntilView: number | undefined;
  readonly droppedMessages: number;
  /** Why it stopped by itself, if it did. */
  readonly failure: string | undefined;
}

/** One validator of a ledger. */
export interface ValidatorNode extends Startable {
  /**
   * Orders a transaction. Resolves when it is final, durable here and executed; the same bytes again resolve with the
   * first receipt while it is remembered. Aborting ends the wait only: the transaction may still become final.
   * Fails with `consensus/tx-refused`, `tx-too-large`, `mempool-full`, `tx-expired` or `stopped`.
   */
  submit(tx: Uint8Array, options?: { readonly signal?: AbortSignal }): Promise<Receipt>;
  /** Final blocks from a height on (default: the next), each once and in order, without end until `signal`. */
  finalized(options?: {
    readonly from?: number;
    readonly signal?: AbortSignal;
  }): AsyncIterable<FinalizedEntry>;
  status(): ValidatorStatus;
  /** The header of a final block, or undefined above the last. */
  header(height: number): Promise<BlockHeader | undefined>;
  /** The proof that a block, and a transaction in it, is final; undefined where there is none yet. */
  proof(height: number, txIndex?: number): Promise<FinalityProof | undefined>;
}
