import type { Execution, Resources, Security } from './package.ts';
import { Fields, flag, list, oneOf, quantity, type Read, text } from './read.ts';
import type { Located, Problems } from './yaml.ts';

const MIB = 2 ** 20;
/** 4 PiB, in MiB. */
const MAX_MIB = 2 ** 32;
const mebibytes = quantity(0, MAX_MIB, MIB);

/** What `execution` says of resources, beside what is its own. */
interface ExecutionReading {
  readonly execution: Execution;
  readonly resources: Resources;
}

function compact<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

/** Reads `spec.resources`. Megabytes are MiB, megabits 10^6 bits, as the seeds' powers of two suggest. */
export function readResources(unknown: Problems): Read<Resources> {
  return (item, problems) => {
    const fields = Fields.of(item, problems);
    if (fields === undefined) return undefined;
    const resources = compact({
      cpuMillicores: fields.take('cpu_cores', quantity(0, 65_536, 1000)),
      cpuArchitecture: fields.take('cpu_architecture', text(32)),
      memoryBytes: fields.take('memory_mb', mebibytes),
      storageBytes: fields.take('storage_mb', mebibytes),
      networkBitsPerSecond: fields.take('network_bandwidth_mbps', quantity(0, 10_000_000, 1_000_000)),
      gpuMemoryBytes: fields.take('gpu_memory_mb', mebibytes),
      gpuType: fields.take('gpu_type', text(64)),
    });
    fields.end(unknown);
    return resources;
  };
}

/** Reads `spec.execution`. */
export function readExecution(unknown: Problems): Read<ExecutionReading> {
  return (item, problems) => {
    const fields = Fields.of(item, problems);
    if (fields === undefined) return undefined;
    const distributed = fields.take('distributed', flag) ?? false;
    const minNodes = fields.take('min_nodes', quantity(1, 10_000)) ?? 1;
    const maxNodes = fields.take('max_nodes', quantity(1, 10_000)) ?? minNodes;
    if (maxNodes < minNodes) {
      problems.add(
        'out-of-range',
        fields.place('max_nodes') ?? item,
        `max_nodes is at least min_nodes, which is ${minNodes}`,
      );
    }
    if (!distributed && maxNodes > 1) {
      unknown.add(
        'differs',
        fields.place('max_nodes') ?? item,
        'more than one node means distributed: true; say so',
      );
    }
    const execution: Execution = {
      cpuRequired: fields.take('cpu_required', flag) ?? true,
      gpuRequired: fields.take('gpu_required', flag) ?? false,
      persistentStorage: fields.take('persistent_storage', flag) ?? false,
      distributed: distributed || maxNodes > 1,
      minNodes,
      maxNodes,
      ...compact({
        timeoutMs: fields.take('timeout_ms', quantity(1, 31_536_000_000)),
        fuel: fields.take('fuel', quantity(1, Number.MAX_SAFE_INTEGER)),
      }),
      network: fields.take('network', oneOf(['none', 'restricted'])) ?? 'none',
      outputs: fields.take('outputs', list(text(512), 256)) ?? [],
    };
    const resources = compact({
      memoryBytes: fields.take('memory_mb', mebibytes),
      storageBytes: fields.take('storage_mb', mebibytes),
      gpuMemoryBytes: fields.take('gpu_memory_mb', mebibytes),
      gpuType: fields.take('gpu_type', text(64)),
    });
    fields.end(unknown);
    return { execution, resources };
  };
}

/** Reads `spec.security`, with a word on each protection that is turned off. */
export function readSecurity(unknown: Problems): Read<Security> {
  return (item, problems) => {
    const fields = Fields.of(item, problems);
    if (fields === undefined) return undefined;
    const take = (name: string): boolean => {
      const isOn = fields.take(name, flag) ?? true;
      if (!isOn)
        unknown.add(
          'unsafe',
          fields.place(name) ?? item,
          `${name}: false changes nothing: nodes keep to their own policy`,
        );
      return isOn;
    };
    const security = {
      trustchainValidation: take('trustchain_validation'),
      hypermeshConsensus: take('hypermesh_consensus'),
      resourceIsolation: take('resource_isolation'),
    };
    fields.end(unknown);
    return security;
  };
}

const DEFAULT_EXECUTION: Execution = {
  cpuRequired: true,
  gpuRequired: false,
  persistentStorage: false,
  distributed: false,
  minNodes: 1,
  maxNodes: 1,
  network: 'none',
  outputs: [],
};

const SHARED = [
  ['memoryBytes', 'memory_mb'],
  ['storageBytes', 'storage_mb'],
  ['gpuMemoryBytes', 'gpu_memory_mb'],
] as const;

/** Brings `resources` and `execution` together: the larger of two amounts counts, and a difference is told. */
export function checkExecution(
  read: { readonly resources: Resources; readonly execution: ExecutionReading | undefined },
  spec: Fields,
  { problems, lints }: { readonly problems: Problems; readonly lints: Problems },
): { readonly resources: Resources; readonly execution: Execution } {
  const { resources, execution } = read;
  const at = spec.place('execution') as Located;
  if (execution === undefined) return { resources, execution: DEFAULT_EXECUTION };
  const merged: { -readonly [K in keyof Resources]: Resources[K] } = { ...resources };
  for (const [field, key] of SHARED) {
    const first = resources[field];
    const second = execution.resources[field];
    if (second === undefined) continue;
    merged[field] = Math.max(first ?? 0, second);
    if (first !== undefined && first !== second) {
      lints.add(
        'differs',
        at,
        `${key} is ${first / MIB} in resources and ${second / MIB} here; the larger one counts`,
      );
    }
  }
  const gpu = execution.resources.gpuType;
  if (gpu !== undefined && resources.gpuType !== undefined && gpu !== resources.gpuType) {
    problems.add(
      'differs',
      at,
      `gpu_type is ${resources.gpuType} in resources and ${gpu} here; write the same in both`,
    );
  }
  if (gpu !== undefined) merged.gpuType = resources.gpuType ?? gpu;
  if (merged.gpuMemoryBytes !== undefined && !execution.execution.gpuRequired) {
    lints.add(
      'differs',
      at,
      'gpu_memory_mb is asked for, gpu_required is not: the package also goes to nodes without a GPU',
    );
  }
  return { resources: merged, execution: execution.execution };
}
