import { createGenesis, createMemoryHub, createVrfKey } from '@hypermesh/consensus';
import { silentLog, silentMetrics } from '@hypermesh/core';
import { systemClock } from '@hypermesh/core/node';
import type { DataDirectory } from '../src/data-directory.ts';
import { foundingPlots, foundingPower } from '../src/ledger/options.ts';
import { type LedgerService, openLedgerService } from '../src/ledger/service.ts';
import type { Phase2 } from '../src/phases.ts';

/** The ledger of a mesh that has one member, its validator. */
export async function openLoneLedger(directory: DataDirectory, keys: Phase2['keys']): Promise<LedgerService> {
  const made = createGenesis({
    name: 'test',
    createdMs: systemClock.nowMs() - 1000,
    profile: 'localhost',
    members: [
      {
        name: 'amber',
        key: keys.ed25519.publicKey,
        vrfKey: createVrfKey(keys.vrfSeed).publicKey,
        power: foundingPower,
        validator: true,
        space: foundingPlots,
      },
    ],
    bindings: {},
  });
  const facts = { v: 1, root: '', logKey: '', signers: {} } as const;
  return await openLedgerService(directory, { ...made, facts }, keys, {
    ...{ clock: systemClock, log: silentLog, metrics: silentMetrics },
    transport: createMemoryHub().transport(0),
  });
}
