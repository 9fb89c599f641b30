import { freemem, totalmem } from 'node:os';
import type { DeviceAdapter, Measured } from '../ports.ts';
import { cgroupLimits } from './cgroup.ts';
import { kernelFiles, kilobytesOf } from './kernel-files.ts';
import { throughput } from './measure.ts';

/** What the memory of a machine is. */
export interface MemoryAttributes {
  /** All of it, or what a control group leaves to this process. */
  readonly bytes: number;
  readonly availableBytes: number;
  readonly pageBytes: number;
  readonly swapBytes: number;
}

/** What was measured of it: KiB copied a second by one core. */
export interface MemoryBenchmark {
  readonly copyKiBps: Measured;
}

const usualPageBytes = 4_096;
/** Number of the page size in the auxiliary vector, AT_PAGESZ of getauxval(3). */
const pageSizeKey = 6n;
/** Below this share of free memory nothing more should be lent, basis points. */
const scarceBp = 300;

/** The memory of this machine, read from /proc, and from Node where that is not there. */
export function memoryAdapter(
  options: { readonly root?: string } = {},
): DeviceAdapter<MemoryAttributes, MemoryBenchmark> {
  const files = kernelFiles(options.root);

  const probe = () => {
    const info = files.read('/proc/meminfo') ?? '';
    const total = kilobytesOf(info, 'MemTotal');
    const limit = cgroupLimits(files).memoryBytes ?? Number.POSITIVE_INFINITY;
    const bytes = Math.min(total ?? totalmem(), limit);
    const free = kilobytesOf(info, 'MemAvailable') ?? kilobytesOf(info, 'MemFree') ?? freemem();
    const isFromKernel = total !== undefined;
    return {
      isPresent: true,
      detail: isFromKernel ? `${bytes} bytes` : `${bytes} bytes, as Node tells: /proc/meminfo is not there`,
      source: isFromKernel ? ('kernel' as const) : ('node' as const),
      bytes,
      availableBytes: Math.min(free, bytes),
      pageBytes: pageBytesOf(files.bytes('/proc/self/auxv')) ?? usualPageBytes,
      swapBytes: kilobytesOf(info, 'SwapTotal') ?? 0,
    };
  };

  return {
    kind: 'memory',
    probe: async () => probe(),
    async benchmark(budgetMs, signal) {
      const [from, to] = [new Uint8Array(8 << 20).fill(1), new Uint8Array(8 << 20)];
      const units = from.length / 1024;
      return { copyKiBps: await throughput(budgetMs, { units, work: () => to.set(from) }, signal) };
    },
    capacity: async () => probe().bytes,
    async usage() {
      const { bytes, availableBytes } = probe();
      const used = bytes - availableBytes;
      return { used, usedBp: bytes === 0 ? 0 : Math.round((used * 10_000) / bytes) };
    },
    async health() {
      const { bytes, availableBytes } = probe();
      const isHealthy = availableBytes * 10_000 >= bytes * scarceBp;
      return { isHealthy, detail: `${availableBytes} of ${bytes} bytes available` };
    },
  };
}

/** The page size in an auxiliary vector of pairs of words; undefined where it is not in it. */
function pageBytesOf(vector: Uint8Array | undefined): number | undefined {
  if (vector === undefined) return undefined;
  const view = new DataView(vector.buffer, vector.byteOffset, vector.byteLength);
  for (let at = 0; at + 16 <= vector.length; at += 16)
    if (view.getBigUint64(at, true) === pageSizeKey) return Number(view.getBigUint64(at + 8, true));
  return undefined;
}
