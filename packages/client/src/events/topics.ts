import type { Static, TSchema } from 'typebox';
import { Type } from '../table/type.ts';

/** Any JSON object: what a topic carries until its service says more. */
const anything = Type.Record(Type.String(), Type.Unknown());

const topic = <Data extends TSchema>(summary: string, data: Data) => ({ summary, data });

/** What can be heard live, with the shape of what each topic carries. The one place where topics are named. */
export const topics = {
  status: topic('Phase, members and what else the overview shows changed', anything),
  blocks: topic('A block became final', anything),
  runs: topic('A run began, went on or ended', anything),
  transfers: topic('Content moved', anything),
  assets: topic('An asset, its policy or its leases changed', anything),
  packages: topic('A package was published, installed or removed', anything),
  memory: topic('A region or a grant changed', anything),
  wallet: topic('Value moved', anything),
  extensions: topic('An extension changed its state', anything),
  trust: topic('A certificate, a name or the log changed', anything),
  links: topic('A link to a member opened, closed or changed', anything),
  metrics: topic('A new sample of the counters', anything),
  alerts: topic('An alert began or ended', anything),
  logs: topic('A line was logged', anything),
} as const;

/** A name of something that can be heard live. */
export type Topic = keyof typeof topics;

/** What an event of a topic carries. */
export type EventData<T extends Topic> = Static<(typeof topics)[T]['data']>;

/** Every topic. */
export const topicNames: readonly Topic[] = Object.keys(topics) as Topic[];

/** One event of a topic. Ids grow in order; those of one life of a node begin with the same text. */
export interface LiveEvent<T extends Topic = Topic> {
  readonly id: string;
  readonly topic: T;
  readonly atMs: number;
  readonly data: EventData<T>;
}

/** Tells a reader that it missed events: it was too slow, was away for too long, or the node began anew. Read afresh what is shown. */
export interface DroppedEvent {
  readonly id: string;
  readonly topic: 'dropped';
  readonly atMs: number;
  readonly data: { readonly reason: 'slow' | 'gone' | 'restart'; readonly missed?: number };
}
