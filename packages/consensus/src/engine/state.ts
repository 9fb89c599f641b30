import type { Block } from './block.ts';
import type { Certificate } from './certificate.ts';
import type { Message } from './message.ts';
import type { OwnVotes, Rules } from './rules.ts';
import type { VoteScheme } from './scheme.ts';
import type { BlockId, Vote, VoteKind } from './vote.ts';

/** How long a validator waits, in milliseconds of whatever clock the driver has. */
export interface EngineTimeouts {
  /** For a proposal, from the entry into a view in which work waits. */
  readonly leaderMs: number;
  /** For a notarization, from the first sight of a proposal. */
  readonly advanceMs: number;
  /** Longer wait for a proposal while no work waits; 0 proposes empty blocks at once, Infinity never. */
  readonly heartbeatMs: number;
  /** Between repetitions of what others may have missed. */
  readonly retryMs: number;
  /** Before a new certificate is sent to those who have not shown by then that they hold it. */
  readonly spreadMs: number;
}

/** What stays the same as long as the engine runs. */
export interface EngineConfig {
  readonly validators: number;
  /** Own index; undefined follows without voting. */
  readonly me: number | undefined;
  readonly chain: Uint8Array;
  readonly validatorsHash: Uint8Array;
  /** What block 1 extends. */
  readonly genesis: Head;
  readonly scheme: VoteScheme;
  readonly rules: Rules;
  readonly timeouts: EngineTimeouts;
  /** Votes and proposals further ahead than this many views are dropped; certificates are not. */
  readonly viewAhead: number;
}

/** The last committed block, or the genesis: what the next finalized block extends. */
export interface Head {
  readonly id: BlockId;
  readonly hash: Uint8Array;
  readonly height: number;
  readonly view: number;
  readonly timeMs: number;
  readonly stateHeight: number;
}

/** A vote as it was received; `checked` once its signature was verified. */
interface VoteSlot {
  readonly block: BlockId;
  readonly signature: Uint8Array;
  readonly checked: boolean;
}

/** All that is known of one view. Slots are indexed by signer. */
export interface Round {
  readonly view: number;
  readonly notarize: (VoteSlot | undefined)[];
  readonly nullify: (VoteSlot | undefined)[];
  readonly finalize: (VoteSlot | undefined)[];
  readonly certificates: Readonly<Partial<Record<VoteKind, Certificate>>>;
  readonly own: OwnVotes;
  /** The leader's block that this validator considers. */
  readonly proposal: BlockId | undefined;
  /** Blocks that the leader sent unasked: at most two are kept. */
  readonly offered: number;
  readonly check: 'none' | 'asked' | 'good' | 'bad';
  /** As the leader: the driver was asked for a block. */
  readonly asked: boolean;
  /** The wait for a notarization has begun. */
  readonly advancing: boolean;
}

/** One entry of the write-ahead log. */
export type LogRecord =
  | { readonly type: 'vote'; readonly kind: VoteKind; readonly view: number; readonly block: BlockId }
  | { readonly type: 'block'; readonly block: Block }
  | { readonly type: 'certificate'; readonly certificate: Certificate };

/** What may leave once the storage has confirmed a token. */
interface Release {
  readonly token: number;
  readonly blocks: readonly Block[];
  readonly votes: readonly Vote[];
}

/** Everything the engine knows. A value: `step` answers a new one and leaves the old one as it was. */
export interface EngineState {
  readonly config: EngineConfig;
  readonly view: number;
  readonly head: Head;
  /** The finalization of the highest view seen; its block may still be missing. */
  readonly best: Certificate | undefined;
  /** Views above the head's. */
  readonly rounds: ReadonlyMap<number, Round>;
  /** Known blocks above the head. */
  readonly blocks: ReadonlyMap<BlockId, Block>;
  /** Ids of those that are in the log. */
  readonly logged: ReadonlySet<BlockId>;
  /** The last committed blocks, to answer those who are a little behind. */
  readonly recent: readonly Block[];
  /** Blocks asked for, with the number of attempts. */
  readonly wantedBlocks: ReadonlyMap<BlockId, number>;
  /** Views whose certificates were asked for. */
  readonly wantedViews: { readonly from: number; readonly to: number; readonly attempts: number } | undefined;
  /** Whom finalized blocks were asked of. */
  readonly catchUp: { readonly peer: number; readonly attempts: number } | undefined;
  readonly work: boolean;
  /** Whether the view's timer waits for the heartbeat rather than for the leader. */
  readonly idle: boolean;
  /** Highest view that a lost log may have signed; 0 with an intact log. */
  readonly guardView: number;
  /** Highest view in which each validator was heard. */
  readonly lastActive: readonly number[];
  /** Highest finalized view that each validator has shown to know. */
  readonly lastFinalized: readonly number[];
  /** Certificates that are to be spread when their time comes. */
  readonly toSpread: readonly Certificate[];
  readonly toldStatus: boolean;
  /** The view at the last retry: still the same one at the next, it is stuck. */
  readonly retryView: number;
  readonly nextToken: number;
  readonly waiting: readonly Release[];
}

/** Timers of the engine, one of each kind. */
export type TimerKind = 'view' | 'retry' | 'spread';

/** What happens to the engine. */
export type EngineInput =
  | { readonly type: 'start' }
  | { readonly type: 'message'; readonly from: number; readonly message: Message }
  | { readonly type: 'connected'; readonly peer: number }
  | { readonly type: 'timer'; readonly timer: TimerKind; readonly view: number }
  /** The block that a `propose` effect asked for. */
  | { readonly type: 'proposed'; readonly view: number; readonly block: Block }
  | { readonly type: 'verified'; readonly view: number; readonly block: BlockId; readonly ok: boolean }
  | { readonly type: 'persisted'; readonly token: number }
  /** Whether anything waits to be ordered or to become final. */
  | { readonly type: 'work'; readonly pending: boolean };

/** What an observer may want to know; `peer` is the validator at fault, if one is. */
export interface EngineReport {
  readonly event:
    | 'bad-vote'
    | 'bad-certificate'
    | 'bad-batch'
    | 'equivocation'
    | 'refused-proposal'
    | 'safety-violation'
    | 'view-given-up';
  readonly view: number;
  readonly peer?: number;
  readonly detail?: string;
}

/** What the engine wants done, in this order. */
export type EngineEffect =
  /** Makes the records durable, then answers `persisted`. Always the first effect of a step. */
  | { readonly type: 'persist'; readonly token: number; readonly records: readonly LogRecord[] }
  | { readonly type: 'send'; readonly to: number; readonly message: Message }
  | { readonly type: 'broadcast'; readonly message: Message }
  /** Replaces the timer of that kind; Infinity cancels it. */
  | {
      readonly type: 'setTimer';
      readonly timer: TimerKind;
      readonly view: number;
      readonly afterMs: number;
    }
  /** Asks for a block on `parent`; the driver may hold it until work waits. A later one replaces it. */
  | {
      readonly type: 'propose';
      readonly view: number;
      readonly parent: Head;
      readonly ancestors: readonly Block[];
    }
  /** Asks whether time, state root and transactions of a well-placed block are good. */
  | { readonly type: 'verify'; readonly view: number; readonly block: Block; readonly parent: Head }
  /** These blocks are final, in order. `logged`: with their certificate they are in the log already. */
  | {
      readonly type: 'commit';
      readonly blocks: readonly { readonly block: Block; readonly certificate: Certificate | undefined }[];
      readonly logged: boolean;
    }
  /** Sends `to` the stored blocks from `height` on, ending with a certified one. */
  | { readonly type: 'serve'; readonly to: number; readonly height: number }
  | { readonly type: 'report'; readonly report: EngineReport };

/** The head that a block becomes once it is committed. */
export function headOf(block: Block): Head {
  const { height, view, timeMs, stateHeight } = block.header;
  return { id: block.id, hash: block.hash, height, view, timeMs, stateHeight };
}

/** A view of which nothing is known. */
export function emptyRound(view: number, validators: number): Round {
  const slots = (): (VoteSlot | undefined)[] => new Array<VoteSlot | undefined>(validators).fill(undefined);
  return {
    view,
    notarize: slots(),
    nullify: slots(),
    finalize: slots(),
    certificates: {},
    own: { notarized: undefined, nullified: false, finalized: false },
    proposal: undefined,
    offered: 0,
    check: 'none',
    asked: false,
    advancing: false,
  };
}

/** An engine that knows of nothing above `head`. Give it `{ type: 'start' }` first. */
export function createEngineState(config: EngineConfig, head: Head = config.genesis): EngineState {
  return {
    config,
    view: head.view + 1,
    head,
    best: undefined,
    rounds: new Map(),
    blocks: new Map(),
    logged: new Set(),
    recent: [],
    wantedBlocks: new Map(),
    wantedViews: undefined,
    catchUp: undefined,
    work: false,
    idle: false,
    guardView: 0,
    lastActive: new Array<number>(config.validators).fill(head.view),
    lastFinalized: new Array<number>(config.validators).fill(0),
    toSpread: [],
    toldStatus: false,
    retryView: 0,
    nextToken: 1,
    waiting: [],
  };
}
