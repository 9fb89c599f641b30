import type { Clock, Metrics } from '@hypermesh/core';
import type { StoqEvent } from './events.ts';
import type { Limits } from './limits.ts';
import type { Authenticator, Carrier } from './ports.ts';

/** How a node is made. */
export interface StoqOptions {
  /** Proves this node and checks others. */
  readonly auth: Authenticator;
  /** Addresses to bind, such as `quic://[::1]:0`; none for a node that only dials. */
  readonly listen?: readonly string[];
  /** Carriers by the kind of their addresses; QUIC alone by default. */
  readonly carriers?: readonly Carrier[];
  /** `require`, the default, speaks hybrid post-quantum sessions only; `prefer` also speaks X25519 alone with those who offer no more. */
  readonly pq?: 'require' | 'prefer';
  readonly limits?: Partial<Limits>;
  readonly clock?: Clock;
  /** Hears of sessions and refusals, in order. What it throws is dropped. */
  readonly onEvent?: (event: StoqEvent) => void;
  /** Counts sessions, handshakes, streams, requests and refusals; by default nobody does. */
  readonly metrics?: Metrics;
}
