import type { AssetPackage, Execution, Resources } from './package.ts';
import type { PackageRecord } from './record.ts';

/** What a package needs of the mesh, by the kinds of assets that give it. All integers in base units. */
export interface Requirements {
  readonly cpu: { readonly millicores: number; readonly architecture?: string };
  readonly memory: { readonly bytes: number };
  readonly storage: { readonly bytes: number; readonly persistent: boolean };
  readonly network?: { readonly bitsPerSecond: number };
  /** There where a GPU is required; a wish alone asks for none. */
  readonly gpu?: { readonly memoryBytes: number; readonly type?: string };
  /** How many nodes, each with all of the above. */
  readonly nodes: { readonly min: number; readonly max: number };
  readonly timeoutMs?: number;
  readonly fuel?: number;
}

/** Thousandths of a core for a package that needs the CPU and does not say how much. */
const DEFAULT_MILLICORES = 1000;

/** Maps what a document or a record asks for to allocations that executors and the inventory of assets understand. */
export function requirementsOf(source: AssetPackage | PackageRecord): Requirements {
  const { resources, execution }: { resources: Resources; execution: Execution } =
    'spec' in source ? source.spec : source;
  const { cpuMillicores, cpuArchitecture, networkBitsPerSecond, gpuMemoryBytes, gpuType } = resources;
  const { timeoutMs, fuel } = execution;
  return {
    cpu: {
      millicores: cpuMillicores ?? (execution.cpuRequired ? DEFAULT_MILLICORES : 0),
      ...(cpuArchitecture === undefined ? {} : { architecture: cpuArchitecture }),
    },
    memory: { bytes: resources.memoryBytes ?? 0 },
    storage: { bytes: resources.storageBytes ?? 0, persistent: execution.persistentStorage },
    ...(networkBitsPerSecond === undefined ? {} : { network: { bitsPerSecond: networkBitsPerSecond } }),
    ...(execution.gpuRequired
      ? { gpu: { memoryBytes: gpuMemoryBytes ?? 0, ...(gpuType === undefined ? {} : { type: gpuType }) } }
      : {}),
    nodes: { min: execution.minNodes, max: execution.maxNodes },
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(fuel === undefined ? {} : { fuel }),
  };
}
