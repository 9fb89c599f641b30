import { route } from '../table/route.ts';
import { count, flag, list, nullable, number, object, oneOf, optional, words } from '../table/shapes.ts';

/** How far content has come that moves. */
export const transferState = oneOf(['active', 'done', 'failed', 'cancelled']);

const transfer = object({
  id: count(),
  root: words(),
  name: nullable(words({ description: 'The package it belongs to' })),
  state: transferState,
  startedMs: count(),
  endedMs: nullable(count()),
  bytes: count({ description: '0 before the manifest is there' }),
  bytesHere: count(),
  bytesMoved: count(),
  bytesReused: count(),
  rateBps: count({ description: 'Over ten seconds while active, over all of it afterwards' }),
  peers: list(object({ name: words(), nodeId: words(), bytes: count() })),
  asked: count({ description: 'Members that are asked at this moment' }),
  chunksRefused: count(),
  reason: optional(words()),
});

/** What goes over the wire. */
export const linkRoutes = {
  transfers: route({
    method: 'GET',
    path: '/v1/transfers',
    summary: 'Content that moves: active, the last hundred, and what is served to each member',
    input: object({}),
    output: object({
      active: list(transfer),
      recent: list(transfer),
      uploads: list(
        object({
          name: words(),
          nodeId: words(),
          bytes: count(),
          chunks: count(),
          fetches: count(),
          lastMs: count(),
          rateBps: count(),
        }),
      ),
    }),
  }),
  topology: route({
    method: 'GET',
    path: '/v1/topology',
    summary: 'The links of this node to each member',
    input: object({}),
    output: object({
      self: object({ name: words(), nodeId: words() }),
      scope: oneOf(['own-links'], { description: 'Links of others among themselves are not known here' }),
      members: list(
        object({
          name: words(),
          nodeId: words(),
          self: flag(),
          address: optional(words()),
          connected: flag(),
          sessions: count(),
          reconnects: count(),
          direction: optional(oneOf(['inbound', 'outbound'])),
          carrier: optional(words()),
          kem: optional(words()),
          signature: optional(words()),
          pq: optional(flag()),
          rttMs: nullable(number({ description: 'An answered request there and back, smoothed' })),
          bytesIn: count({ description: 'Of all sessions since this node started' }),
          bytesOut: count(),
          rateInBps: count({ description: 'Over ten seconds' }),
          rateOutBps: count(),
          sinceMs: nullable(count()),
        }),
      ),
    }),
  }),
};
