import { type ChainId, type Metrics, sha256, toHex, type Verdict } from '@hypermesh/core';
import type { ChainContext, HeaderView } from '../ports.ts';
import type { Profile } from '../profiles.ts';
import { checkProof } from '../proof.ts';
import { checkWindow, type TimeClaim } from '../proof-window.ts';
import { runVerifyJob } from '../verify-job.ts';
import { hasWorkers, runJob } from '../worker-pool.ts';
import { decodeTransaction } from './transaction.ts';

/** What admission keeps of a transaction: its place in time, and whether its proofs were found to hold. */
interface Known {
  readonly claim: TimeClaim;
  readonly bondRenewedMs: number;
}

/** The `checkTx` and `recheckTx` of the ledger. */
export interface Admission {
  check(tx: Uint8Array, context: ChainContext): Promise<Verdict>;
  recheck(tx: Uint8Array, context: ChainContext): Verdict;
}

/** The header without what an engine may have added to it, so that it crosses to a thread and can be kept. */
export function plainHeader<Header extends HeaderView | undefined>(header: Header): Header;
export function plainHeader(header: HeaderView | undefined): HeaderView | undefined {
  if (header === undefined) return undefined;
  const { height, view, hash, timeMs, stateHeight, stateRoot } = header;
  return { height, view, hash, timeMs, stateHeight, stateRoot };
}

/** What each operation shows; all of it, or it is refused for one. */
const proofLegs = ['space', 'stake', 'work', 'time', 'binding'] as const;

function countRefused(metrics: Metrics, leg: string): void {
  metrics.count('consensus_proofs_checked_total', 1, { leg, outcome: 'refused' });
}

/** Checks transactions for a place in the chain; the proofs of each are verified once, its window every time. */
export function createAdmission(options: {
  readonly chainId: ChainId;
  readonly profile: Profile;
  readonly keep: number;
  hasRule(kind: string): boolean;
  /** Verifies on a worker thread where the host has them, else in pieces on this one. */
  readonly inWorker: boolean;
  readonly metrics: Metrics;
}): Admission {
  const { chainId, profile, keep, inWorker, metrics } = options;
  const known = new Map<string, Known>();

  const windowOf = (entry: Known, context: ChainContext): Verdict => {
    const window = checkWindow(entry.claim, {
      profile,
      nowMs: context.parentTimeMs,
      finalizedHeader: (height) => context.finalizedHeader(height),
    });
    if (!window.ok) return { ok: false, reason: `time/${window.reason}` };
    return context.parentTimeMs - entry.bondRenewedMs > profile.maxBondAgeMs
      ? { ok: false, reason: 'stake/expired' }
      : { ok: true };
  };

  return {
    async check(tx, context) {
      const id = toHex(sha256(tx));
      const seen = known.get(id);
      if (seen !== undefined) return windowOf(seen, context);
      const decoded = decodeTransaction(tx);
      if (!decoded.ok) return { ok: false, reason: decoded.reason };
      if (!options.hasRule(decoded.operation.kind)) return { ok: false, reason: 'unsupported-kind' };
      const { operation, proof } = decoded.encoded;
      const parts = checkProof(proof);
      if (!parts.ok) {
        countRefused(metrics, parts.leg);
        return { ok: false, reason: `${parts.leg}/${parts.reason}` };
      }
      const job = {
        operation,
        proof,
        chainId,
        profile: profile.name,
        nowMs: context.parentTimeMs,
        header: plainHeader(context.finalizedHeader(parts.parts.time.part.anchor.height)),
      };
      const here = () => runVerifyJob(job);
      // A thread that cannot start or dies says nothing about the transaction: then it is checked here.
      const proven = await (hasWorkers && inWorker ? runJob('verify', job).catch(here) : here());
      if (!proven.ok) {
        countRefused(metrics, proven.leg);
        return { ok: false, reason: `${proven.leg}/${proven.reason}` };
      }
      for (const leg of proofLegs) metrics.count('consensus_proofs_checked_total', 1, { leg, outcome: 'ok' });
      const { sequence } = decoded.operation;
      const { anchor, claimedMs, bondRenewedMs } = proven;
      known.set(id, { claim: { sequence, anchor, claimedMs }, bondRenewedMs });
      const [oldest] = known.keys();
      if (known.size > keep && oldest !== undefined) known.delete(oldest);
      return { ok: true };
    },
    recheck(tx, context) {
      const seen = known.get(toHex(sha256(tx)));
      if (seen !== undefined) return windowOf(seen, context);
      const decoded = decodeTransaction(tx);
      if (!decoded.ok) return { ok: false, reason: decoded.reason };
      const proof = checkProof(decoded.encoded.proof);
      if (!proof.ok) return { ok: false, reason: `${proof.leg}/${proof.reason}` };
      const { anchor, claimedMs } = proof.parts.time.part;
      const { sequence } = decoded.operation;
      return windowOf(
        { claim: { sequence, anchor, claimedMs }, bondRenewedMs: context.parentTimeMs },
        context,
      );
    },
  };
}
