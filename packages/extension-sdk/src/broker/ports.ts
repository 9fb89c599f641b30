import type { Verdict } from '@hypermesh/core';
import type { Capability } from '../capabilities.ts';
import type { JsonObject } from '../json.ts';
import type { QuotaMeter } from './quotas.ts';

/** What the operator allows one extension under one capability. */
export interface Grant {
  readonly extension: string;
  readonly capability: Capability;
  /** The operator's narrowing, such as `{ hosts: ['*.example.org'] }`; its meaning belongs to the factory. */
  readonly scope: JsonObject;
  /** Aborted when the grant is revoked or the extension unloaded. */
  readonly signal: AbortSignal;
  readonly meter: QuotaMeter;
}

/**
 * Makes the object behind a capability for one extension, narrowed to its grant: never the host's own object. Its
 * methods are what the extension can call; names that begin with `_` are not. In `trusted`, arguments and results go
 * by reference; in `strict` both are plain data. What a method throws reaches the extension with its `code`, if any.
 */
export interface CapabilityFactory {
  /** Methods that demand a call whose consensus proof was accepted. */
  readonly proofMethods?: readonly string[];
  /** What the object charges to `grant.meter`. */
  readonly charges?: readonly ('storage' | 'network')[];
  create(grant: Grant): object;
}

/** A call whose proof is to be judged. */
export interface ProofQuestion {
  readonly extension: string;
  readonly method: string;
  readonly client: string;
  readonly params: unknown;
  readonly proof: unknown;
  readonly signal: AbortSignal;
}

/**
 * Decides whether a proof of all four parts holds for a call. Asked once a call, before the operation starts; a
 * rejection counts as a refusal. It must not remember acceptance: replay is for the ledger to refuse.
 */
export interface ConsensusPort {
  check(question: ProofQuestion): Promise<Verdict<object>>;
}
