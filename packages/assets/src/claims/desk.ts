import { type Random, toHex, utf8 } from '@hypermesh/core';
import type { Keeper } from '../book/keeper.ts';
import { endClaim, followClaims, type Steps } from '../book/steps.ts';
import { AssetsError } from '../errors.ts';
import { defaultReserveMs, maxNeeds, maxReserveMs } from '../options.ts';
import type { ProofStrength } from '../policy/policy.ts';
import type { Ask, Claim, Rejection, RejectionCode, Use } from './claim.ts';
import { place } from './place.ts';
import { type ClaimQueue, withPosition } from './queue.ts';
import { checkSelector } from './selector.ts';

/** What a reservation, commit or renewal comes to. */
export type ClaimAnswer =
  | { readonly ok: true; readonly claim: Claim }
  | { readonly ok: false; readonly rejections: readonly Rejection[] };

/** Claims on the assets of a node. Every answer is durable when it is given. */
export interface ClaimDesk {
  /**
   * Holds all needs of an ask for `ttlMs` (10 s), or none of them. Asks of those who wait for the same kinds come
   * first. Never rejects for what an asker wants.
   */
  reserve(ask: Ask, options?: { readonly ttlMs?: number }): Promise<ClaimAnswer>;
  /**
   * Like `reserve`, but waits its turn where waiting helps: first come, first served among those that want the same
   * kinds. `onPosition` hears the place in the queue, from 1. An abort gives up and rejects with its reason.
   */
  reserveWhenFree(
    ask: Ask,
    options?: {
      readonly ttlMs?: number;
      readonly signal?: AbortSignal;
      readonly onPosition?: (position: number) => void;
    },
  ): Promise<ClaimAnswer>;
  /** What `reserve` would refuse and why, changing nothing; empty where it would be granted. */
  explain(ask: Ask): readonly Rejection[];
  /**
   * Makes a reservation a lease from now on. The policy is asked again, as it stands now, with the proofs of `use`; a
   * claim that is refused stays reserved until it runs out. `isActive` says that it is used at once.
   */
  commit(claim: string, use: Use, options?: { readonly isActive?: boolean }): Promise<ClaimAnswer>;
  /** Says that a lease is in use, or no longer. False where there is no such lease. */
  setActive(claim: string, isActive: boolean): Promise<boolean>;
  /** Lets a lease run `durationMs` from now. The policy is asked again, as it stands now. */
  renew(claim: string, use: Use, durationMs: number): Promise<ClaimAnswer>;
  /** Ends a claim by its holder's will; false where there is none. */
  release(claim: string): Promise<boolean>;
  /** Ends a claim by the owner's will; false where there is none. */
  revoke(claim: string): Promise<boolean>;
  /** All claims that live. */
  claims(): readonly Claim[];
}

/** The desk of a keeper's book. */
export function createClaimDesk(
  keeper: Keeper,
  queue: ClaimQueue,
  { floor, random, nowMs }: { readonly floor: ProofStrength; readonly random: Random; nowMs(): number },
): ClaimDesk {
  const { book } = keeper;
  const kindsOf = ({ needs }: Ask) => [...new Set(needs.map(({ kind }) => kind))];

  function hold(steps: Steps, ask: Ask, ttlMs: number, atMs: number): ClaimAnswer {
    const malformed = faultOf(ask);
    if (malformed !== undefined)
      return refused('request-invalid', malformed, 'ask in the form that is described');
    const placed = place(book, ask, { nowMs: atMs, floor });
    if (!placed.ok) return placed;
    const id = toHex(random.bytes(16));
    const claim: Claim = {
      id,
      state: 'reserved',
      holder: placed.isPseudonym ? `anonymous:${toHex(random.bytes(16))}` : ask.requester.id,
      isPseudonym: placed.isPseudonym,
      isReverified: placed.isReverified,
      items: placed.items,
      durationMs: ask.durationMs,
      price: placed.price,
      reservedAtMs: atMs,
      expiresAtMs: atMs + ttlMs,
    };
    steps.take({ t: 'claim', claim });
    return { ok: true, claim };
  }

  const tryHold = (ask: Ask, ttlMs: number) => (steps: Steps, atMs: number) => {
    checkTtl(ttlMs);
    const ahead = queue.ahead(kindsOf(ask));
    if (ahead > 0) {
      const answer = refused('queued', `${ahead} wait for the same`, 'wait your turn', true);
      return { ok: false as const, rejections: withPosition(answer.rejections, ahead + 1) };
    }
    const answer = hold(steps, ask, ttlMs, atMs);
    return answer.ok ? answer : { ok: false as const, rejections: withPosition(answer.rejections, 1) };
  };

  /** A claim asked again, as its own needs, with itself out of the way. */
  function reconsider(id: string, use: Use, durationMs: number, atMs: number) {
    const claim = book.claims.get(id);
    if (claim === undefined) return refused('no-claim', 'it ended or never was', 'reserve again');
    if (!claim.isPseudonym && claim.holder !== use.requester.id)
      return refused('not-holder', 'a claim is for its holder alone', 'reserve for yourself');
    const ask = { ...use, needs: claim.items, durationMs };
    const malformed = faultOf(ask);
    if (malformed !== undefined)
      return refused('request-invalid', malformed, 'ask in the form that is described');
    const placed = place(book, ask, { nowMs: atMs, floor }, id);
    return placed.ok ? { ok: true as const, claim, price: placed.price } : placed;
  }

  function put(steps: Steps, claim: Claim, atMs: number): void {
    steps.take({ t: 'claim', claim });
    for (const asset of new Set(claim.items.map((item) => item.asset))) {
      const entry = book.entries.get(asset);
      if (entry !== undefined) followClaims(steps, book, entry, { claim: claim.id, atMs });
    }
  }

  const end = (id: string, how: 'released' | 'revoked') =>
    keeper.change((steps, atMs) => {
      const claim = book.claims.get(id);
      if (claim !== undefined) endClaim(steps, book, claim, how, atMs);
      return claim !== undefined;
    });

  return {
    reserve: (ask, { ttlMs = defaultReserveMs } = {}) => keeper.change(tryHold(ask, ttlMs)),
    async reserveWhenFree(ask, { ttlMs = defaultReserveMs, signal, onPosition = () => undefined } = {}) {
      signal?.throwIfAborted();
      const first = await keeper.change(tryHold(ask, ttlMs));
      if (first.ok || !canWait(first.rejections)) return first;
      const { promise, resolve, reject } = Promise.withResolvers<ClaimAnswer>();
      let holding: string | undefined;
      const leave = queue.join({
        kinds: kindsOf(ask),
        moved: onPosition,
        attempt() {
          // The desk decides at once, so the outcome is known when `change` returns its promise.
          let answer: ClaimAnswer | undefined;
          const durable = keeper.change((steps, atMs) => {
            const held = hold(steps, ask, ttlMs, atMs);
            answer = held;
            if (held.ok) holding = held.claim.id;
            return held;
          });
          if (answer !== undefined && !answer.ok && canWait(answer.rejections)) {
            durable.catch(reject);
            return 'wait';
          }
          durable.then(resolve, reject);
          return 'done';
        },
      });
      const give = () => reject(signal?.reason);
      signal?.addEventListener('abort', give, { once: true });
      try {
        // What was freed between the refusal and joining is not told again.
        queue.advance();
        return await promise;
      } catch (error) {
        // Given up between the decision and the disk: nobody will use what was held.
        if (holding !== undefined && signal?.aborted) await end(holding, 'released');
        throw error;
      } finally {
        leave();
        signal?.removeEventListener('abort', give);
      }
    },
    explain(ask) {
      const malformed = faultOf(ask);
      if (malformed !== undefined)
        return refused('request-invalid', malformed, 'ask in the form that is described').rejections;
      const placed = place(book, ask, { nowMs: nowMs(), floor });
      return placed.ok ? [] : withPosition(placed.rejections, queue.ahead(kindsOf(ask)) + 1);
    },
    commit: (id, use, { isActive = false } = {}) =>
      keeper.change((steps, atMs) => {
        const found = reconsider(id, use, book.claims.get(id)?.durationMs ?? 0, atMs);
        if (!found.ok) return found;
        const { claim, price } = found;
        if (claim.state !== 'reserved') return refused('no-claim', 'it is committed already', 'renew it');
        const state = isActive ? 'active' : 'committed';
        const lease: Claim = { ...claim, state, price, expiresAtMs: atMs + claim.durationMs };
        put(steps, lease, atMs);
        return { ok: true, claim: lease };
      }),
    setActive: (id, isActive) =>
      keeper.change((steps, atMs) => {
        const claim = book.claims.get(id);
        if (claim === undefined || claim.state === 'reserved') return false;
        put(steps, { ...claim, state: isActive ? 'active' : 'committed' }, atMs);
        return true;
      }),
    renew: (id, use, durationMs) =>
      keeper.change((steps, atMs) => {
        const found = reconsider(id, use, durationMs, atMs);
        if (!found.ok) return found;
        const { claim, price } = found;
        if (claim.state === 'reserved') return refused('no-claim', 'it is not committed', 'commit it');
        const total = claim.price + price;
        if (total > mostPrice)
          return refused('bundle-price', `price ${total}`, 'release it and reserve again');
        const lease: Claim = { ...claim, price: total, expiresAtMs: atMs + durationMs };
        put(steps, lease, atMs);
        return { ok: true, claim: lease };
      }),
    release: (id) => end(id, 'released'),
    revoke: (id) => end(id, 'revoked'),
    claims: () => [...book.claims.values()],
  };
}

/** Waiting helps a bundle only where it helps every need that is refused for good reason nowhere. */
function canWait(rejections: readonly Rejection[]): boolean {
  const needs = new Set(rejections.map(({ need }) => need));
  return [...needs].every((need) => rejections.some((one) => one.need === need && one.canWait));
}

function checkTtl(ttlMs: number): void {
  if (Number.isSafeInteger(ttlMs) && ttlMs >= 1 && ttlMs <= maxReserveMs) return;
  const expected = `a whole number from 1 to ${maxReserveMs}`;
  throw new AssetsError(
    { code: 'assets/bad-argument', argument: 'ttlMs', expected },
    `ttlMs must be ${expected}`,
  );
}

/** Most that a claim can cost: what cannot be written down would end the journal for everybody. */
const mostPrice = 2n ** 64n - 1n;

function faultOf({ needs, requester, durationMs, maxPrice = 0n }: Ask): string | undefined {
  if (!Array.isArray(needs) || needs.length < 1 || needs.length > maxNeeds) return `1 to ${maxNeeds} needs`;
  const { id } = requester;
  if (typeof id !== 'string' || id === '' || !id.isWellFormed() || utf8(id).length > 128)
    return 'a requester of 1 to 128 bytes';
  if (typeof maxPrice !== 'bigint' || maxPrice > mostPrice) return 'an offer of at most 2^64-1';
  if (!Number.isSafeInteger(durationMs) || durationMs < 1) return 'a duration in whole milliseconds';
  if (needs.some(({ where }) => where !== undefined && !checkSelector(where).ok))
    return 'selectors within bounds';
  return undefined;
}

function refused(code: RejectionCode, rule: string, remedy: string, canWait = false) {
  const rejection: Rejection = { need: 0, asset: '', kind: '', code, rule, remedy, canWait };
  return { ok: false as const, rejections: [rejection] };
}
