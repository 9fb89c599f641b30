import type { Capability } from './executor.ts';
import type { ClaimReason } from './ports.ts';
import type { Requirements } from './requirements.ts';

/** What a machine is, as far as programs are concerned. Bytes and thousandths of a core. */
export interface HostFacts {
  readonly architecture: string;
  readonly millicores: number;
  readonly memoryBytes: number;
  readonly storageBytes: number;
  /** Absent where the machine has none that programs can use. */
  readonly gpu?: { readonly type: string; readonly memoryBytes: number };
}

/** What the owner of a node allows one run. Fuel as a decimal string. */
export interface OfferedLimits {
  readonly maxFuel: string;
  readonly maxMemoryPages: number;
  readonly maxDeadlineMs: number;
  readonly maxOutputBytes: number;
}

/** What a node offers to run, as plain JSON: only what its probes proved. */
export interface NodeOffer {
  readonly node: string;
  readonly name: string;
  readonly capabilities: readonly Capability[];
  readonly host: HostFacts;
  readonly limits: OfferedLimits;
  /** Why the node's policy would refuse whoever asked for this offer; empty: it would not. */
  readonly refusals: readonly ClaimReason[];
}

/** One requirement held against one node. */
export interface Finding {
  readonly requirement:
    | 'type'
    | 'architecture'
    | 'cpu'
    | 'memory'
    | 'storage'
    | 'network'
    | 'gpu'
    | 'deadline'
    | 'fuel'
    | 'grants'
    | 'policy'
    | 'nodes';
  readonly ok: boolean;
  readonly asked: string;
  readonly offered: string;
  /** What whoever asks can do, where it is not met. */
  readonly remedy?: string;
}

/** Whether a node can run a package, and each requirement with what the node has for it. */
export interface Explanation {
  readonly node: string;
  readonly name: string;
  readonly canRun: boolean;
  readonly findings: readonly Finding[];
}

const PAGE = 65_536;
const MIB = 2 ** 20;

/** Names of an architecture that mean the same. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: 'x64',
  amd64: 'x64',
  x64: 'x64',
  aarch64: 'arm64',
  arm64: 'arm64',
};

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / MIB)} MiB`;
}

function architectureOf(name: string): string {
  const lower = name.toLowerCase();
  return Object.hasOwn(ARCHITECTURES, lower) ? (ARCHITECTURES[lower] as string) : lower;
}

/**
 * Holds a package's requirements against what nodes offer: for every node every requirement that the package has, met or
 * not, with what was asked, what is there and what can be done. Pure; asks no node anything.
 */
export function explain(requirements: Requirements, offers: readonly NodeOffer[]): readonly Explanation[] {
  const each = offers.map((offer) => {
    const findings = findingsOf(requirements, offer);
    return { node: offer.node, name: offer.name, findings, canRun: findings.every(({ ok }) => ok) };
  });
  const { nodes } = requirements;
  if (nodes === undefined || nodes.min <= 1) return each;
  const able = each.filter(({ canRun }) => canRun).length;
  const together: Finding = {
    requirement: 'nodes',
    ok: able >= nodes.min,
    asked: `${nodes.min} to ${nodes.max} nodes`,
    offered: `${able} that meet the rest`,
    ...(able >= nodes.min ? {} : { remedy: 'wait for more nodes, or ask for fewer' }),
  };
  return each.map((one) => ({
    ...one,
    findings: [...one.findings, together],
    canRun: one.canRun && together.ok,
  }));
}

function findingsOf(requirements: Requirements, offer: NodeOffer): Finding[] {
  const { type, cpu, memory, storage, network, gpu, timeoutMs, fuel, grants } = requirements;
  const { host, limits } = offer;
  const found: Finding[] = [];
  const hold = (
    requirement: Finding['requirement'],
    ok: boolean,
    words: { readonly asked: string; readonly offered: string; readonly remedy: string },
  ) => {
    const { asked, offered, remedy } = words;
    found.push({ requirement, ok, asked, offered, ...(ok ? {} : { remedy }) });
  };
  const capability = offer.capabilities.find(({ types }) => types.includes(type));
  const runs = offer.capabilities.flatMap((one) => (one.isAvailable ? one.types : []));
  hold('type', capability?.isAvailable === true, {
    asked: type,
    offered: typeOffered(capability, runs),
    remedy: 'ask a node that has an executor for it',
  });
  const architecture = cpu?.architecture;
  if (architecture !== undefined) {
    // Metered programs run the same on any machine, so that a package for WebAssembly may ask for none in vain.
    hold('architecture', architectureOf(architecture) === architectureOf(host.architecture), {
      asked: architecture,
      offered: host.architecture,
      remedy: 'leave cpu_architecture out: programs of this kind run on any',
    });
  }
  if (cpu?.millicores !== undefined) {
    hold('cpu', cpu.millicores <= host.millicores, {
      asked: `${cpu.millicores / 1_000} cores`,
      offered: `${host.millicores / 1_000} cores`,
      remedy: 'ask for fewer cores, or another node',
    });
  }
  if (memory?.bytes !== undefined) {
    const usable = Math.min(host.memoryBytes, limits.maxMemoryPages * PAGE);
    hold('memory', memory.bytes <= usable, {
      asked: mebibytes(memory.bytes),
      offered: `${mebibytes(usable)} a run, of ${mebibytes(host.memoryBytes)}`,
      remedy: 'ask for less memory, or a node whose owner allows more',
    });
  }
  if (storage?.bytes !== undefined || storage?.persistent === true) {
    const bytes = storage.bytes ?? 0;
    const persists = storage.persistent === true;
    hold('storage', bytes <= host.storageBytes && !persists, {
      asked: `${mebibytes(bytes)}${persists ? ', kept between runs' : ''}`,
      offered: `${mebibytes(host.storageBytes)}, nothing is kept between runs`,
      remedy: persists ? 'set persistent_storage to false' : 'ask for less storage',
    });
  }
  if (network?.bitsPerSecond !== undefined) {
    // A bandwidth is what moves the package and its data; a program itself reaches no network.
    hold('network', true, {
      asked: `${network.bitsPerSecond / 1e6} Mbps`,
      offered: 'not reserved; programs reach no network, their package is moved before they start',
      remedy: '',
    });
  }
  if (gpu !== undefined) {
    const isThere =
      host.gpu !== undefined &&
      (gpu.type === undefined || gpu.type.toLowerCase() === host.gpu.type.toLowerCase()) &&
      (gpu.memoryBytes ?? 0) <= host.gpu.memoryBytes;
    // No executor of this version hands a GPU to a program, so that a node that has one cannot give it either.
    hold('gpu', false, {
      asked: [gpu.type ?? 'any', gpu.memoryBytes === undefined ? '' : mebibytes(gpu.memoryBytes)]
        .join(' ')
        .trim(),
      offered: isThere ? 'there, but no executor here can hand it to a program' : gpuOffered(host),
      remedy: 'set gpu_required to false, or wait for an executor that has GPUs',
    });
  }
  if (timeoutMs !== undefined) {
    hold('deadline', timeoutMs <= limits.maxDeadlineMs, {
      asked: `${timeoutMs} ms`,
      offered: `${limits.maxDeadlineMs} ms a run`,
      remedy: 'ask for less time, or a node whose owner allows more',
    });
  }
  if (fuel !== undefined) {
    hold('fuel', BigInt(fuel) <= BigInt(limits.maxFuel), {
      asked: `${fuel} fuel`,
      offered: `${limits.maxFuel} fuel a run`,
      remedy: 'ask for less fuel, or a node whose owner allows more',
    });
  }
  const missing = (grants ?? []).filter(
    (one) => !(capability?.isAvailable && capability.grants.includes(one)),
  );
  if (grants !== undefined && grants.length > 0) {
    hold('grants', missing.length === 0, {
      asked: grants.join(', '),
      offered: capability?.isAvailable ? capability.grants.join(', ') || 'none' : 'none',
      remedy: 'do without, or use a type of program that can be given them',
    });
  }
  hold('policy', offer.refusals.length === 0, {
    asked: 'a run for you',
    offered: offer.refusals.map(({ kind, rule }) => `${kind}: ${rule}`).join('; ') || 'granted',
    remedy: offer.refusals.map(({ remedy }) => remedy).join('; '),
  });
  return found;
}

function typeOffered(capability: Capability | undefined, runs: readonly string[]): string {
  if (capability === undefined) return `no executor for it; runs ${runs.join(', ') || 'nothing'}`;
  return capability.isAvailable
    ? capability.executor
    : `its executor does not work here: ${capability.reason}`;
}

function gpuOffered({ gpu }: HostFacts): string {
  return gpu === undefined ? 'none' : `${gpu.type} ${mebibytes(gpu.memoryBytes)}`;
}
