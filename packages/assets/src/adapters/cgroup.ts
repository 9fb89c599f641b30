import type { KernelFiles } from './kernel-files.ts';

/** What control groups leave to this process; undefined where they limit nothing. */
export interface CgroupLimits {
  readonly cpuMicrosPerSecond: number | undefined;
  readonly memoryBytes: number | undefined;
}

/** Reads the limits of this process's control groups, version 2 and 1, each with the groups above it: the least counts. */
export function cgroupLimits(files: KernelFiles): CgroupLimits {
  const lines = (files.read('/proc/self/cgroup') ?? '').split('\n');
  const pathOf = (controller: string) =>
    lines.map((line) => line.split(':')).find(([, names = '']) => names.split(',').includes(controller))?.[2];
  const unified = lines.find((line) => line.startsWith('0::'))?.slice(3);
  const v2 = (name: string) =>
    upwards(unified).flatMap((path) => files.read(`/sys/fs/cgroup${path}/${name}`) ?? []);
  const v1 = (controller: string, name: string) =>
    upwards(pathOf(controller)).map((path) => files.read(`/sys/fs/cgroup/${controller}${path}/${name}`));
  const periods = v1('cpu', 'cpu.cfs_period_us');
  const cpu = [
    ...v2('cpu.max').map((text) => rate(...(text.trim().split(' ') as [string, string]))),
    ...v1('cpu', 'cpu.cfs_quota_us').map((quota, at) => rate(quota?.trim(), periods[at]?.trim())),
  ];
  const memory = [...v2('memory.max'), ...v1('memory', 'memory.limit_in_bytes')].map((text) =>
    whole(text?.trim()),
  );
  return { cpuMicrosPerSecond: least(cpu), memoryBytes: least(memory) };
}

/** `/a/b`, `/a` and the root, which is the empty text. */
function upwards(path: string | undefined): readonly string[] {
  if (path === undefined) return [];
  const parts = path.split('/').filter((part) => part !== '' && part !== '..');
  return Array.from({ length: parts.length + 1 }, (_, above) =>
    parts
      .slice(0, parts.length - above)
      .map((part) => `/${part}`)
      .join(''),
  );
}

function rate(quota: string | undefined, period: string | undefined): number | undefined {
  const [used, per] = [whole(quota), whole(period)];
  return used === undefined || per === undefined || per === 0
    ? undefined
    : Math.floor((used * 1_000_000) / per);
}

function whole(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,19}$/.test(text)) return undefined;
  const value = Number(text);
  // Version 1 says "no limit" by a number that no machine has.
  return value < 2 ** 53 ? value : undefined;
}

function least(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
