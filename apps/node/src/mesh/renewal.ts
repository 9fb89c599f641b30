import type { Clock, Log, ReplaceableCell } from '@hypermesh/core';
import { renewAtMs } from '@hypermesh/trustchain/ca';
import type { Certificate } from '@hypermesh/trustchain/x509';
import type { Credentials } from '../identity.ts';

/** Time until a renewal that failed is tried again; no two renewals are closer, whatever the clocks say. */
const retryMs = 60_000;

/**
 * Has a node's certificate renewed when three quarters of its life are over, and again, for as long as the node runs.
 * Sessions that stand go on; new ones use the new certificate.
 */
export function keepCertified(
  credentials: ReplaceableCell<Credentials>,
  parts: { readonly clock: Clock; readonly log: Log; renew(): Promise<readonly Certificate[]> },
): Disposable {
  const { clock, log, renew } = parts;
  let cancel: () => void = () => undefined;
  let isOver = false;

  function plan(delayMs: number): void {
    if (isOver) return;
    cancel = clock.schedule(delayMs, () => {
      renew()
        .then((chain) => {
          credentials.replace({ ...credentials.current(), chain });
          log.info('certificate.renewed', { untilMs: chain[0]?.notAfterMs });
          planNext(retryMs);
        })
        .catch((error: unknown) => {
          log.warn('certificate.not-renewed', { message: String(error) });
          plan(retryMs);
        });
    });
  }

  function planNext(leastMs: number): void {
    const [leaf] = credentials.current().chain;
    if (leaf !== undefined) plan(Math.max(leastMs, renewAtMs(leaf) - clock.nowMs()));
  }

  planNext(0);
  return {
    [Symbol.dispose]() {
      isOver = true;
      cancel();
    },
  };
}
