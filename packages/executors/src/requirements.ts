/** What a package asks of the nodes that run it. Quantities that it does not ask for are absent. */
export interface Requirements {
  /** Type of the program. */
  readonly type: string;
  readonly cpu?: { readonly millicores?: number | undefined; readonly architecture?: string | undefined };
  readonly memory?: { readonly bytes?: number | undefined };
  readonly storage?: { readonly bytes?: number | undefined; readonly persistent?: boolean | undefined };
  readonly network?: { readonly bitsPerSecond?: number | undefined };
  readonly gpu?: { readonly memoryBytes?: number | undefined; readonly type?: string | undefined };
  readonly nodes?: { readonly min: number; readonly max: number };
  readonly timeoutMs?: number | undefined;
  /** An integer; as a decimal string where it has to pass through JSON. */
  readonly fuel?: number | bigint | string | undefined;
  /** Whether a program needs a clock or random numbers. */
  readonly grants?: readonly ('clock' | 'randomness')[];
}

/** Keys of a package document that say what a run needs, in `resources` and `execution`; both may repeat each other. */
export interface ResourceKeys {
  readonly cpu_cores?: number;
  readonly cpu_architecture?: string;
  readonly cpu_required?: boolean;
  readonly memory_mb?: number;
  readonly storage_mb?: number;
  readonly persistent_storage?: boolean;
  readonly network_bandwidth_mbps?: number;
  readonly gpu_required?: boolean;
  readonly gpu_memory_mb?: number;
  readonly gpu_type?: string;
  readonly distributed?: boolean;
  readonly min_nodes?: number;
  readonly max_nodes?: number;
  readonly timeout_ms?: number;
  readonly fuel?: number;
}

const MIB = 2 ** 20;

/**
 * Requirements of a document's keys: MB are MiB, Mbps are 10^6 bits a second, cores are whole ones or parts in
 * thousandths. Where `resources` and `execution` differ, the larger holds.
 */
export function requirementsOfResources(
  type: string,
  resources: ResourceKeys,
  execution: ResourceKeys = {},
): Requirements {
  const most = (
    key: {
      [K in keyof ResourceKeys]-?: NonNullable<ResourceKeys[K]> extends number ? K : never;
    }[keyof ResourceKeys],
  ) => {
    const values = [resources[key], execution[key]].filter((each) => each !== undefined);
    return values.length === 0 ? undefined : Math.max(...values);
  };
  const times = (value: number | undefined, by: number) =>
    value === undefined ? undefined : Math.ceil(value * by);
  const { cpu_architecture: architecture = execution.cpu_architecture } = resources;
  const gpuType = resources.gpu_type ?? execution.gpu_type;
  const gpuBytes = times(most('gpu_memory_mb'), MIB);
  const wantsGpu =
    resources.gpu_required === true ||
    execution.gpu_required === true ||
    gpuType !== undefined ||
    (gpuBytes ?? 0) > 0;
  const isDistributed = resources.distributed === true || execution.distributed === true;
  const min = Math.max(1, most('min_nodes') ?? 1);
  return {
    type,
    cpu: { millicores: times(most('cpu_cores'), 1_000), architecture },
    memory: { bytes: times(most('memory_mb'), MIB) },
    storage: {
      bytes: times(most('storage_mb'), MIB),
      persistent: resources.persistent_storage === true || execution.persistent_storage === true,
    },
    network: { bitsPerSecond: times(most('network_bandwidth_mbps'), 1_000_000) },
    ...(wantsGpu ? { gpu: { memoryBytes: gpuBytes, type: gpuType } } : {}),
    ...(isDistributed || min > 1 ? { nodes: { min, max: Math.max(min, most('max_nodes') ?? min) } } : {}),
    timeoutMs: most('timeout_ms'),
    fuel: most('fuel'),
  };
}
