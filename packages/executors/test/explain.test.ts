import { describe, expect, it } from 'vitest';
import { explain, type NodeOffer, requirementsOfResources } from '../src/index.ts';
import { HOST } from './programs/machine.ts';

const WASM = {
  isAvailable: true,
  types: ['vm.wasm'],
  executor: 'metered-wasm hm-det-1',
  limits: [],
  memoryPages: { min: 1, max: 65_536 },
  grants: [],
} as const;
const OFFER: NodeOffer = {
  node: 'bafy-1',
  name: 'node-1',
  capabilities: [WASM],
  host: HOST,
  limits: { maxFuel: '1000000', maxMemoryPages: 65_536, maxDeadlineMs: 60_000, maxOutputBytes: 2 ** 20 },
  refusals: [],
};

/** The three documents of the first catalog: their `resources` and `execution`. */
const COMPUTATIONAL = [
  {
    cpu_cores: 4,
    cpu_architecture: 'x86_64',
    memory_mb: 2_048,
    storage_mb: 1_024,
    network_bandwidth_mbps: 100,
  },
  { cpu_required: true, gpu_required: false, memory_mb: 2_048, storage_mb: 1_024, persistent_storage: false },
] as const;
const GPU = [
  { cpu_cores: 2, gpu_memory_mb: 8_192, gpu_type: 'CUDA', memory_mb: 4_096 },
  { cpu_required: true, gpu_required: true, gpu_memory_mb: 8_192, gpu_type: 'CUDA', memory_mb: 4_096 },
] as const;
const DISTRIBUTED = [
  { cpu_cores: 16, memory_mb: 32_768, storage_mb: 10_240, network_bandwidth_mbps: 1_000 },
  { distributed: true, min_nodes: 3, max_nodes: 10, cpu_required: true, memory_mb: 32_768 },
] as const;

function unmet(
  offer: Partial<NodeOffer>,
  ...[resources, execution]: Parameters<typeof requirementsOfResources> extends [string, infer R, (infer E)?]
    ? [R, E?]
    : never
) {
  const [one] = explain(requirementsOfResources('vm.wasm', resources, execution), [{ ...OFFER, ...offer }]);
  return Object.fromEntries(
    (one?.findings ?? []).filter(({ ok }) => !ok).map((each) => [each.requirement, each]),
  );
}

describe('an explanation', () => {
  it('of a package that fits has every requirement met, with what the node has for it', () => {
    const [one] = explain(requirementsOfResources('vm.wasm', ...COMPUTATIONAL), [OFFER]);
    expect(one).toMatchObject({ node: 'bafy-1', name: 'node-1', canRun: true });
    expect(one?.findings.map(({ requirement }) => requirement)).toEqual([
      ...['type', 'architecture', 'cpu', 'memory', 'storage', 'network', 'policy'],
    ]);
  });

  it('names a type without an executor, and one whose executor does not work here', () => {
    const [none] = explain({ type: 'library.julia' }, [OFFER]);
    expect(none?.canRun).toBe(false);
    expect(none?.findings[0]).toMatchObject({ requirement: 'type', ok: false, asked: 'library.julia' });
    expect(none?.findings[0]?.offered).toContain('runs vm.wasm');
    const broken = { isAvailable: false, types: ['library.python'], reason: 'no python3' } as const;
    const [lame] = explain({ type: 'library.python' }, [{ ...OFFER, capabilities: [WASM, broken] }]);
    expect(lame?.findings[0]?.offered).toContain('no python3');
  });

  it('names a GPU that is not there, and does not claim one that it cannot hand over', () => {
    expect(unmet({}, ...GPU)['gpu']).toMatchObject({ asked: 'CUDA 8192 MiB', offered: 'none' });
    const host = { ...HOST, gpu: { type: 'CUDA', memoryBytes: 2 ** 34 } };
    expect(unmet({ host }, ...GPU)['gpu']?.offered).toContain('no executor here');
    expect(unmet({}, { cpu_cores: 1 }, { gpu_required: false })['gpu']).toBeUndefined();
  });

  it('names cores, memory, storage, architecture, time and fuel that a node has not, each with a remedy', () => {
    const findings = unmet(
      { limits: { ...OFFER.limits, maxMemoryPages: 1_024 } },
      {
        ...DISTRIBUTED[0],
        cpu_architecture: 'riscv64',
        storage_mb: 10 ** 6,
        timeout_ms: 10 ** 6,
        fuel: 10 ** 9,
      },
    );
    expect(Object.keys(findings)).toEqual(['architecture', 'cpu', 'memory', 'storage', 'deadline', 'fuel']);
    expect(findings['memory']?.offered).toContain('64 MiB a run');
    for (const each of Object.values(findings)) expect(each.remedy).toMatch(/\w+/);
    expect(unmet({}, { cpu_architecture: 'amd64' })).toEqual({});
    expect(unmet({}, {}, { persistent_storage: true })['storage']).toBeDefined();
  });

  it('says what the policy of the node would refuse, and where waiting helps', () => {
    const refusal = {
      asset: 'a',
      kind: 'memory',
      code: 'exhausted',
      rule: 'at most 1 GiB',
      remedy: 'wait',
      position: 2,
    };
    expect(unmet({ refusals: [refusal] }, {})['policy']).toMatchObject({
      offered: 'memory: at most 1 GiB',
      remedy: 'wait',
    });
  });

  it('of a distributed package counts the nodes that meet the rest', () => {
    const big = {
      ...OFFER,
      host: { ...HOST, millicores: 64_000, memoryBytes: 2 ** 40, storageBytes: 2 ** 40 },
    };
    const needs = requirementsOfResources('vm.wasm', ...DISTRIBUTED);
    expect(needs.nodes).toEqual({ min: 3, max: 10 });
    const limits = { ...OFFER.limits, maxMemoryPages: 2 ** 20 };
    const offers = [1, 2, 3].map((n) => ({ ...big, limits, node: `n${n}` }));
    expect(explain(needs, offers).every(({ canRun }) => canRun)).toBe(true);
    const few = explain(needs, [...offers.slice(1), { ...OFFER, node: 'small' }]);
    expect(few.every(({ canRun }) => !canRun)).toBe(true);
    expect(few[0]?.findings.at(-1)).toMatchObject({
      requirement: 'nodes',
      ok: false,
      offered: '2 that meet the rest',
    });
  });

  it('holds grants against what the type of program can be given', () => {
    const [one] = explain({ type: 'vm.wasm', grants: ['clock'] }, [OFFER]);
    expect(one?.findings.find(({ requirement }) => requirement === 'grants')).toMatchObject({ ok: false });
  });
});
