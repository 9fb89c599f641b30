import type { Rules } from '../engine/rules.ts';

/** How messages travel. Times are virtual milliseconds. */
export interface LinkOptions {
  readonly delayMs: number;
  /** Up to this much more, for each message anew: messages overtake each other. */
  readonly jitterMs?: number;
  /** Share of messages that are lost, 0 to 1. */
  readonly loss?: number;
  /** Share of messages that arrive twice, 0 to 1. */
  readonly duplication?: number;
}

/** Validators in different groups do not hear each other from `fromMs` until `untilMs`. */
export interface Partition {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly groups: readonly (readonly number[])[];
}

/** What a faulty validator does: nothing; whatever harms most; run twice with one key; say its votes to some only. */
export type ByzantineStrategy = 'silent' | 'chaos' | 'twins' | 'withhold';

/** Crashes of honest validators, at any boundary between two effects of a step. */
export interface CrashOptions {
  /** Chance of a crash at each boundary, 0 to 1. */
  readonly chance: number;
  readonly downMs: number;
  /** Chance that a crash also loses the whole log; the guard remains. */
  readonly lostLog?: number;
}

/** One run of the simulator. The same options give the same run on every machine. */
export interface SimulationOptions {
  readonly seed: number;
  /** Default 4. */
  readonly validators?: number;
  /** Faults, losses and partitions end when this view is reached, or at `untilMs`. */
  readonly views: number;
  /** Default: 500 message delays a view. */
  readonly untilMs?: number;
  readonly links?: LinkOptions;
  readonly partitions?: readonly Partition[];
  readonly byzantine?: Readonly<Record<number, ByzantineStrategy>>;
  readonly crashes?: CrashOptions;
  /** Time a sync of the log takes, up to; default 0. */
  readonly syncMs?: number;
  /** Time until a proposal is made or checked, up to; default 0. */
  readonly thinkMs?: number;
  /** Leader, advance, retry and spread times as multiples of `delayMs`; default 5, 8, 12 and 1. */
  readonly timeouts?: {
    readonly leader: number;
    readonly advance: number;
    readonly retry: number;
    readonly spread: number;
  };
  /** Whether all honest validators must finalize more once the faults have ended; default true. */
  readonly expectProgress?: boolean;
  /**
   * `cheap` (default): votes carry a hash in place of a signature, blocks are not encoded. `real`: Ed25519, every
   * message through its codec, logs as framed bytes with tails torn at any byte; about fifty times slower.
   */
  readonly fidelity?: 'cheap' | 'real';
  /** Rules to break on purpose; default those of Simplex. */
  readonly rules?: Rules;
  /** A broken disk or restart to catch: what is promised durable is not; own votes are forgotten. */
  readonly sabotage?: 'early-ack' | 'forget-votes';
}
