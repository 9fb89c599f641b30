import type { Metrics } from '@hypermesh/core';
import type { Fault } from '../faults.ts';
import { operations } from '../wire/layout.ts';
import type { Request } from '../wire/requests.ts';

const names = Object.entries(operations);

/** Accesses of one frame of answers, so that counting costs little beside many small accesses. */
export interface AccessCounts {
  add(request: Pick<Request, 'operation' | 'bytes'>, fault: Fault | undefined): void;
  tell(metrics: Metrics): void;
}

/** Begins a frame. */
export function createAccessCounts(): AccessCounts {
  const done = new Map<number, { count: number; bytes: number }>();
  const faults: { operation: number; fault: Fault }[] = [];
  return {
    add({ operation, bytes }, fault) {
      if (fault !== undefined) {
        faults.push({ operation, fault });
        return;
      }
      const found = done.get(operation);
      if (found === undefined) done.set(operation, { count: 1, bytes });
      else {
        found.count += 1;
        found.bytes += bytes;
      }
    },
    tell(metrics) {
      for (const [operation, { count, bytes }] of done) {
        metrics.count('memory_accesses_total', count, { operation: nameOf(operation), outcome: 'ok' });
        metrics.count('memory_bytes_total', bytes, { operation: nameOf(operation) });
      }
      for (const { operation, fault } of faults)
        metrics.count('memory_accesses_total', 1, { operation: nameOf(operation), outcome: fault });
    },
  };
}

function nameOf(operation: number): string {
  return names.find(([, code]) => code === operation)?.[0] ?? 'unknown';
}
