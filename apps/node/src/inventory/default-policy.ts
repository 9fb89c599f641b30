import type { Asset, Policy, ProofStrength } from '@hypermesh/assets';
import type { LendConfig } from '../config.ts';

/** Far above the runs that are served at once: shares are what bounds them. */
const leases = { maxLeases: 64, maxLeasesEach: 32 };
const maxDurationMs = 24 * 3_600_000;

/** How a new node lends a device, until its owner says otherwise. */
export function defaultPolicy(
  { kind, attributes }: Pick<Asset['record'], 'kind' | 'attributes'>,
  { level, cpuPercent, memoryPercent, storagePercent }: LendConfig,
  floor: ProofStrength,
): Policy {
  const percent = { cpu: cpuPercent, memory: memoryPercent, storage: storagePercent }[kind] ?? 0;
  const cores = attributes['cores'];
  return {
    v: 1,
    level,
    allocation: 'verified',
    groups: [],
    networks: [],
    shareBp: kind === 'cpu' && typeof cores === 'number' ? wholeCores(percent, cores) : percent * 100,
    ...leases,
    maxDurationMs,
    hours: [],
    proofs: floor,
    price: { amount: 0n, units: 1 },
  };
}

/** A run takes a core while it runs: a share that ends within one is rounded up to it. */
function wholeCores(percent: number, cores: number): number {
  return Math.min(10_000, Math.ceil((Math.ceil((cores * percent) / 100) * 10_000) / cores));
}
