import { mkdir, readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { cpuAdapter, memoryAdapter, probeGpus, storageAdapter } from '@hypermesh/assets/adapters';
import { deviceAdapterCompliance } from '@hypermesh/assets/testing';
import { afterAll, describe, expect, test } from 'vitest';
import { ask, assetsWith, folder, memoryAsset } from './support.ts';

const place = await folder();
afterAll(() => place[Symbol.asyncDispose]());
let machines = 0;

/** A root folder with these kernel files in it. */
async function machine(files: Readonly<Record<string, string>>): Promise<string> {
  const root = join(place.path, `machine-${machines++}`);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  await mkdir(root, { recursive: true });
  return root;
}

describe.each([
  ['cpu', async () => ({ present: cpuAdapter() })],
  ['memory', async () => ({ present: memoryAdapter() })],
  [
    'storage',
    async () => ({
      present: storageAdapter({ path: place.path }),
      absent: storageAdapter({ path: join(place.path, 'not', 'there') }),
    }),
  ],
] as const)('the adapter of %s', (_, create) => {
  test.each(deviceAdapterCompliance(create))('$name', ({ run }) => run());
});

/** Others use this machine too: what they free at the same moment may hide a load, but not five times. */
async function moves(load: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt += 1) if (await load()) return;
  expect.unreachable('usage did not move under load');
}

describe('this machine', () => {
  test('is reported as the operating system has it, no more than that is leased, use shows as usage, and a GPU that is not there is named absent', async () => {
    const [cpu, memory, storage] = [cpuAdapter(), memoryAdapter(), storageAdapter({ path: place.path })];
    const { cores, microsPerSecond } = await cpu.probe();
    expect(microsPerSecond).toBeLessThanOrEqual((cores ?? 0) * 1_000_000);
    // Under a control group's limit Node rounds to whole processors.
    if (microsPerSecond === (cores ?? 0) * 1_000_000) expect(availableParallelism()).toBe(cores);
    expect(await memory.capacity()).toBe(Math.min(totalmem(), process.constrainedMemory() || totalmem()));
    const space = await statfs(place.path);
    const { bytes = 0, totalBytes } = await storage.probe();
    expect(totalBytes).toBe(space.blocks * space.bsize);
    expect(Math.abs(bytes - space.bavail * space.bsize)).toBeLessThan(2 ** 30);

    const asset = memoryAsset(0, await memory.capacity());
    const { assets } = await assetsWith([asset]);
    expect(await assets.reserve(ask((await memory.capacity()) + 1))).toMatchObject({
      rejections: [{ code: 'over-capacity' }],
    });

    const used = async (adapter: { usage(): Promise<{ readonly used: number }> }) =>
      (await adapter.usage()).used;
    const ballast = join(place.path, 'ballast');
    await moves(async () => {
      const before = await used(storage);
      await writeFile(ballast, Buffer.alloc(64 << 20, 1), { flush: true });
      const during = await used(storage);
      await rm(ballast);
      return during - before > 32 << 20;
    });
    await moves(async () => {
      const before = await used(memory);
      const held = Buffer.alloc(256 << 20, 1);
      return (await used(memory)) - before > held.length / 2;
    });
    await moves(async () => {
      await cpu.usage();
      const busyUntil = performance.now() + 100;
      while (performance.now() < busyUntil);
      return (await used(cpu)) > 0;
    });

    const bare = probeGpus({ root: await machine({}) });
    expect(bare).toMatchObject({ isPresent: false, devices: [] });
    expect(bare.detail).toMatch(/^no graphics processor/);
  });

  test('keeps nothing of what a benchmark wrote', async () => {
    const path = join(place.path, 'measured');
    await mkdir(path);
    const { writeKiBps, syncMicros } = await storageAdapter({ path }).benchmark(30);
    expect(writeKiBps.value).toBeGreaterThan(0);
    expect(syncMicros.runs).toBeGreaterThanOrEqual(5);
    expect(await readdir(path)).toEqual([]);
  });
});

const arm = `processor\t: 0
BogoMIPS\t: 108.00
Features\t: fp asimd evtstrm aes sha1 sha2 crc32
CPU part\t: 0xd08

processor\t: 1
`;
const intel = `processor\t: 0
model name\t: Some CPU @ 2.00GHz
cpu MHz\t\t: 2000.4
flags\t\t: fpu aes avx2 hypervisor
`;

describe('another machine', () => {
  test('is read from its files: cores that may be used, features, model', async () => {
    const root = await machine({
      'proc/cpuinfo': arm,
      'proc/self/status': 'Name:\tnode\nCpus_allowed_list:\t0-1,4\n',
      'sys/devices/system/cpu/online': '0-7\n',
    });
    expect(await cpuAdapter({ root }).probe()).toMatchObject({
      source: 'kernel',
      cores: 3,
      microsPerSecond: 3_000_000,
      model: '0xd08',
      features: ['aes', 'asimd', 'sha2'],
    });
  });

  test.each([
    [
      'version 2',
      {
        'proc/self/cgroup': '0::/a/b\n',
        'sys/fs/cgroup/a/b/cpu.max': 'max 100000\n',
        'sys/fs/cgroup/a/cpu.max': '150000 100000\n',
        'sys/fs/cgroup/a/b/memory.max': '1048576\n',
      },
      1_500_000,
      1_048_576,
    ],
    [
      'version 1',
      {
        'proc/self/cgroup': '4:cpu,cpuacct:/x\n3:memory:/y\n',
        'sys/fs/cgroup/cpu/x/cpu.cfs_quota_us': '25000\n',
        'sys/fs/cgroup/cpu/x/cpu.cfs_period_us': '100000\n',
        'sys/fs/cgroup/memory/y/memory.limit_in_bytes': '2097152\n',
      },
      250_000,
      2_097_152,
    ],
    [
      'version 1 without limits',
      {
        'proc/self/cgroup': '4:cpu:/\n3:memory:/\n',
        'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
        'sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
        'sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
      },
      4_000_000,
      8_388_608,
    ],
    [
      'damaged',
      { 'proc/self/cgroup': '::::\n0:\n\n0::/../..\n', 'sys/fs/cgroup/cpu.max': 'much\n' },
      4_000_000,
      8_388_608,
    ],
  ])('is limited by its control groups: %s', async (_, files, micros, bytes) => {
    const root = await machine({
      ...files,
      'proc/cpuinfo': intel,
      'sys/devices/system/cpu/online': '0-3',
      'proc/meminfo': 'MemTotal:        8192 kB\nMemAvailable:    4096 kB\n',
    });
    expect((await cpuAdapter({ root }).probe()).microsPerSecond).toBe(micros);
    expect(await memoryAdapter({ root }).capacity()).toBe(bytes);
  });

  test('without /proc is described by Node, and says so', async () => {
    const root = await machine({});
    const cpu = await cpuAdapter({ root }).probe();
    expect(cpu).toMatchObject({ source: 'node', cores: availableParallelism(), features: [] });
    expect(cpu.detail).toContain('as Node tells');
    const memory = await memoryAdapter({ root }).probe();
    expect(memory).toMatchObject({ source: 'node', bytes: totalmem(), pageBytes: 4_096 });
    expect(await storageAdapter({ path: place.path, root }).probe()).toMatchObject({
      source: 'node',
      filesystem: 'unknown',
    });
  });

  test.each(['', '\0\0', 'processor', 'processor : x\nflags', 'cpu  a b c'])(
    'with nonsense %j in its files is still described',
    async (text) => {
      const root = await machine({
        'proc/cpuinfo': text,
        'proc/meminfo': text,
        'proc/stat': text,
        'proc/self/auxv': text,
        'proc/self/status': text,
        'proc/self/mountinfo': text,
        'sys/devices/system/cpu/online': text,
      });
      const cpu = cpuAdapter({ root });
      expect((await cpu.probe()).microsPerSecond).toBeGreaterThan(0);
      expect(Number.isSafeInteger((await cpu.usage()).used)).toBe(true);
      expect(await memoryAdapter({ root }).capacity()).toBe(totalmem());
    },
  );

  test('with little left is not healthy', async () => {
    const root = await machine({ 'proc/meminfo': 'MemTotal: 1000000 kB\nMemAvailable: 20000 kB\n' });
    expect(await memoryAdapter({ root }).health()).toMatchObject({ isHealthy: false });
  });

  test('with graphics processors has them named, each once', async () => {
    const root = await machine({
      'proc/driver/nvidia/gpus/0000:3b:00.0/information': 'Model: \t\t NVIDIA H200\nIRQ:   \t\t 0\n',
      'sys/class/drm/card0/device/uevent': 'DRIVER=nvidia\nPCI_ID=10DE:2335\nPCI_SLOT_NAME=0000:3b:00.0\n',
      'sys/class/drm/card1/device/uevent': 'DRIVER=amdgpu\nPCI_ID=1002:744C\nPCI_SLOT_NAME=0000:03:00.0\n',
      'sys/class/drm/card1-DP-1/status': 'connected\n',
    });
    expect(probeGpus({ root })).toMatchObject({
      isPresent: true,
      detail: 'NVIDIA H200 (nvidia), 1002:744C (amdgpu)',
      devices: [
        { bus: '0000:3b:00.0', driver: 'nvidia' },
        { bus: '0000:03:00.0', driver: 'amdgpu' },
      ],
    });
  });
});
