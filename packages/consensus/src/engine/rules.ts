import { faultsOf } from './leader.ts';

/** What this validator has signed in one view, as far as its log remembers. */
export interface OwnVotes {
  /** Id of the block it voted to notarize. */
  readonly notarized: string | undefined;
  readonly nullified: boolean;
  readonly finalized: boolean;
}

/** What is known about the place of a proposal in the chain. */
interface Extension {
  /** A notarization or finalization of the parent is held. */
  readonly parentCertified: boolean;
  /** A nullification is held for each view between the parent's and the proposal's. */
  readonly gapNullified: boolean;
}

/**
 * Every rule on which safety rests, in one place: agreement follows from these and from quorums that meet in an
 * honest validator. The engine asks here and nowhere else, so that a test can break one rule and see it caught.
 */
export interface Rules {
  /** Votes that make a certificate among `validators`. */
  quorum(validators: number): number;
  /** One notarize vote a view, and none in a view that was given up. */
  mayNotarize(own: OwnVotes): boolean;
  /** A view in which this validator voted to finalize is never given up. */
  mayNullify(own: OwnVotes): boolean;
  /** A view that was given up is never finalized by this validator. */
  mayFinalize(own: OwnVotes): boolean;
  /** A block extends a certified parent over views that can hold no finalized block. */
  mayExtend(extension: Extension): boolean;
  /** Only the leader of a view proposes in it. */
  mayPropose(proposer: number, leader: number): boolean;
  /** Whether a vote or certificate whose signatures were checked with this outcome counts. */
  countsSignature(valid: boolean): boolean;
  /** Whether a vote for `vote` counts towards a certificate of `certified`. */
  countsFor(vote: string, certified: string): boolean;
  /** After a lost log: views up to the guard are signed only once a finalization stands at or beyond it. */
  maySign(guardView: number, finalizedView: number): boolean;
  /** Whether a vote leaves this validator only after the storage said that it is durable. */
  persistFirst(): boolean;
  /** Whether a certificate of this kind makes its block final. */
  isFinal(kind: 'notarize' | 'nullify' | 'finalize'): boolean;
}

/** The rules of Simplex. */
export const SIMPLEX_RULES: Rules = Object.freeze<Rules>({
  quorum: (validators) => validators - faultsOf(validators),
  mayNotarize: (own) => own.notarized === undefined && !own.nullified,
  mayNullify: (own) => !own.nullified && !own.finalized,
  mayFinalize: (own) => !own.finalized && !own.nullified,
  mayExtend: ({ parentCertified, gapNullified }) => parentCertified && gapNullified,
  mayPropose: (proposer, leader) => proposer === leader,
  countsSignature: (valid) => valid,
  countsFor: (vote, certified) => vote === certified,
  maySign: (guardView, finalizedView) => finalizedView >= guardView,
  persistFirst: () => true,
  isFinal: (kind) => kind === 'finalize',
});
