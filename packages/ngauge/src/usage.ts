import { recordCid, type Verdict } from '@hypermesh/core';
import { concentrationBp, diversityBp, quantile, sumBy, WHOLE_BP } from './figures.ts';
import { countedReceipts, type ReceiptReason, type SettledReceipt } from './receipt.ts';

const MOST_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** What is reported on: settlements of `fromMs` to before `toMs`, Unix milliseconds. */
export interface UsageWindow {
  readonly fromMs: number;
  readonly toMs: number;
  /** Units a second that all providers together offer, by resource: without it, no utilisation. */
  readonly capacity?: Readonly<Record<string, bigint>>;
}

/** How long uses took, milliseconds: nearest ranks. */
export interface Latency {
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly mostMs: number;
}

/** One resource in the window. Shares are basis points, rounded down. */
export interface ResourceUsage {
  readonly resource: string;
  readonly settlements: number;
  readonly units: bigint;
  readonly amount: bigint;
  /** Units used of those that could have been; null without a capacity. Passes 10,000 where it was understated. */
  readonly utilisationBp: number | null;
  readonly providers: number;
  readonly consumers: number;
  /** Herfindahl-Hirschman index over the units of providers, and over those of consumers. */
  readonly providerConcentrationBp: number;
  readonly consumerConcentrationBp: number;
  readonly latency: Latency;
}

/** Signals of a window, integers throughout: the same receipts give the same report, on every machine. */
export interface UsageReport {
  readonly v: 1;
  readonly fromMs: number;
  readonly toMs: number;
  readonly settlements: number;
  readonly amount: bigint;
  /** By name of the resource. */
  readonly resources: readonly ResourceUsage[];
  /** How evenly resources were paid for: 0 one alone, 10,000 all alike. */
  readonly diversityBp: number;
  /** Providers of the window of the same length before: how many there were, and which share of them did not come again. */
  readonly churn: { readonly before: number; readonly lostBp: number; readonly joined: number };
}

/**
 * Signals of usage as a pure function of settled receipts, of which it needs those of the window and of as long before.
 * Order and repetition of receipts do not matter. Those of anonymous leases leave no trace, not in a count either.
 */
export function usageOf(
  receipts: readonly SettledReceipt[],
  window: UsageWindow,
): Verdict<{ report: UsageReport }, ReceiptReason | 'bad-window'> & { readonly index?: number } {
  const { fromMs, toMs, capacity = {} } = window;
  const isTime = (ms: number) => Number.isSafeInteger(ms) && ms >= 0;
  if (!isTime(fromMs) || !isTime(toMs) || toMs <= fromMs) return { ok: false, reason: 'bad-window' };
  if (Object.values(capacity).some((units) => typeof units !== 'bigint' || units < 0n))
    return { ok: false, reason: 'bad-window' };
  const checked = countedReceipts(receipts);
  if (!checked.ok) return checked;
  const { counted } = checked;
  const spanMs = toMs - fromMs;
  const now = counted.filter(({ settledMs }) => settledMs >= fromMs && settledMs < toMs);
  const before = counted.filter(({ settledMs }) => settledMs >= fromMs - spanMs && settledMs < fromMs);

  const names = [...new Set(now.map(({ resource }) => resource))].sort((a, b) => (a < b ? -1 : 1));
  const resources = names.map((resource) =>
    resourceUsage(resource, {
      receipts: now.filter((receipt) => receipt.resource === resource),
      capacity: Object.hasOwn(capacity, resource) ? capacity[resource] : undefined,
      spanMs,
    }),
  );
  const report: UsageReport = {
    v: 1,
    fromMs,
    toMs,
    settlements: now.length,
    amount: resources.reduce((sum, { amount }) => sum + amount, 0n),
    resources,
    diversityBp: diversityBp(resources.map(({ amount }) => amount)),
    churn: churnOf(before, now),
  };
  return { ok: true, report };
}

function resourceUsage(
  resource: string,
  {
    receipts,
    capacity,
    spanMs,
  }: {
    readonly receipts: readonly SettledReceipt[];
    readonly capacity: bigint | undefined;
    readonly spanMs: number;
  },
): ResourceUsage {
  const units = receipts.reduce((sum, receipt) => sum + receipt.units, 0n);
  const byProvider = sumBy(
    receipts,
    ({ provider }) => provider,
    (receipt) => receipt.units,
  );
  const byConsumer = sumBy(
    receipts,
    ({ consumer }) => consumer,
    (receipt) => receipt.units,
  );
  const durations = receipts.map(({ durationMs }) => durationMs).sort((a, b) => a - b);
  const offered = capacity === undefined ? 0n : capacity * BigInt(spanMs);
  return {
    resource,
    settlements: receipts.length,
    units,
    amount: receipts.reduce((sum, { amount }) => sum + amount, 0n),
    utilisationBp: offered === 0n ? null : atMostSafe((units * 1_000n * WHOLE_BP) / offered),
    providers: byProvider.size,
    consumers: byConsumer.size,
    providerConcentrationBp: concentrationBp(byProvider.values()),
    consumerConcentrationBp: concentrationBp(byConsumer.values()),
    latency: {
      p50Ms: quantile(durations, 5_000),
      p90Ms: quantile(durations, 9_000),
      p99Ms: quantile(durations, 9_900),
      mostMs: durations.at(-1) ?? 0,
    },
  };
}

const atMostSafe = (value: bigint) => Number(value > MOST_SAFE ? MOST_SAFE : value);

function churnOf(before: readonly SettledReceipt[], now: readonly SettledReceipt[]): UsageReport['churn'] {
  const earlier = new Set(before.map(({ provider }) => provider));
  const present = new Set(now.map(({ provider }) => provider));
  const lost = [...earlier].filter((provider) => !present.has(provider)).length;
  const joined = [...present].filter((provider) => !earlier.has(provider)).length;
  const lostBp = earlier.size === 0 ? 0 : Math.floor((lost * Number(WHOLE_BP)) / earlier.size);
  return { before: earlier.size, lostBp, joined };
}

/**
 * Canonical bytes of a report and their CID (dag-cbor, sha2-256): equal wherever the receipts are. Sums are decimal
 * text, since they may pass what a canonical integer holds.
 */
export function encodeReport(report: UsageReport): { readonly bytes: Uint8Array; readonly cid: string } {
  const { resources, amount, ...rest } = report;
  return recordCid({
    ...rest,
    amount: String(amount),
    resources: resources.map((one) => ({ ...one, units: String(one.units), amount: String(one.amount) })),
  });
}
