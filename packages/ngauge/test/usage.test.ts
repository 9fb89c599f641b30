import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeReport, type SettledReceipt, usageOf } from '../src/index.ts';

const day = 86_400_000;
const window = { fromMs: day, toMs: 2 * day };
let leases = 0;
function receipt(change: Partial<SettledReceipt> = {}): SettledReceipt {
  return {
    lease: `lease-${leases++}`,
    consumer: 'alice',
    provider: 'bob',
    resource: 'fuel',
    isAnonymous: false,
    units: 100n,
    amount: 10n,
    durationMs: 5,
    settledMs: day + 1,
    ...change,
  };
}
function reportOf(receipts: readonly SettledReceipt[], of: Parameters<typeof usageOf>[1] = window) {
  const result = usageOf(receipts, of);
  if (!result.ok) throw new Error(result.reason);
  return result.report;
}
const names = ['alice', 'bob', 'carol', 'dave', 'erin'];
const receipts = fc.uniqueArray(
  fc.record({
    lease: fc.uuid(),
    consumer: fc.constantFrom(...names),
    provider: fc.constantFrom(...names),
    resource: fc.constantFrom('fuel', 'bytes', 'storage'),
    isAnonymous: fc.boolean(),
    units: fc.bigInt(0n, 2n ** 64n - 1n),
    amount: fc.bigInt(0n, 2n ** 64n - 1n),
    durationMs: fc.nat(),
    settledMs: fc.nat(3 * day),
  }),
  { maxLength: 40, selector: ({ lease }) => lease },
);

describe('a usage report', () => {
  it('gives utilisation, concentration, diversity, churn and latency, by hand [ngauge-02]', () => {
    const report = reportOf(
      [
        receipt({ units: 300n, amount: 30n, durationMs: 1 }),
        receipt({ units: 100n, amount: 10n, durationMs: 9, provider: 'carol', consumer: 'dave' }),
        receipt({ units: 7n, amount: 20n, durationMs: 4, resource: 'bytes' }),
        receipt({ provider: 'erin', settledMs: 5 }),
        receipt({ provider: 'bob', settledMs: 6 }),
        receipt({ provider: 'dave', settledMs: 2 * day }),
      ],
      { ...window, capacity: { fuel: 1n } },
    );
    expect(report).toEqual({
      v: 1,
      fromMs: day,
      toMs: 2 * day,
      settlements: 3,
      amount: 60n,
      resources: [
        {
          resource: 'bytes',
          settlements: 1,
          units: 7n,
          amount: 20n,
          utilisationBp: null,
          providers: 1,
          consumers: 1,
          providerConcentrationBp: 10_000,
          consumerConcentrationBp: 10_000,
          latency: { p50Ms: 4, p90Ms: 4, p99Ms: 4, mostMs: 4 },
        },
        {
          resource: 'fuel',
          settlements: 2,
          units: 400n,
          amount: 40n,
          // 400 of 86,400 units
          utilisationBp: 46,
          providers: 2,
          consumers: 2,
          // 0.75² + 0.25²
          providerConcentrationBp: 6_250,
          consumerConcentrationBp: 6_250,
          latency: { p50Ms: 1, p90Ms: 9, p99Ms: 9, mostMs: 9 },
        },
      ],
      // 1 - (1/3)² - (2/3)² = 4/9, of at most 1/2
      diversityBp: 8_888,
      // bob came again, erin did not, carol is new
      churn: { before: 2, lostBp: 5_000, joined: 1 },
    });
  });

  it('recomputes byte for byte from the same receipts, in any order and with repetitions [ngauge-02]', () => {
    fc.assert(
      fc.property(receipts, fc.integer(), (list, seed) => {
        const shuffled = [...list, ...list].sort(
          (a, b) => ((a.durationMs ^ seed) % 97) - ((b.durationMs ^ seed) % 97),
        );
        expect(encodeReport(reportOf(shuffled))).toEqual(encodeReport(reportOf(list)));
      }),
    );
  });

  it('is the same whether anonymous leases are among the receipts or not [ngauge-02]', () => {
    fc.assert(
      fc.property(receipts, (list) => {
        const named = list.filter(({ isAnonymous }) => !isAnonymous);
        expect(reportOf(list)).toEqual(reportOf(named));
      }),
    );
    const report = reportOf([receipt({ isAnonymous: true, provider: 'hidden' })]);
    expect(report).toMatchObject({ settlements: 0, amount: 0n, resources: [], churn: { joined: 0 } });
    expect(encodeReport(report).cid).toBe(encodeReport(reportOf([])).cid);
  });

  it('has shares within bounds, and sums that are those of the receipts', () => {
    fc.assert(
      fc.property(receipts, (list) => {
        const report = reportOf(list);
        const counted = list.filter(
          (one) => !one.isAnonymous && one.settledMs >= day && one.settledMs < 2 * day,
        );
        expect(report.settlements).toBe(counted.length);
        expect(report.amount).toBe(counted.reduce((sum, { amount }) => sum + amount, 0n));
        expect(report.diversityBp).toBeGreaterThanOrEqual(0);
        expect(report.diversityBp).toBeLessThanOrEqual(10_000);
        for (const { providers, units, providerConcentrationBp, latency } of report.resources) {
          expect(providerConcentrationBp).toBeLessThanOrEqual(10_000);
          if (units > 0n)
            expect(providerConcentrationBp).toBeGreaterThanOrEqual(Math.floor(10_000 / providers));
          expect(latency.p50Ms).toBeLessThanOrEqual(latency.p90Ms);
          expect(latency.p99Ms).toBeLessThanOrEqual(latency.mostMs);
        }
      }),
    );
  });

  it('changes with what a receipt says', () => {
    const list = [receipt(), receipt({ provider: 'carol' })];
    const [first, second] = list as [SettledReceipt, SettledReceipt];
    const before = encodeReport(reportOf(list)).cid;
    for (const change of [
      { units: 101n },
      { amount: 11n },
      { durationMs: 6 },
      { provider: 'carol' },
      { resource: 'x' },
    ])
      expect(encodeReport(reportOf([{ ...first, ...change }, second])).cid).not.toBe(before);
  });

  it('reads settlements that say more than it needs', () => {
    expect(usageOf([{ ...receipt(), fee: 3n } as SettledReceipt], window).ok).toBe(true);
  });

  it.each<[string, unknown, object]>([
    ['no object', [null], { reason: 'bad-receipt', index: 0 }],
    ['a number of units', [receipt(), receipt({ units: 5 as never })], { reason: 'bad-receipt', index: 1 }],
    ['negative units', [receipt({ units: -1n })], { reason: 'bad-receipt', index: 0 }],
    ['a fraction of time', [receipt({ durationMs: 0.5 })], { reason: 'bad-receipt', index: 0 }],
    ['no anonymity', [receipt({ isAnonymous: undefined as never })], { reason: 'bad-receipt', index: 0 }],
    [
      'two words on one lease',
      [receipt({ lease: 'x' }), receipt({ lease: 'x', units: 1n })],
      { reason: 'contradiction', index: 1 },
    ],
  ])('is refused over bad receipts, by name: %s', (_, list, fault) => {
    expect(usageOf(list as SettledReceipt[], window)).toEqual({ ok: false, ...fault });
  });

  it.each([
    ['an empty window', { fromMs: 5, toMs: 5 }],
    ['a fraction', { fromMs: 0.5, toMs: 5 }],
    ['a time before 1970', { fromMs: -5, toMs: 5 }],
    ['negative capacity', { fromMs: 0, toMs: 5, capacity: { fuel: -1n } }],
  ])('is refused over %s', (_, of) => {
    expect(usageOf([], of)).toEqual({ ok: false, reason: 'bad-window' });
  });
});
