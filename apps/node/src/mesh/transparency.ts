import type { LogProof } from '@hypermesh/trustchain/log';

/** An entry that is in the mesh's transparency log. */
export interface LoggedEntry {
  readonly index: number;
  readonly proof: LogProof;
}

/** The mesh's append-only log: `append` resolves when the entry is durable and under a signed checkpoint. */
export interface Transparency {
  append(entry: Uint8Array, signal?: AbortSignal): Promise<LoggedEntry>;
}

/** Which entries: `count` below `before` (default: the end), and that the log grew out of its first `from`. */
export interface LogQuery {
  readonly before?: number;
  readonly count: number;
  readonly from?: number;
}

/** Entries of the log, newest first, each with its proof under one checkpoint; `growth` leads from size `from` to it. */
export interface LogPage {
  readonly checkpoint: string;
  readonly entries: readonly {
    readonly index: number;
    readonly entry: Uint8Array;
    readonly hashes: readonly Uint8Array[];
  }[];
  readonly growth: readonly Uint8Array[];
}

/** The log as it can be read: where it lies, or over a session. Whoever needs the truth of a page checks it. */
export interface LogSource {
  /** Fewer entries than asked for where they are large. */
  read(query: LogQuery, signal?: AbortSignal): Promise<LogPage>;
}
