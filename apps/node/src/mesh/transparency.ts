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
