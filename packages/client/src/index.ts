export {
  type DroppedEvent,
  type EventData,
  type LiveEvent,
  type Topic,
  topicNames,
  topics,
} from './events/topics.ts';
export { type Input, type Result, type RouteId, routes } from './routes/index.ts';
export { type AnyRoute, type Method, type Route, route } from './table/route.ts';
