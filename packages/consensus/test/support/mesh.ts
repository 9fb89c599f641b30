import { type ChainId, sha256, utf8 } from '@hypermesh/core';
import { generateKey } from '@hypermesh/core/ed25519';
import { systemClock } from '@hypermesh/core/node';
import {
  createMemoryHub,
  createMemoryStorage,
  createValidator,
  type LedgerGenesis,
  type Storage,
  type ValidatorLimits,
} from '../../src/index.ts';
import { type CounterApp, createCounterApp } from './counter-app.ts';

export const CHAIN = 'c0'.repeat(32) as ChainId;

export function keysOf(count: number) {
  return Array.from({ length: count }, (_, index) => generateKey(sha256(utf8(`validator ${index}`))));
}

export function genesisOf(count: number): LedgerGenesis {
  return {
    chain: CHAIN,
    timeMs: 1_700_000_000_000,
    validators: keysOf(count).map(({ publicKey }) => ({ publicKey })),
    stateRoot: createCounterApp().stateRoot(),
  };
}

/** Validators of one process over a memory hub. */
export function createMesh(
  count: number,
  limits: Partial<ValidatorLimits> = {},
  storages?: readonly Storage[],
) {
  const hub = createMemoryHub();
  const keys = keysOf(count);
  const genesis = genesisOf(count);
  const make = (index: number, storage: Storage) => {
    const app: CounterApp = createCounterApp();
    const { secretKey } = keys[index] as (typeof keys)[number];
    const node = createValidator(
      {
        genesis,
        secretKey,
        minBlockIntervalMs: 0,
        leaderTimeoutMs: 300,
        advanceTimeoutMs: 500,
        retryMs: 200,
        ...limits,
      },
      { app, transport: hub.transport(index), storage, clock: systemClock },
    );
    return { app, node, storage, index };
  };
  const members = keys.map((_, index) => make(index, storages?.[index] ?? createMemoryStorage()));
  return {
    hub,
    genesis,
    keys,
    members,
    make,
    start: () => Promise.all(members.map(({ node }) => node.start())),
    stop: () => Promise.all(members.map(({ node }) => node.stop())),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(members.map(({ node }) => node.stop()));
    },
  };
}

/** Resolves when `check` holds, looking again at every turn of the event loop; fails after `withinMs`. */
export async function until(check: () => boolean, withinMs = 15_000): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!check()) {
    if (performance.now() > endMs) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
