import type { Clock, Metrics, Random } from '@hypermesh/core';
import type { Kinds } from './kinds/registry.ts';
import type { ProofStrength } from './policy/policy.ts';
import type { Journal } from './ports.ts';

/** What the assets of a node are made of. */
export interface AssetsOptions {
  /** Ed25519 key of the node: it keeps assets of this owner alone. */
  readonly owner: Uint8Array;
  /** The least that each of the four proofs must show, from the ledger's profile; policies may only raise it. */
  readonly floor: ProofStrength;
  readonly journal: Journal;
  readonly clock: Clock;
  /** A cryptographic source: whoever can guess the id of a claim can use it. */
  readonly random: Random;
  readonly kinds?: Kinds;
  /** Counts claims and leases; by default nobody does. */
  readonly metrics?: Metrics;
}

/** A reservation that is not committed ends after this time unless told otherwise, milliseconds. */
export const defaultReserveMs = 10_000;
/** Longest time for which something may be reserved without a commit. */
export const maxReserveMs = 600_000;
/** Parts of one bundle. */
export const maxNeeds = 16;
