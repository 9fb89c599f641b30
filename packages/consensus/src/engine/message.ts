import type { Block } from './block.ts';
import type { Certificate } from './certificate.ts';
import type { BlockId, Vote } from './vote.ts';

/** A finalized block as it travels to a validator that was away; a certificate covers all blocks before it too. */
export interface FinalizedEntryMessage {
  readonly block: Block;
  readonly certificate: Certificate | undefined;
}

/** What validators say to each other about agreement. Transactions travel in their own message of the driver. */
export type Message =
  | { readonly type: 'vote'; readonly vote: Vote }
  | { readonly type: 'certificate'; readonly certificate: Certificate }
  /** From the leader as its proposal, or as the answer to `get-block`. */
  | { readonly type: 'block'; readonly block: Block }
  | { readonly type: 'get-block'; readonly id: BlockId }
  /** Asks for notarizations and nullifications of the views `from` to `to`, both included. */
  | { readonly type: 'get-certificates'; readonly from: number; readonly to: number }
  /** Where the sender stands; who is further answers with the certificates that lead there. */
  | {
      readonly type: 'status';
      readonly view: number;
      readonly finalizedView: number;
      readonly height: number;
    }
  | { readonly type: 'get-finalized'; readonly height: number }
  | { readonly type: 'finalized'; readonly entries: readonly FinalizedEntryMessage[] };
