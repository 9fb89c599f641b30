import { constants } from 'node:fs';
import { access, open, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { AssetsError } from '../errors.ts';
import type { DeviceAdapter, Measured } from '../ports.ts';
import { type KernelFiles, kernelFiles } from './kernel-files.ts';
import { repetitionMs, summarize } from './measure.ts';

/** What the storage below a folder is. */
export interface StorageAttributes {
  /** Free for this process now. */
  readonly bytes: number;
  readonly totalBytes: number;
  /** Such as `ext4`; `unknown` where the system does not tell. */
  readonly filesystem: string;
  readonly isRotational: boolean;
}

/** What was measured of it: KiB written and made durable a second, and one durable write of 4 KiB in microseconds. */
export interface StorageBenchmark {
  readonly writeKiBps: Measured;
  readonly syncMicros: Measured;
}

const blockBytes = 256 * 1024;
const smallBytes = 4_096;
/** Below this share of free space nothing more should be lent, basis points. */
const scarceBp = 200;

/**
 * The storage in which a folder lies: space from statfs(2), the rest from /proc and /sys. The benchmark writes into a
 * file of its own in that folder, at most 64 MiB, and removes it.
 */
export function storageAdapter(options: {
  readonly path: string;
  readonly root?: string;
}): DeviceAdapter<StorageAttributes, StorageBenchmark> {
  const { path } = options;
  const files = kernelFiles(options.root);

  async function probe() {
    let space: Awaited<ReturnType<typeof statfs>>;
    let device: number;
    try {
      [space, { dev: device }] = await Promise.all([statfs(path), stat(path)]);
    } catch (error) {
      const detail = `${path} cannot be looked at: ${(error as NodeJS.ErrnoException).code ?? 'unknown'}`;
      return { isPresent: false, detail, source: 'kernel' as const };
    }
    const mount = mountOf(files, device);
    const bytes = space.bavail * space.bsize;
    return {
      isPresent: true,
      detail: `${bytes} bytes free below ${path}`,
      source: mount === undefined ? ('node' as const) : ('kernel' as const),
      bytes,
      totalBytes: space.blocks * space.bsize,
      filesystem: mount?.filesystem ?? 'unknown',
      isRotational: mount?.isRotational ?? false,
    };
  }

  async function present(): Promise<StorageAttributes> {
    const found = await probe();
    if (found.bytes !== undefined) return found;
    throw new AssetsError({ code: 'assets/no-device', kind: 'storage', detail: found.detail }, found.detail);
  }

  return {
    kind: 'storage',
    probe,
    async benchmark(budgetMs, signal) {
      await present();
      return await measure(join(path, `.measure-${process.pid}-${performance.now()}`), budgetMs, signal);
    },
    capacity: async () => (await probe()).bytes ?? 0,
    async usage() {
      const { bytes, totalBytes } = await present();
      const used = totalBytes - bytes;
      return { used, usedBp: totalBytes === 0 ? 0 : Math.round((used * 10_000) / totalBytes) };
    },
    async health() {
      const { bytes, totalBytes, detail } = { bytes: 0, totalBytes: 0, ...(await probe()) };
      if (totalBytes === 0) return { isHealthy: false, detail };
      const canWrite = await access(path, constants.W_OK).then(
        () => true,
        () => false,
      );
      if (!canWrite) return { isHealthy: false, detail: `${path} cannot be written to` };
      return { isHealthy: bytes * 10_000 >= totalBytes * scarceBp, detail };
    },
  };
}

async function measure(file: string, budgetMs: number, signal?: AbortSignal): Promise<StorageBenchmark> {
  const handle = await open(file, 'wx', 0o600);
  try {
    // Half of the budget each; never more than 64 MiB, so that a fast disk is not worn for a number.
    const [block, small] = [new Uint8Array(blockBytes).fill(5), new Uint8Array(smallBytes).fill(6)];
    const eachMs = repetitionMs(budgetMs / 2);
    const rates: number[] = [];
    let written = 0;
    for (let repetition = 0; repetition < 5; repetition += 1) {
      signal?.throwIfAborted();
      const startMs = performance.now();
      let bytes = 0;
      do {
        await handle.write(block, 0, block.length, (written % 64) * blockBytes);
        written += 1;
        bytes += blockBytes;
      } while (performance.now() - startMs < eachMs / 2 && bytes < 12 << 20);
      await handle.datasync();
      rates.push((bytes / 1024) * (1_000 / (performance.now() - startMs)));
    }
    const delays: number[] = [];
    const endMs = performance.now() + budgetMs / 2;
    do {
      signal?.throwIfAborted();
      const startMs = performance.now();
      await handle.write(small, 0, small.length, 0);
      await handle.datasync();
      delays.push((performance.now() - startMs) * 1_000);
    } while (delays.length < 5 || (performance.now() < endMs && delays.length < 64));
    return { writeKiBps: summarize(rates), syncMicros: summarize(delays) };
  } finally {
    await handle.close();
    await rm(file, { force: true });
  }
}

/** Where a device is mounted, by /proc/self/mountinfo, and whether it turns. */
function mountOf(files: KernelFiles, device: number) {
  const [major, minor] = [majorOf(device), minorOf(device)];
  const name = `${major}:${minor}`;
  for (const line of (files.read('/proc/self/mountinfo') ?? '').split('\n')) {
    const [place = '', kind = ''] = line.split(' - ');
    if (place.split(' ')[2] !== name) continue;
    const filesystem = (kind.split(' ')[0] ?? '').slice(0, 64);
    // A partition has its queue in the disk above it.
    const rotational =
      files.read(`/sys/dev/block/${name}/queue/rotational`) ??
      files.read(`/sys/dev/block/${name}/../queue/rotational`);
    return {
      filesystem: filesystem === '' ? 'unknown' : filesystem,
      isRotational: rotational?.trim() === '1',
    };
  }
  return undefined;
}

/** Numbers of a device as Linux packs them into 64 bits, makedev(3). */
function majorOf(device: number): number {
  const bits = BigInt(device);
  return Number(((bits >> 8n) & 0xfffn) | ((bits >> 32n) & 0xfffff000n));
}

function minorOf(device: number): number {
  const bits = BigInt(device);
  return Number((bits & 0xffn) | ((bits >> 12n) & 0xffffff00n));
}
