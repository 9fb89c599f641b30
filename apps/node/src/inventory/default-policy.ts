import type { Policy, ProofStrength } from '@hypermesh/assets';
import type { LendConfig } from '../config.ts';

/** Leases of one asset at once: as many as runs are served at once. */
const leases = { maxLeases: 64, maxLeasesEach: 32 };
const maxDurationMs = 24 * 3_600_000;

/** How a new node lends a device of a kind, until its owner says otherwise. */
export function defaultPolicy(kind: string, lend: LendConfig, floor: ProofStrength): Policy {
  const percent =
    { cpu: lend.cpuPercent, memory: lend.memoryPercent, storage: lend.storagePercent }[kind] ?? 0;
  return {
    v: 1,
    level: lend.level,
    allocation: 'verified',
    groups: [],
    networks: [],
    shareBp: percent * 100,
    ...leases,
    maxDurationMs,
    hours: [],
    proofs: floor,
    price: { amount: 0n, units: 1 },
  };
}
