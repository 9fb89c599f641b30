import type { ContentRoot, NodeId } from '@hypermesh/core';
import type { Exit, Requirements, Work } from '@hypermesh/executors';
import type { Tell } from '../movement.ts';

/** A package that can be leased: what the terms of a lease pin. */
export interface Leasable {
  /** Key of the package in the ledger, `name@version`. */
  readonly package: string;
  readonly document: ContentRoot;
  /** Version of each dependency, by name. */
  readonly dependencies: Readonly<Record<string, string>>;
}

/** A package on this node, verified, as executors take it. */
export interface Runnable {
  readonly document: ContentRoot;
  readonly program: Work['program'];
  /** What is called where a lease names nothing else. */
  readonly operation: string;
  /** The package's own input, where it has one. */
  input(): Promise<Uint8Array>;
}

/**
 * Packages, as runs need them. `find` answers the newest that `NAME[@RANGE]` allows; `bring` fetches exactly what was leased,
 * verifies it, and rejects with a `NodeError` where it cannot; `requirements` may have to fetch the package's document.
 */
export interface Programs {
  find(spec: string): Promise<Leasable>;
  requirements(found: Leasable, tell: Tell, signal: AbortSignal): Promise<Requirements>;
  bring(wanted: Leasable, tell: Tell, signal: AbortSignal): Promise<Runnable>;
}

/**
 * Bytes that go in and out of runs, as content. `put` resolves when they are durable; `fetch` brings them from `from` unless
 * they are here, each chunk checked, and rejects with a `NodeError` above `maxBytes`.
 */
export interface RunContent {
  put(bytes: Uint8Array, signal?: AbortSignal): Promise<ContentRoot>;
  fetch(
    root: ContentRoot,
    from: NodeId,
    options: { readonly maxBytes: number; readonly signal: AbortSignal },
  ): Promise<Uint8Array>;
}

/** What a run used, as it is charged for. */
export interface Usage {
  readonly lease: string;
  readonly fuel: bigint;
  readonly memoryPages: number;
  readonly wallMs: number;
  readonly exit: Exit;
  /** SHA-256 of the output; zeros where there is none. */
  readonly output: Uint8Array;
}

/** Makes the statement that the executing node is paid by, and keeps it durably before it is answered. */
export interface Metering {
  state(usage: Usage): Uint8Array;
  /**
   * Keeps a statement, durably, that came with an answer; answers what is wrong with it where it is not the executor's
   * own of this lease and fuel.
   */
  accept(
    statement: Uint8Array,
    expected: { readonly lease: string; readonly executor: NodeId; readonly fuel: bigint },
  ): string | undefined;
}
