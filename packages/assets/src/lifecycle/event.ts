import {
  type AssetId,
  domainHash,
  encodeRecord,
  equalBytes,
  type Infer,
  record,
  s,
  type Verdict,
} from '@hypermesh/core';
import { AssetsError } from '../errors.ts';
import { type AuthorRole, type TransitionFault, transitionFrom } from './table.ts';

const domain = 'hypermesh/assets/event/v1';
const stateSchema = s.union(
  s.literal('registered'),
  s.literal('available'),
  s.literal('allocated'),
  s.literal('active'),
  s.literal('suspended'),
  s.literal('maintenance'),
  s.literal('failed'),
  s.literal('retired'),
);
const assetIdSchema = s.cid<AssetId>({ codec: 'dag-cbor', hash: 'sha2-256' });

/** The form of an event on disk. */
export const eventSchema = record({
  v: s.literal(1),
  asset: assetIdSchema,
  /** 1 for the first event of an asset. */
  sequence: s.uint(),
  transition: s.text(32),
  from: stateSchema,
  to: stateSchema,
  by: s.union(s.literal('owner'), s.literal('adapter'), s.literal('lessee'), s.literal('ledger')),
  /** Who or what exactly: a key, a lease, an operation; free text for people and audits. */
  author: s.text(256),
  atMs: s.uint(),
  /** Hash of the event before; of the asset's id for the first. */
  previous: s.bytes({ length: 32 }),
});

/** One step in the life of an asset, chained to the one before. */
export type AssetEvent = Infer<typeof eventSchema>;

/** The form of a place in an asset's history. */
export const headSchema = record({
  state: stateSchema,
  sequence: s.uint(),
  hash: s.bytes({ length: 32 }),
});

/** Where the history of an asset stands: its state, how many events led there, and the hash of the last. */
export type HistoryHead = Infer<typeof headSchema>;

/** Hash of an event: what the next one is chained to. 32 bytes. */
export function eventHash(event: AssetEvent): Uint8Array {
  return domainHash(domain, encodeRecord(eventSchema, event));
}

/** Where every asset begins. */
export function firstHead(asset: AssetId): HistoryHead {
  return { state: 'registered', sequence: 0, hash: domainHash(domain, new TextEncoder().encode(asset)) };
}

/** The next event after `head`. Throws `assets/forbidden-transition` where the table has none such. */
export function createEvent(
  asset: AssetId,
  head: HistoryHead,
  step: {
    readonly transition: string;
    readonly by: AuthorRole;
    readonly author: string;
    readonly atMs: number;
  },
): AssetEvent {
  const { transition, by, author, atMs } = step;
  const next = transitionFrom(head.state, transition, by);
  if (!next.ok) {
    const why = { from: `not from ${head.state}`, author: `not by the ${by}`, unknown: 'no such transition' };
    throw new AssetsError(
      { code: 'assets/forbidden-transition', transition, from: head.state, reason: next.reason },
      `${transition} of ${asset} is forbidden: ${why[next.reason]}`,
    );
  }
  return {
    v: 1,
    asset,
    sequence: head.sequence + 1,
    transition,
    from: head.state,
    to: next.to,
    by,
    author,
    atMs,
    previous: head.hash,
  };
}

/** Why an event does not follow. */
export type EventReason = 'asset' | 'sequence' | 'previous' | 'state' | TransitionFault;

/** Where an event leads, if it is the next of its asset and the table allows it. */
export function follow(
  asset: AssetId,
  head: HistoryHead,
  event: AssetEvent,
): Verdict<{ head: HistoryHead }, EventReason> {
  if (event.asset !== asset) return { ok: false, reason: 'asset' };
  if (event.sequence !== head.sequence + 1) return { ok: false, reason: 'sequence' };
  if (!equalBytes(event.previous, head.hash)) return { ok: false, reason: 'previous' };
  const next = transitionFrom(head.state, event.transition, event.by);
  if (!next.ok) return next;
  if (event.from !== head.state || event.to !== next.to) return { ok: false, reason: 'state' };
  return { ok: true, head: { state: next.to, sequence: event.sequence, hash: eventHash(event) } };
}

/**
 * Whether events are an unbroken history of an asset from `start` (its beginning unless told otherwise), and where it
 * leads. Names the first event that does not follow.
 */
export function verifyHistory(
  asset: AssetId,
  events: readonly AssetEvent[],
  start: HistoryHead = firstHead(asset),
): Verdict<{ head: HistoryHead }, { readonly at: number; readonly fault: EventReason }> {
  let head = start;
  for (const [at, event] of events.entries()) {
    const next = follow(asset, head, event);
    if (!next.ok) return { ok: false, reason: { at, fault: next.reason } };
    head = next.head;
  }
  return { ok: true, head };
}
