import { readFileSync, statfsSync } from 'node:fs';
import type { DaemonLimits } from '../config-limits.ts';
import { NodeError } from '../errors.ts';

/** Why a node takes nothing new on at this moment. */
export interface Lack {
  readonly of: 'memory' | 'disk' | 'time';
  /** What was measured, in words. */
  readonly reason: string;
  readonly next: string;
}

/** What there is of memory and disk, bytes. */
export interface Resources {
  readonly residentBytes: number;
  /** The bound that was set or that the system keeps this process to; undefined where there is neither. */
  readonly memoryLimitBytes: number | undefined;
  /** What the whole machine still has. */
  readonly availableBytes: number | undefined;
  readonly freeDiskBytes: number;
}

/**
 * Decides whether a node takes on something new: a run, content to keep, a package to publish or install. What is under
 * way goes on; the ledger is never refused what it must write.
 */
export interface Intake {
  /** Why not, or undefined while there is room. Costs some microseconds. */
  lack(): Lack | undefined;
  /** Throws `node/no-room` where there is none. */
  demand(): void;
  /** Something that was taken on, until it is disposed of. */
  begin(): Disposable;
  /** How much is under way. */
  readonly running: number;
  /** Takes nothing new from now on; resolves when nothing is under way, or with `signal`. */
  drain(signal: AbortSignal): Promise<void>;
}

/** Share of its memory bound at which a node takes nothing new on, percent. */
const memoryWatermarkPercent = 90;
/** What the machine must have left where the daemon itself has no bound, bytes. */
const leastAvailableBytes = 64 * 2 ** 20;

/** Makes the intake of a node; `measure` tells what there is. */
export function createIntake(
  limits: Pick<DaemonLimits, 'maxMemoryMb' | 'minFreeDiskMb'>,
  measure: () => Resources,
): Intake {
  const under = new Set<object>();
  const idle = new Set<() => void>();
  let isDraining = false;

  function lack(): Lack | undefined {
    if (isDraining) return { of: 'time', reason: 'the node stops', next: 'ask again when it runs' };
    return lackOf(limits, measure());
  }

  return {
    lack,
    demand() {
      const found = lack();
      if (found !== undefined) throw noRoom(found);
    },
    begin() {
      const token = {};
      under.add(token);
      return {
        [Symbol.dispose]() {
          under.delete(token);
          if (under.size === 0) for (const tell of idle) tell();
        },
      };
    },
    get running() {
      return under.size;
    },
    drain(signal) {
      isDraining = true;
      return new Promise((resolve) => {
        const end = () => {
          idle.delete(end);
          signal.removeEventListener('abort', end);
          resolve();
        };
        if (under.size === 0 || signal.aborted) return end();
        idle.add(end);
        signal.addEventListener('abort', end, { once: true });
      });
    },
  };
}

/** What is lacking of what was measured. */
export function lackOf(
  { maxMemoryMb, minFreeDiskMb }: Pick<DaemonLimits, 'maxMemoryMb' | 'minFreeDiskMb'>,
  { residentBytes, memoryLimitBytes, availableBytes, freeDiskBytes }: Resources,
): Lack | undefined {
  const set = maxMemoryMb === 0 ? Number.POSITIVE_INFINITY : maxMemoryMb * 2 ** 20;
  const limit = Math.min(set, memoryLimitBytes ?? Number.POSITIVE_INFINITY);
  if (residentBytes > (limit / 100) * memoryWatermarkPercent) {
    return {
      of: 'memory',
      reason: `${mebibytes(residentBytes)} MiB of ${mebibytes(limit)} MiB are in use`,
      next: 'wait until runs have ended, or raise limits.max_memory_mb (or the limit of the service) and start again',
    };
  }
  if (availableBytes !== undefined && availableBytes < leastAvailableBytes) {
    return {
      of: 'memory',
      reason: `this machine has ${mebibytes(availableBytes)} MiB of memory left`,
      next: 'end other programs of this machine',
    };
  }
  if (freeDiskBytes < minFreeDiskMb * 2 ** 20) {
    return {
      of: 'disk',
      reason: `${mebibytes(freeDiskBytes)} MiB are free, ${minFreeDiskMb} MiB are left to the ledger`,
      next: 'free space on the file system of the data directory, or lower limits.min_free_disk_mb',
    };
  }
  return undefined;
}

/** What this process and the file system of a folder have. */
export function measureResources(folder: string): Resources {
  const { bavail, bsize } = statfsSync(folder);
  return {
    residentBytes: process.memoryUsage.rss(),
    memoryLimitBytes: cgroupLimit(),
    availableBytes: availableMemory(),
    freeDiskBytes: bavail * bsize,
  };
}

/** The error of whoever wanted something that is not taken on now. */
export function noRoom({ of, reason, next }: Lack): NodeError {
  return new NodeError(
    { code: 'node/no-room', of, reason, next },
    `The node takes nothing new on: ${reason}`,
  );
}

let cgroupFile: string | undefined;

/** The least bound of memory of this process's control group and of those above it, where the system has them. */
function cgroupLimit(): number | undefined {
  cgroupFile ??= cgroupMemoryFile();
  if (cgroupFile === '') return undefined;
  const text = readText(cgroupFile)?.trim() ?? 'max';
  return text === 'max' ? undefined : Number(text);
}

function cgroupMemoryFile(): string {
  const path = readText('/proc/self/cgroup')?.match(/^0::(.*)$/m)?.[1];
  if (path === undefined) return '';
  const file = `/sys/fs/cgroup${path === '/' ? '' : path}/memory.max`;
  return readText(file) === undefined ? '' : file;
}

function availableMemory(): number | undefined {
  const kibibytes = readText('/proc/meminfo')?.match(/^MemAvailable:\s+(\d+) kB$/m)?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Another operating system, or a container that hides it.
    return undefined;
  }
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
