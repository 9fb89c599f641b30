export {
  type CallOptions,
  type Client,
  type ClientOptions,
  createClient,
  type Progress,
} from './client.ts';
export { ClientError, type ClientFailure, type NodeSaid } from './errors.ts';
export type { FollowOptions } from './events/follow.ts';
export { readEvents, type StreamEvent } from './events/stream.ts';
export type { DroppedEvent, EventData, LiveEvent, Topic } from './events/topics.ts';
export { type Answered, type CalledRoute, type Fetch, targetOf } from './request.ts';
export type { Input, Result, RouteId } from './routes/table.ts';
export type { AnyRoute, Method, Route } from './table/route.ts';
