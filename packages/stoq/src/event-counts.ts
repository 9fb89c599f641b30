import type { Metrics } from '@hypermesh/core';
import type { StoqEvent } from './events.ts';

/** Counts what a node tells its owner. */
export function countEvent(metrics: Metrics, event: StoqEvent): void {
  switch (event.type) {
    case 'peer-open':
      metrics.count('stoq_sessions_opened_total', 1, { direction: event.direction });
      return;
    case 'peer-close':
      metrics.count('stoq_sessions_closed_total', 1, { ...event.reason });
      return;
    case 'handshake-refused':
      metrics.count('stoq_handshakes_refused_total', 1, { by: event.by, reason: event.reason });
      return;
    case 'stream-fault':
      metrics.count('stoq_stream_faults_total', 1, { fault: event.fault });
      return;
    default:
      event satisfies never;
  }
}
