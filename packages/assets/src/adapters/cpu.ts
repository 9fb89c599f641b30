import { arch, availableParallelism, cpus, loadavg } from 'node:os';
import { sha256 } from '@hypermesh/core';
import type { DeviceAdapter, Measured } from '../ports.ts';
import { cgroupLimits } from './cgroup.ts';
import { countOfList, fieldOf, type KernelFiles, kernelFiles } from './kernel-files.ts';
import { throughput } from './measure.ts';

/** What a processor is. */
export interface CpuAttributes {
  readonly arch: string;
  readonly model: string;
  /** Cores that this process may use. */
  readonly cores: number;
  /** Processor time a second over all of them, less where a control group limits it. */
  readonly microsPerSecond: number;
  readonly mhz: number;
  /** Instruction sets that programs of this mesh make use of. */
  readonly features: readonly string[];
}

/** What was measured of a processor: KiB of SHA-256 a second on one core. */
export interface CpuBenchmark {
  readonly sha256KiBps: Measured;
}

const usefulFeatures = [
  'aes',
  'avx2',
  'avx512f',
  'bmi2',
  'gfni',
  'sha_ni',
  'sse4_2',
  'vaes',
  'asimd',
  'sha2',
  'sve',
];
const microsEach = 1_000_000;

/** The processors of this machine, read from /proc and /sys, and from Node where those are not there. */
export function cpuAdapter(
  options: { readonly root?: string } = {},
): DeviceAdapter<CpuAttributes, CpuBenchmark> {
  const files = kernelFiles(options.root);
  let before = ticksOf(files);

  const probe = () => {
    const info = files.read('/proc/cpuinfo');
    const fromKernel = info === undefined ? undefined : attributesOf(info, files);
    if (fromKernel !== undefined)
      return {
        isPresent: true,
        detail: `${fromKernel.cores} cores`,
        source: 'kernel' as const,
        ...fromKernel,
      };
    const processors = cpus();
    const cores = availableParallelism();
    return {
      isPresent: true,
      detail: `${cores} cores, as Node tells: the kernel's files are not there`,
      source: 'node' as const,
      arch: arch(),
      model: processors[0]?.model.trim() ?? 'unknown',
      cores,
      microsPerSecond: cores * microsEach,
      mhz: processors[0]?.speed ?? 0,
      features: [],
    };
  };

  return {
    kind: 'cpu',
    probe: async () => probe(),
    async benchmark(budgetMs, signal) {
      const block = new Uint8Array(64 * 1024).fill(7);
      return { sha256KiBps: await throughput(budgetMs, { units: 64, work: () => sha256(block) }, signal) };
    },
    capacity: async () => probe().microsPerSecond,
    async usage() {
      const now = ticksOf(files);
      const total = now.total - before.total;
      const busy = now.busy - before.busy;
      if (total > 0) before = now;
      const usedBp = total > 0 ? Math.min(10_000, Math.max(0, Math.round((busy * 10_000) / total))) : 0;
      return { usedBp, used: Math.round((probe().microsPerSecond * usedBp) / 10_000) };
    },
    async health() {
      const { cores } = probe();
      const [load = 0] = loadavg();
      return { isHealthy: cores > 0, detail: `load ${load.toFixed(2)} on ${cores} cores` };
    },
  };
}

/** What the kernel tells of the processors; undefined where it tells nothing of use. */
function attributesOf(info: string, files: KernelFiles): CpuAttributes | undefined {
  const listed = info.match(/^processor\s*:/gm)?.length;
  const allowed = countOfList(fieldOf(files.read('/proc/self/status') ?? '', 'Cpus_allowed_list'));
  const online = countOfList(files.read('/sys/devices/system/cpu/online')) ?? listed;
  if (online === undefined || online < 1) return undefined;
  const cores = Math.min(online, allowed ?? online);
  const limit = cgroupLimits(files).cpuMicrosPerSecond ?? Number.POSITIVE_INFINITY;
  const flags = new Set((fieldOf(info, 'flags') ?? fieldOf(info, 'Features') ?? '').split(' '));
  return {
    arch: arch(),
    model: (fieldOf(info, 'model name') ?? fieldOf(info, 'CPU part') ?? 'unknown').slice(0, 64),
    cores,
    microsPerSecond: Math.min(cores * microsEach, limit),
    mhz: Math.round(Number(fieldOf(info, 'cpu MHz') ?? 0)) || 0,
    features: usefulFeatures.filter((name) => flags.has(name)),
  };
}

function ticksOf(files: KernelFiles): { readonly busy: number; readonly total: number } {
  const line = /^cpu +(.+)$/m.exec(files.read('/proc/stat') ?? '')?.[1];
  if (line !== undefined) {
    // user nice system idle iowait irq softirq steal; guest time is in user already.
    const ticks = line.split(' ').slice(0, 8).map(Number);
    const total = ticks.reduce((sum, value) => sum + value, 0);
    return { busy: total - (ticks[3] ?? 0) - (ticks[4] ?? 0), total };
  }
  return cpus().reduce(
    ({ busy, total }, { times: { user, nice, sys, idle, irq } }) => ({
      busy: busy + user + nice + sys + irq,
      total: total + user + nice + sys + irq + idle,
    }),
    { busy: 0, total: 0 },
  );
}
