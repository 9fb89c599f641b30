import type { Ask, Assets, Need, ProofStrength, Rejection } from '@hypermesh/assets';
import type { Clock, NodeId } from '@hypermesh/core';

/** What one run needs. Whole numbers in base units; a quantity left out is not claimed. */
export interface ClaimNeeds {
  readonly cpuMicrosPerSecond?: number;
  readonly memoryBytes?: number;
  readonly storageBytes?: number;
}

/** Who wants what, for how long. */
export interface ClaimAsk {
  readonly requester: NodeId;
  readonly needs: ClaimNeeds;
  readonly durationMs: number;
  /** How long to wait in turn where others hold what is asked for, default 10,000 ms. */
  readonly waitMs?: number;
}

/** Why an asset cannot serve: which rule of its owner, and what helps. Plain JSON. */
export type ClaimReason = Pick<Rejection, 'asset' | 'kind' | 'code' | 'rule' | 'remedy' | 'position'>;

/**
 * Claims on this node's hardware, under its owner's policy, for requests whose four proofs this node itself has just
 * found valid. Every answer is durable.
 */
export interface ClaimService {
  /** All of it or nothing, in turn where waiting helps; freed after 10 s unless committed. */
  reserve(
    ask: ClaimAsk,
  ): Promise<
    | { readonly ok: true; readonly claim: { readonly id: string; readonly expiresAtMs: number } }
    | { readonly ok: false; readonly reasons: readonly ClaimReason[] }
  >;
  /** What it is for starts now. Where the answer is not ok it must not. */
  commit(
    claim: string,
  ): Promise<
    { readonly ok: true; readonly expiresAtMs: number } | { readonly ok: false; readonly reason: string }
  >;
  /** Idempotent, also for claims that ended or never were. */
  release(claim: string): Promise<void>;
  /** What `reserve` would refuse now and why, changing nothing; empty where it would be granted. */
  explain(ask: ClaimAsk): readonly ClaimReason[];
}

/** What a claim service stands on. */
export interface ClaimParts {
  readonly assets: Assets;
  readonly clock: Clock;
  readonly self: NodeId;
  isMember(node: NodeId): boolean;
  /** What an operation of this member shows at least in each of the four proofs. */
  strengthOf(node: NodeId): ProofStrength;
  /** Resolves when this node's own hardware is registered. */
  ready(): Promise<void>;
}

const defaultWaitMs = 10_000;

/** Asks that are remembered before the ended ones are looked for. */
const mostAsks = 1_024;

/** Claims on a node's assets. Members are trusted peers; anybody else is a stranger. */
export function createClaimService(parts: ClaimParts): ClaimService {
  const { assets, clock, self, isMember, strengthOf, ready } = parts;
  const asks = new Map<string, Ask>();

  const askOf = ({ requester, needs, durationMs }: ClaimAsk): Ask => ({
    requester: { id: requester, isSelf: requester === self, isTrustedPeer: isMember(requester) },
    needs: needsOf(needs),
    durationMs,
    proofs: { ...strengthOf(requester), verifiedAtMs: clock.nowMs() },
  });

  async function inTurn(ask: Ask, waitMs: number) {
    const signal = AbortSignal.timeout(waitMs);
    try {
      return await assets.reserveWhenFree(ask, { signal });
    } catch (error) {
      if (!signal.aborted) throw error;
      // Its time is over: what stands against it now is the answer.
      return await assets.reserve(ask);
    }
  }

  /** Claims end by themselves too, when those who held them do not say so. */
  function forgetEnded(): void {
    const live = new Set(assets.claims().map(({ id }) => id));
    for (const id of asks.keys()) if (!live.has(id)) asks.delete(id);
  }

  return {
    async reserve(request) {
      await ready();
      const ask = askOf(request);
      const answer = await inTurn(ask, request.waitMs ?? defaultWaitMs);
      if (!answer.ok) return { ok: false, reasons: answer.rejections.map(reasonOf) };
      const { id, expiresAtMs } = answer.claim;
      if (asks.size >= mostAsks) forgetEnded();
      asks.set(id, ask);
      return { ok: true, claim: { id, expiresAtMs } };
    },
    async commit(id) {
      const ask = asks.get(id);
      if (ask === undefined) return { ok: false, reason: 'no such claim' };
      const answer = await assets.commit(id, ask, { isActive: true });
      if (answer.ok) return { ok: true, expiresAtMs: answer.claim.expiresAtMs };
      const [first] = answer.rejections;
      return { ok: false, reason: first === undefined ? 'refused' : `${first.code}: ${first.rule}` };
    },
    async release(id) {
      asks.delete(id);
      await assets.release(id);
    },
    explain: (request) => assets.explain(askOf(request)).map(reasonOf),
  };
}

function needsOf({ cpuMicrosPerSecond, memoryBytes, storageBytes }: ClaimNeeds): Need[] {
  return Object.entries({ cpu: cpuMicrosPerSecond, memory: memoryBytes, storage: storageBytes }).flatMap(
    ([kind, quantity]) => (quantity === undefined ? [] : [{ kind, quantity }]),
  );
}

function reasonOf({ asset, kind, code, rule, remedy, position }: Rejection): ClaimReason {
  return { asset, kind, code, rule, remedy, ...(position === undefined ? {} : { position }) };
}
