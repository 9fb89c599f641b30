import { type AssetId, equalBytes, silentMetrics, toHex } from '@hypermesh/core';
import { openKeeper } from './book/keeper.ts';
import { type Entry, usageOf } from './book/state.ts';
import { endClaim, step } from './book/steps.ts';
import { type Requester, relationOf } from './claims/claim.ts';
import { countedDesk } from './claims/counted-desk.ts';
import { type ClaimDesk, createClaimDesk } from './claims/desk.ts';
import { createClaimQueue } from './claims/queue.ts';
import { matches, type Selector } from './claims/selector.ts';
import { AssetsError } from './errors.ts';
import { type Asset, encodeAsset } from './identity/asset.ts';
import { createKinds } from './kinds/registry.ts';
import type { AssetEvent, HistoryHead } from './lifecycle/event.ts';
import type { AssetState, AuthorRole } from './lifecycle/table.ts';
import type { AssetsOptions } from './options.ts';
import { lendable, type Usage } from './policy/decide.ts';
import { changePolicy, checkPolicy, type Policy } from './policy/policy.ts';
import { isAnnounced, keptOutBy } from './policy/reach.ts';

/** An asset as it stands now. */
export interface AssetView {
  readonly asset: Asset;
  readonly state: AssetState;
  readonly policy: Policy;
  readonly usage: Usage;
}

/** What is offered to somebody: only what reaches them, and nothing of those who hold the rest. */
export interface Offer {
  readonly asset: Asset;
  readonly state: AssetState;
  /** Base units that could be leased now, and that all leases together may take. */
  readonly free: number;
  readonly lendable: number;
  readonly maxDurationMs: number;
  readonly price: Policy['price'];
  /** How many wait for assets of this kind. */
  readonly waiting: number;
}

/** The assets of one node: what they are, how they stand, under which rules they are lent, and to whom. */
export interface Assets extends ClaimDesk, AsyncDisposable {
  /**
   * Takes an asset in, `registered`, under a policy. An asset that is there already stays as it is: false. Throws
   * `assets/not-owner`, `assets/unknown-kind` and `assets/forbidden-policy`.
   */
  register(asset: Asset, policy: Policy): Promise<boolean>;
  /**
   * One step by the state table. A step out of leasing revokes the claims on the asset. Throws
   * `assets/forbidden-transition` and `assets/unknown-asset`. Steps of leases (`allocate` to `reclaim`) come from
   * claims alone.
   */
  transition(
    asset: AssetId,
    transition: string,
    by: { readonly role: AuthorRole; readonly author: string },
  ): Promise<AssetEvent>;
  /** Puts a policy in place: the next decision is by it. Throws `assets/forbidden-policy`. */
  setPolicy(asset: AssetId, policy: Policy): Promise<void>;
  find(asset: AssetId): AssetView | undefined;
  list(): readonly AssetView[];
  /** The last events of an asset and the place in its history from which they lead on. */
  history(asset: AssetId): { readonly start: HistoryHead; readonly events: readonly AssetEvent[] };
  offers(to: {
    readonly requester: Requester;
    readonly kind?: string;
    readonly where?: Selector;
  }): readonly Offer[];
}

const leaseSteps = ['allocate', 'activate', 'deactivate', 'release', 'reclaim'];

/**
 * Opens the assets of a node from their journal: states, policies and leases are as they were when the last answer was
 * given, whatever ended the program; claims that ran out meanwhile are freed. Owns the journal from here on. Throws
 * `assets/journal-corrupt` where the journal contradicts itself.
 */
export async function openAssets(options: AssetsOptions): Promise<Assets> {
  const { owner, floor, journal, clock, random, kinds = createKinds(), metrics = silentMetrics } = options;
  const queue = createClaimQueue();
  const keeper = await openKeeper({ journal, clock, kinds, metrics, freed: () => queue.advance() });
  const { book } = keeper;
  const desk = countedDesk(createClaimDesk(keeper, queue, { floor, random, nowMs: clock.nowMs }), metrics);

  const entryOf = (id: AssetId): Entry => {
    const entry = book.entries.get(id);
    if (entry !== undefined) return entry;
    throw new AssetsError({ code: 'assets/unknown-asset', asset: id }, `There is no asset ${id} here`);
  };
  const viewOf = (entry: Entry): AssetView => ({
    asset: entry.asset,
    state: entry.head.state,
    policy: entry.policy,
    usage: usageOf(book, entry, undefined),
  });

  return {
    ...desk,
    async register(asset, policy) {
      if (!equalBytes(asset.record.owner, owner))
        throw new AssetsError(
          { code: 'assets/not-owner', asset: asset.id },
          `${asset.id} belongs to somebody else`,
        );
      if (kinds.find(asset.record.kind) === undefined)
        throw new AssetsError(
          { code: 'assets/unknown-kind', kind: asset.record.kind },
          'The kind is not known here',
        );
      const checked = checkPolicy(policy, floor);
      if (!checked.ok) changePolicy(policy, policy, { floor, liveLeases: 0 });
      return keeper.change((steps) => {
        if (book.entries.has(asset.id)) return false;
        steps.take({ t: 'asset', asset: encodeAsset(asset), policy });
        return true;
      });
    },
    transition: (id, transition, { role, author }) =>
      keeper.change((steps, atMs) => {
        const entry = entryOf(id);
        const isOwner = role !== 'owner' || author === toHex(owner);
        if (leaseSteps.includes(transition) || !isOwner) {
          throw new AssetsError(
            { code: 'assets/forbidden-transition', transition, from: entry.head.state, reason: 'author' },
            isOwner ? `${transition} comes from claims alone` : `${transition} is for the owner's key`,
          );
        }
        step(steps, entry, { transition, by: role, author, atMs });
        const made = entry.events.at(-1);
        if (made === undefined) throw new TypeError('an event that was taken is the last');
        if (made.to !== 'available') {
          for (const claimId of [...entry.claims]) {
            const claim = book.claims.get(claimId);
            if (claim !== undefined) endClaim(steps, book, claim, 'revoked', atMs);
          }
        }
        return made;
      }),
    setPolicy: (id, next) =>
      keeper.change((steps) => {
        const entry = entryOf(id);
        const policy = changePolicy(entry.policy, next, { floor, liveLeases: entry.claims.size });
        steps.take({ t: 'policy', asset: id, policy });
      }),
    find: (id) => {
      const entry = book.entries.get(id);
      return entry === undefined ? undefined : viewOf(entry);
    },
    list: () => [...book.entries.values()].map(viewOf),
    history(id) {
      const { start, events } = entryOf(id);
      return { start, events: [...events] };
    },
    offers({ requester, kind, where }) {
      return [...book.entries.values()].flatMap((entry): Offer[] => {
        const { asset, policy, head } = entry;
        if (kind !== undefined && asset.record.kind !== kind) return [];
        if (where !== undefined && !matches(where, asset.record.attributes)) return [];
        if (!['available', 'allocated', 'active'].includes(head.state)) return [];
        const relation = relationOf(requester, policy);
        if (keptOutBy(policy.level, policy.allocation, relation) !== undefined) return [];
        if (!isAnnounced(policy.allocation) && relation === 'anyone') return [];
        const most = lendable(entry.capacity, policy.shareBp);
        return [
          {
            asset,
            state: head.state,
            free: Math.max(0, most - usageOf(book, entry, undefined).leased),
            lendable: most,
            maxDurationMs: policy.maxDurationMs,
            price: policy.price,
            waiting: queue.ahead([asset.record.kind]),
          },
        ];
      });
    },
    [Symbol.asyncDispose]: () => keeper[Symbol.asyncDispose](),
  };
}
