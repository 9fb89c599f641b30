import type { Asset, Assets, DeviceHealth } from '@hypermesh/assets';
import { cpuAdapter, memoryAdapter, storageAdapter } from '@hypermesh/assets/adapters';
import type { Clock, Log } from '@hypermesh/core';

/** How often devices are looked at. */
const everyMs = 30_000;

/** The adapters of the kinds of hardware that a node lends, by kind. */
export function machineAdapters(path: string) {
  return { cpu: cpuAdapter(), memory: memoryAdapter(), storage: storageAdapter({ path }) } as const;
}

/**
 * Looks at the devices of a node from time to time: one that cannot be lent fails, which revokes its leases, and comes
 * back when it can. The answer stops it.
 */
export function watchHealth(
  hardware: readonly Asset[],
  parts: {
    readonly assets: Assets;
    readonly adapters: Readonly<Record<string, { health(): Promise<DeviceHealth> }>>;
    readonly clock: Clock;
    readonly log: Log;
  },
): () => void {
  const { assets, adapters, clock, log } = parts;
  let isStopped = false;
  let cancel = () => {};

  async function look(): Promise<void> {
    for (const { id, record } of hardware) {
      const health = await adapters[record.kind]?.health();
      const state = assets.find(id)?.state;
      if (isStopped || health === undefined || state === undefined) return;
      const step = health.isHealthy ? 'recover' : 'fail';
      const isDue = health.isHealthy
        ? state === 'failed'
        : ['available', 'allocated', 'active'].includes(state);
      if (!isDue) continue;
      await assets.transition(id, step, { role: 'adapter', author: health.detail.slice(0, 80) });
      log.warn('inventory.health', { asset: id, kind: record.kind, step, detail: health.detail });
    }
  }

  function again(): void {
    cancel = clock.schedule(everyMs, () => {
      look()
        .catch((error: unknown) => log.warn('inventory.health-unknown', { message: String(error) }))
        .finally(() => {
          if (!isStopped) again();
        });
    });
  }
  again();
  return () => {
    isStopped = true;
    cancel();
  };
}
