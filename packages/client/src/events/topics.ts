import type { Static, TSchema } from 'typebox';
import { submission } from '../routes/chain.ts';
import { transferState } from '../routes/links.ts';
import { alert, logLine } from '../routes/monitor.ts';
import { run } from '../routes/runs.ts';
import { count, hex, list, number, object, oneOf, words } from '../table/shapes.ts';
import { Type } from '../table/type.ts';

/** Any JSON object: what a topic carries until its service says more. */
const anything = Type.Record(Type.String(), Type.Unknown());

const block = object({
  type: oneOf(['block']),
  height: count(),
  hash: hex(),
  timeMs: count(),
  proposer: words(),
  operations: count(),
  bytes: count(),
});

/** How an operation stands that was handed in here and not waited for. */
const decided = object({ type: oneOf(['operation']), ...submission });

const transfer = object({
  id: count(),
  root: words(),
  state: transferState,
  bytes: count(),
  bytesHere: count(),
  bytesMoved: count(),
  rateBps: count(),
  peers: list(object({ name: words(), bytes: count() })),
});

const link = object({ type: oneOf(['open', 'close']), name: words(), nodeId: words() });

const topic = <Data extends TSchema>(summary: string, data: Data) => ({ summary, data });

/** What can be heard live, with the shape of what each topic carries. The one place where topics are named. */
export const topics = {
  status: topic('Phase, members and what else the overview shows changed', anything),
  blocks: topic(
    'A block became final, or an operation that was handed in was decided',
    Type.Union([block, decided]),
  ),
  runs: topic('A run began, went on or ended', object(run)),
  transfers: topic('Content moved', transfer),
  assets: topic('An asset, its policy or its leases changed', anything),
  packages: topic('A package was published, installed or removed', anything),
  memory: topic('A region or a grant changed', anything),
  wallet: topic('Value moved', anything),
  extensions: topic(
    'An extension changed its state, or its operator decided something about it or a signer',
    object({
      id: words({ description: 'Empty where it is about a signer' }),
      event: words(),
      state: Type.Optional(words()),
      reason: Type.Optional(words()),
      about: Type.Optional(words({ description: 'The capability or the signer' })),
    }),
  ),
  trust: topic('A certificate, a name or the log changed', anything),
  links: topic('A link to a member opened or closed', link),
  metrics: topic('The history has a new step', object({ atMs: number(), stepMs: number() })),
  alerts: topic('An alert became pending, fired or was resolved', alert),
  logs: topic('A line was logged', logLine),
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
