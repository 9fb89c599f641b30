import { decodeProof, decodeTransaction, verifyOperation } from '@hypermesh/consensus';
import { decodeFinalityProof, verifyFinality } from '@hypermesh/consensus/light';
import { type NodeId, nodeIdOf } from '@hypermesh/core';
import { type Refusal, refuse } from '@hypermesh/stoq';
import type { NodeConfig } from '../config.ts';
import { finalizedHeader } from '../ledger/headers.ts';
import type { LedgerService } from '../ledger/service.ts';
import { settlementWindowMs } from '../wallet/rules.ts';
import { decodeLeaseTerms, type LeaseTerms } from './lease.ts';
import { decodeExecuteAsk, type ExecuteAnswer } from './protocol.ts';
import type { UsedLeases } from './used-leases.ts';

/** What is looked at before a run may start. */
export interface AdmissionParts {
  readonly ledger: LedgerService;
  readonly usedLeases: UsedLeases;
  readonly config: NodeConfig;
  readonly self: NodeId;
}

/** A run that may start, with what was found of each leg of its lease. */
export interface AdmittedRun {
  readonly terms: LeaseTerms;
  readonly lease: string;
  readonly legs: ExecuteAnswer['legs'];
}

/** Limits of one run. */
export type RunLimits = Pick<LeaseTerms, 'fuel' | 'memoryPages' | 'deadlineMs'>;

/**
 * Whether a run may start here: the lease is final on the ledger, this node itself finds its four proofs valid, the
 * asker leased it from this node, its terms keep to the operator's limits, and it has not been used. Whoever starts the
 * run marks it as used before. A refusal of the proofs has the body `LEG: REASON`.
 */
export async function admitRun(
  ask: Uint8Array,
  member: NodeId,
  parts: AdmissionParts,
  signal: AbortSignal,
): Promise<AdmittedRun | Refusal> {
  const { ledger, usedLeases, config, self } = parts;
  const decoded = decodeExecuteAsk(ask);
  if (!decoded.ok) return refuse('malformed', Buffer.from(decoded.reason));
  const { transaction, proof: finality } = decoded.value;
  const opened = decodeTransaction(transaction);
  if (!opened.ok) return refuse('malformed', Buffer.from(opened.reason));
  const { operation, encoded } = opened;

  const final = finalBlockOf(finality, transaction, ledger);
  if (final.ok) await ledger.applied(final.height, signal);
  const context = await verifyContextAt(encoded.proof, ledger);
  const proven = await verifyOperation(operation, encoded.proof, { ...context, signal });
  if (!proven.ok) return refuse('proof-refused', Buffer.from(`${proven.leg}: ${proven.reason}`));
  if (!final.ok) return refuse('not-final', Buffer.from(final.reason));
  const entry = ledger.ledger.operation(proven.id);
  if (entry?.code !== 'ok') return refuse('not-on-ledger', Buffer.from(entry?.code ?? 'unknown'));

  if (operation.kind !== 'lease.commit') return refuse('no-lease', Buffer.from(operation.kind));
  if (nodeIdOf(operation.actor) !== member) return refuse('not-your-lease');
  const { value } = operation.body as { readonly value?: unknown };
  if (!(value instanceof Uint8Array)) return refuse('malformed', Buffer.from('the lease has no terms'));
  const lease = decodeLeaseTerms(value);
  if (!lease.ok) return refuse('malformed', Buffer.from(lease.reason));
  const { terms } = lease;
  if (terms.executor !== self) return refuse('not-my-lease');
  const excess = excessOf(terms, config);
  if (excess !== undefined) return refuse('over-limits', Buffer.from(excess));
  if (terms.price < config.minRunPrice) {
    return refuse('price-too-low', Buffer.from(`at least ${config.minRunPrice} for 1,000,000 fuel`));
  }
  if (!isPaidFor(final.timeMs, context.nowMs)) return refuse('lease-expired');
  if (usedLeases.has(proven.id)) return refuse('lease-used');
  const found = 'valid';
  return { terms, lease: proven.id, legs: { space: found, stake: found, work: found, time: found } };
}

/** Which of the operator's limits a run would exceed, in words. */
export function excessOf(
  { fuel, memoryPages, deadlineMs }: RunLimits,
  config: NodeConfig,
): string | undefined {
  if (fuel < 1n || memoryPages < 1 || deadlineMs < 1) return 'each limit must be above 0';
  if (fuel > config.maxRunFuel) return `at most ${config.maxRunFuel} fuel`;
  if (memoryPages > config.maxRunMemoryPages) return `at most ${config.maxRunMemoryPages} pages of memory`;
  if (deadlineMs > config.maxRunMs) return `at most ${config.maxRunMs} ms`;
  return undefined;
}

/** Whether a run of a lease can still be settled if it takes all of its time; later its escrow may be back with the asker. */
export function isPaidFor(leasedMs: number, nowMs: number): boolean {
  return nowMs - leasedMs < settlementWindowMs;
}

type FinalBlock =
  | { readonly ok: true; readonly height: number; readonly timeMs: number }
  | { readonly ok: false; readonly reason: string };

function finalBlockOf(bytes: Uint8Array, tx: Uint8Array, { chainId, genesis }: LedgerService): FinalBlock {
  const decoded = decodeFinalityProof(bytes);
  if (!decoded.ok) return decoded;
  const validators = genesis.members.flatMap(({ key, validator }) => (validator ? [{ publicKey: key }] : []));
  const final = verifyFinality(decoded.proof, { chain: chainId, validators }, { tx });
  if (!final.ok) return final;
  const { height, timeMs } = final.header;
  return { ok: true, height, timeMs };
}

/** The chain as this node has it, for a proof that names one anchor. */
export async function verifyContextAt(proof: Uint8Array, { chainId, ledger, validator }: LedgerService) {
  const decoded = decodeProof(proof);
  const height = decoded.ok ? decoded.proof.time.anchor.height : 0;
  const anchor = await finalizedHeader(validator, height);
  const head = await finalizedHeader(validator, ledger.appliedHeight());
  return {
    chainId,
    profile: ledger.profile,
    nowMs: head?.timeMs ?? 0,
    finalizedHeader: (asked: number) => (asked === height ? anchor : undefined),
  };
}
