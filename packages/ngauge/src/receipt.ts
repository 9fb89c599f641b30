import { checkRecord, type Infer, record, s, type Verdict } from '@hypermesh/core';

const text = s.text(128);
const schema = record({
  lease: text,
  consumer: text,
  provider: text,
  resource: s.text(64),
  isAnonymous: s.bool(),
  units: s.bigint(),
  amount: s.bigint(),
  durationMs: s.uint(),
  settledMs: s.uint(),
});

/** What is read of a settlement: who used what of whom, what it cost, how long it took, and when it was settled. */
export type SettledReceipt = Infer<typeof schema>;

/** Why receipts give no report; `index` is the place of the first one at fault. */
export type ReceiptReason =
  | 'bad-receipt'
  /** Two receipts of one lease that say different things. */
  | 'contradiction';

/** The receipts that count: checked, each lease once, none of an anonymous lease, in an order of their own. */
export function countedReceipts(
  receipts: readonly SettledReceipt[],
): Verdict<{ counted: SettledReceipt[] }, ReceiptReason> & { readonly index?: number } {
  const byLease = new Map<string, SettledReceipt>();
  for (const [index, given] of receipts.entries()) {
    const receipt = partOf(given);
    if (!checkRecord(schema, receipt).ok) return { ok: false, reason: 'bad-receipt', index };
    const known = byLease.get(receipt.lease);
    if (known !== undefined && !areEqual(known, receipt))
      return { ok: false, reason: 'contradiction', index };
    byLease.set(receipt.lease, receipt);
  }
  const counted = [...byLease.values()].filter(({ isAnonymous }) => !isAnonymous);
  counted.sort((a, b) => a.settledMs - b.settledMs || (a.lease < b.lease ? -1 : 1));
  return { ok: true, counted };
}

/** A settlement may say more than is read here. */
function partOf(given: SettledReceipt): SettledReceipt {
  if (typeof given !== 'object' || given === null) return given;
  const { lease, consumer, provider, resource, isAnonymous, units, amount, durationMs, settledMs } = given;
  return { lease, consumer, provider, resource, isAnonymous, units, amount, durationMs, settledMs };
}

function areEqual(a: SettledReceipt, b: SettledReceipt): boolean {
  return (Object.keys(a) as (keyof SettledReceipt)[]).every((key) => a[key] === b[key]);
}
