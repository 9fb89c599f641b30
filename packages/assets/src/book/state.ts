import type { AssetId } from '@hypermesh/core';
import type { Claim } from '../claims/claim.ts';
import { type Asset, decodeAsset, encodeAsset } from '../identity/asset.ts';
import { capacityIn, type Kinds } from '../kinds/registry.ts';
import { type AssetEvent, firstHead, follow, type HistoryHead } from '../lifecycle/event.ts';
import type { Usage } from '../policy/decide.ts';
import type { Policy } from '../policy/policy.ts';
import type { Change } from './change.ts';

/** Events of one asset that are kept at hand; older ones are known by the hash that the oldest of these names. */
const keptEvents = 64;

/** An asset with everything that changes about it. */
export interface Entry {
  readonly asset: Asset;
  readonly capacity: number;
  policy: Policy;
  head: HistoryHead;
  /** Where the history stood before the first of `events`. */
  start: HistoryHead;
  readonly events: AssetEvent[];
  readonly claims: Set<Claim['id']>;
}

/** All assets and claims of a node. Only `apply` changes it. */
export interface Book {
  readonly entries: Map<AssetId, Entry>;
  readonly claims: Map<Claim['id'], Claim>;
}

/** A book without assets. */
export function emptyBook(): Book {
  return { entries: new Map(), claims: new Map() };
}

/** Carries a change out, or says why it does not follow from what is there; then nothing is changed. */
export function apply(book: Book, change: Change, kinds: Kinds): string | undefined {
  switch (change.t) {
    case 'asset': {
      const decoded = decodeAsset(change.asset, { kinds });
      if (!decoded.ok) return `an asset that is none: ${decoded.reason}`;
      const { asset } = decoded;
      const kind = kinds.find(asset.record.kind);
      const capacity = kind === undefined ? undefined : capacityIn(kind, asset.record.attributes);
      if (capacity === undefined || book.entries.has(asset.id)) return `asset ${asset.id} twice`;
      const head = firstHead(asset.id);
      const entry = {
        asset,
        capacity,
        policy: change.policy,
        head,
        start: head,
        events: [],
        claims: new Set<string>(),
      };
      book.entries.set(asset.id, entry);
      return undefined;
    }
    case 'event': {
      const entry = book.entries.get(change.event.asset);
      if (entry === undefined) return 'an event of no asset';
      const next = follow(entry.asset.id, entry.head, change.event);
      if (!next.ok) return `event ${change.event.sequence} of ${entry.asset.id}: ${next.reason}`;
      entry.head = next.head;
      entry.events.push(change.event);
      if (entry.events.length > keptEvents) {
        const [oldest] = entry.events.splice(0, 1);
        const start = oldest === undefined ? undefined : follow(entry.asset.id, entry.start, oldest);
        if (start?.ok) entry.start = start.head;
      }
      return undefined;
    }
    case 'policy': {
      const entry = book.entries.get(change.asset);
      if (entry === undefined) return 'a policy of no asset';
      entry.policy = change.policy;
      return undefined;
    }
    case 'claim': {
      const { claim } = change;
      const entries = claim.items.map(({ asset }) => book.entries.get(asset));
      if (entries.includes(undefined)) return 'a claim on no asset';
      const before = book.claims.get(claim.id);
      const isSame = ({ asset, quantity }: Claim['items'][number], at: number) =>
        before?.items[at]?.asset === asset && before.items[at].quantity === quantity;
      if (before !== undefined && !claim.items.every(isSame)) return `claim ${claim.id} for something else`;
      for (const entry of entries) entry?.claims.add(claim.id);
      book.claims.set(claim.id, claim);
      return undefined;
    }
    case 'end': {
      const claim = book.claims.get(change.claim);
      if (claim === undefined) return 'the end of no claim';
      for (const { asset } of claim.items) book.entries.get(asset)?.claims.delete(claim.id);
      book.claims.delete(claim.id);
      return undefined;
    }
    case 'head': {
      const entry = book.entries.get(change.asset);
      if (entry === undefined || entry.head.sequence > 0) return 'a place in the history of no asset';
      entry.head = change.head;
      entry.start = change.head;
      return undefined;
    }
    default:
      return change satisfies never;
  }
}

/** The fewest changes that lead from an empty book to this one; the events before are left to their hash. */
export function changesFor(book: Book): Change[] {
  const entries = [...book.entries.values()].flatMap(({ asset, policy, head }): Change[] => [
    { t: 'asset', asset: encodeAsset(asset), policy },
    ...(head.sequence === 0 ? [] : [{ t: 'head', asset: asset.id, head } as const]),
  ]);
  return [...entries, ...[...book.claims.values()].map((claim): Change => ({ t: 'claim', claim }))];
}

/** What is taken of an asset, the claim `without` not counted. */
export function usageOf(book: Book, entry: Entry, requester: string | undefined, without?: string): Usage {
  let [leased, leases, leasesOfRequester] = [0, 0, 0];
  for (const id of entry.claims) {
    const claim = id === without ? undefined : book.claims.get(id);
    if (claim === undefined) continue;
    leases += 1;
    if (!claim.isPseudonym && claim.holder === requester) leasesOfRequester += 1;
    for (const item of claim.items) if (item.asset === entry.asset.id) leased += item.quantity;
  }
  return { capacity: entry.capacity, leased, leases, leasesOfRequester };
}
