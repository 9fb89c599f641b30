import type { Asset, Assets } from '@hypermesh/assets';
import type { Clock, Log } from '@hypermesh/core';
import { unlessAborted } from '../abort.ts';
import type { LedgerAssets } from './ledger-assets.ts';

/** After a failure to register, the next attempt. */
const againMs = 5_000;

/** What goes on until the hardware of a node stands on the ledger. */
export interface Registering {
  /** Resolves when all of it does. */
  done(signal: AbortSignal): Promise<void>;
  /** Resolves when nothing goes on any more. */
  settled(): Promise<void>;
}

/**
 * Brings the ledger in line with this node's hardware and policies: registers what is not there, announces what is, and
 * orders a policy that was changed while the ledger could not be reached. One operation at a time, so that others of
 * this node come in between. Goes on until it is done or aborted.
 */
export function keepRegistered(
  hardware: readonly Asset[],
  parts: {
    readonly assets: Assets;
    readonly ledger: LedgerAssets;
    readonly clock: Clock;
    readonly log: Log;
    readonly signal: AbortSignal;
  },
): Registering {
  const { assets, ledger, clock, log, signal } = parts;

  async function bringInLine(): Promise<void> {
    for (const { id, record } of hardware) {
      const own = assets.find(id);
      if (own === undefined) throw new TypeError(`${id} was taken into the book at the start`);
      const { operation, height } = await ledger.register(own.asset, own.policy, signal);
      if (assets.find(id)?.state === 'registered') {
        await assets.transition(id, 'announce', { role: 'ledger', author: operation });
        log.info('inventory.registered', { kind: record.kind, asset: id, height });
      }
      const now = assets.find(id)?.policy;
      if (now !== undefined) await ledger.order(id, now, signal);
    }
  }

  async function untilDone(): Promise<void> {
    for (;;) {
      try {
        return await bringInLine();
      } catch (error) {
        signal.throwIfAborted();
        log.warn('inventory.not-registered', { message: String(error), againMs });
      }
      const pause = Promise.withResolvers<void>();
      const cancel = clock.schedule(againMs, pause.resolve);
      await unlessAborted(pause.promise, signal).finally(cancel);
    }
  }

  const finished = untilDone();
  const settled = finished.catch(() => undefined);
  return {
    done: (until) => unlessAborted(finished, until),
    settled: () => settled,
  };
}
