import { readdirSync, readFileSync, statfsSync } from 'node:fs';
import { totalmem } from 'node:os';
import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import type { MetricsRegistry } from './metrics/registry.ts';

const gcKinds: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weak',
};

/** Has the registry look at this process and at the disk of a folder, until it is disposed of. */
export function lookAtProcess(metrics: MetricsRegistry, folder: string): Disposable {
  const capBytes = memoryCapBytes();
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { duration, detail } = entry as PerformanceEntry & {
        readonly detail?: { readonly kind?: number };
      };
      const { kind = 0 } = detail ?? {};
      metrics.count('process_gc_seconds_total', duration / 1000, { kind: gcKinds[kind] ?? 'other' });
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  const startedS = (Date.now() - process.uptime() * 1000) / 1000;
  const off = metrics.onRead(() => {
    const { rss, heapUsed, external } = process.memoryUsage();
    metrics.set('process_resident_bytes', rss);
    metrics.set('process_heap_bytes', heapUsed);
    metrics.set('process_external_bytes', external);
    metrics.set('process_memory_cap_bytes', capBytes);
    metrics.set('process_memory_ratio', rss / capBytes);
    metrics.set('process_start_time_seconds', startedS);
    metrics.set('process_open_files', openFiles());
    const { user, system } = process.cpuUsage();
    metrics.set('process_cpu_seconds_total', user / 1e6, { mode: 'user' });
    metrics.set('process_cpu_seconds_total', system / 1e6, { mode: 'system' });
    metrics.set('metrics_dropped_total', metrics.dropped);
    const { bavail, blocks, bsize } = statfsSync(folder);
    metrics.set('disk_free_bytes', bavail * bsize);
    metrics.set('disk_free_ratio', blocks === 0 ? Number.NaN : bavail / blocks);
  });
  return {
    [Symbol.dispose]() {
      off();
      observer.disconnect();
    },
  };
}

function openFiles(): number {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    // No such folder on other systems: absent is what it then is.
    return Number.NaN;
  }
}

/** The least of what the control group allows and what the machine has. */
function memoryCapBytes(): number {
  for (const path of ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes']) {
    try {
      const limit = Number(readFileSync(path, 'utf8').trim());
      if (limit > 0 && limit < totalmem()) return limit;
    } catch {
      // The other form of control groups, or none.
    }
  }
  return totalmem();
}
