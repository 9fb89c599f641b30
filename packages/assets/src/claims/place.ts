import type { AssetId } from '@hypermesh/core';
import { type Book, type Entry, usageOf } from '../book/state.ts';
import { type Denial, decide, type Grant } from '../policy/decide.ts';
import type { ProofStrength } from '../policy/policy.ts';
import { type Ask, type Claim, type Need, type Rejection, relationOf } from './claim.ts';
import { matches } from './selector.ts';

/** Which asset serves which need, or why none does. */
export type Placement =
  | {
      readonly ok: true;
      readonly items: Claim['items'];
      readonly price: bigint;
      readonly isPseudonym: boolean;
      readonly isReverified: boolean;
    }
  | { readonly ok: false; readonly rejections: readonly Rejection[] };

/** Decisions that one placement may take; beyond it the answer is a refusal. */
const searchBudget = 4_096;

interface Choice {
  readonly entry: Entry;
  readonly need: Need;
  readonly grant: Grant;
}

/**
 * Finds an asset for each need, so that all can be had together, or none. Assets are tried in the order in which they
 * were registered; where an early choice stands in the way of a later need, another is tried. `without` is a claim
 * that is about to be replaced and does not count.
 */
export function place(
  book: Book,
  ask: Ask,
  at: { readonly nowMs: number; readonly floor: ProofStrength },
  without?: string,
): Placement {
  const rejections = new Map<string, Rejection>();
  const chosen: Choice[] = [];
  let budget = searchBudget;

  const reject = (
    need: number,
    { kind }: Need,
    asset: string,
    why: Omit<Rejection, 'need' | 'asset' | 'kind'>,
  ) => {
    const key = `${need} ${asset}`;
    if (!rejections.has(key)) rejections.set(key, { need, asset, kind, ...why });
  };

  const search = (index: number): boolean => {
    const need = ask.needs[index];
    if (need === undefined) return true;
    let wasSeen = false;
    for (const entry of book.entries.values()) {
      if (entry.asset.record.kind !== need.kind) continue;
      if (need.asset !== undefined && need.asset !== entry.asset.id) continue;
      wasSeen = true;
      if (need.where !== undefined && !matches(need.where, entry.asset.record.attributes)) {
        reject(index, need, entry.asset.id, noMatch);
        continue;
      }
      if (budget-- <= 0) {
        reject(index, need, entry.asset.id, outOfBudget);
        return false;
      }
      const choice = consider(book, entry, need, { ask, chosen, at, without });
      if (!choice.ok) {
        reject(index, need, entry.asset.id, choice.why);
        continue;
      }
      chosen.push(choice.choice);
      if (search(index + 1)) return true;
      chosen.pop();
    }
    if (!wasSeen) reject(index, need, need.asset ?? need.kind, noAsset(need));
    return false;
  };

  if (!search(0)) return { ok: false, rejections: [...rejections.values()] };
  const price = chosen.reduce((sum, { grant }) => sum + grant.price, 0n);
  if (price > (ask.maxPrice ?? 0n)) {
    const remedy = `offer ${price} for the bundle`;
    const why = { code: 'bundle-price', rule: `price ${price}`, remedy, canWait: false } as const;
    return {
      ok: false,
      rejections: chosen.map(({ entry, need }, index) => ({
        need: index,
        asset: entry.asset.id,
        kind: need.kind,
        ...why,
      })),
    };
  }
  return {
    ok: true,
    items: chosen.map(({ entry, need }) => ({
      asset: entry.asset.id,
      kind: need.kind,
      quantity: need.quantity,
    })),
    price,
    isPseudonym: chosen.some(({ grant }) => grant.identity === 'pseudonym'),
    isReverified: chosen.some(({ grant }) => grant.isReverified),
  };
}

function consider(
  book: Book,
  entry: Entry,
  need: Need,
  given: {
    readonly ask: Ask;
    readonly chosen: readonly Choice[];
    readonly at: { readonly nowMs: number; readonly floor: ProofStrength };
    readonly without: string | undefined;
  },
):
  | { readonly ok: true; readonly choice: Choice }
  | { readonly ok: false; readonly why: Omit<Rejection, 'need' | 'asset' | 'kind'> } {
  const { ask, chosen, at, without } = given;
  const { state } = entry.head;
  const relation = relationOf(ask.requester, entry.policy);
  const usage = usageOf(book, entry, ask.requester.id, without);
  const before = chosen.filter((choice) => choice.entry === entry);
  const decision = decide(
    entry.policy,
    { ...usage, leased: before.reduce((sum, { need: { quantity } }) => sum + quantity, usage.leased) },
    {
      relation,
      quantity: need.quantity,
      durationMs: ask.durationMs,
      proofs: ask.proofs,
      ...(ask.maxPrice === undefined ? {} : { maxPrice: ask.maxPrice }),
    },
    at,
  );
  if (!decision.ok) return { ok: false, why: whyDenied(decision) };
  if (state !== 'available' && state !== 'allocated' && state !== 'active')
    return { ok: false, why: notAvailable(state) };
  return { ok: true, choice: { entry, need, grant: decision } };
}

function whyDenied({ code, rule, remedy, canWait }: Denial): Omit<Rejection, 'need' | 'asset' | 'kind'> {
  return { code, rule, remedy, canWait };
}

const noMatch = {
  code: 'no-match',
  rule: 'the attributes do not meet the selector',
  remedy: 'ask for less, or elsewhere',
  canWait: false,
} as const;

const outOfBudget = {
  code: 'search-budget',
  rule: `${searchBudget} decisions for one bundle`,
  remedy: 'ask for fewer parts, or name the assets',
  canWait: false,
} as const;

const noAsset = ({ kind, asset }: { kind: string; asset?: AssetId | undefined }) => ({
  code: 'no-asset' as const,
  rule: asset === undefined ? `no ${kind} is registered here` : `no ${kind} with this id is registered here`,
  remedy: 'ask another node',
  canWait: false,
});

const notAvailable = (state: string) => ({
  code: 'not-available' as const,
  rule: `the asset is ${state}`,
  remedy: 'ask later, or elsewhere',
  canWait: false,
});
