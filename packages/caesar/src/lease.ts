import {
  decodeRecord,
  domainHash,
  encodeRecord,
  equalBytes,
  type Infer,
  record,
  s,
  type Verdict,
} from '@hypermesh/core';
import type { Posted, RefusalReason, ValueLedger } from './ledger.ts';
import { BASIS_POINTS, isAccount, isAmount, isId, shareUp } from './limits.ts';
import {
  acceptanceMessage,
  decodeSignedReceipt,
  type SignatureCheck,
  type SignedReceipt,
  usageMessage,
} from './receipt.ts';
import type { Entry, EntryBody } from './records.ts';

const leaseTerms = record({
  v: s.literal(1),
  /** What the units are, such as `fuel`. */
  resource: s.text(64),
  /** Base units for `per` units of the resource. */
  price: s.bigint(),
  per: s.bigint(),
  /** Whose signatures a receipt needs. */
  signatures: s.union(s.literal('provider'), s.literal('both')),
  /** Left out of every report on usage. */
  isAnonymous: s.bool(),
});

const settlement = record({
  v: s.literal(1),
  lease: s.text(112),
  consumer: s.text(128),
  provider: s.text(128),
  resource: s.text(64),
  isAnonymous: s.bool(),
  escrow: s.bigint(),
  units: s.bigint(),
  durationMs: s.uint(),
  /** `amount` was debited, of which `fee` went to the books' fee account and the rest to the provider. */
  amount: s.bigint(),
  fee: s.bigint(),
  /** What went back to the consumer: `escrow` less `amount`. */
  returned: s.bigint(),
  openedMs: s.uint(),
  settledMs: s.uint(),
  /** Hash over all receipts, 32 bytes. */
  receipts: s.bytes({ length: 32 }),
});

/** How a lease is paid. */
export type LeaseTerms = Omit<Infer<typeof leaseTerms>, 'v'>;

/** How a lease was settled. */
export type Settlement = Infer<typeof settlement>;

/** Why a lease is not settled, beside what the books themselves refuse. Nothing was changed. */
export type SettlementReason =
  | RefusalReason
  | 'no-lease'
  | 'settled-otherwise'
  | 'no-receipts'
  | 'malformed-receipt'
  /** A receipt is of another lease. */
  | 'other-lease'
  /** A receipt is not by the lease's provider, or not signed by it. */
  | 'not-by-provider'
  | 'not-accepted'
  | 'bad-sequence';

/** A lease that was asked for: who pays, who provides, and at most how much. */
export interface LeaseRequest extends LeaseTerms {
  /** Id of the lease, 1 to 112 characters, never used in these books before. */
  readonly lease: string;
  readonly consumer: string;
  readonly provider: string;
  readonly escrow: bigint;
  /** Ledger time from which it cannot be settled. */
  readonly expiresMs: number;
  readonly atMs: number;
}

/** Leases over one ledger: opened with an escrow, settled once from signed receipts, or expired. */
export interface LeaseBook {
  open(request: LeaseRequest): Posted;
  /**
   * Debits the escrow by all receipts of the lease, in order, and gives back the rest. The same receipts again answer
   * ok and change nothing; others are refused.
   */
  settle(request: {
    readonly lease: string;
    readonly receipts: readonly Uint8Array[];
    readonly atMs: number;
  }): Verdict<{ settlement: Settlement; repeated: boolean }, SettlementReason>;
  /** Gives back the escrow of a lease that nobody settled in time. */
  expire(request: { readonly lease: string; readonly atMs: number }): Posted;
  settlementOf(lease: string): Settlement | undefined;
  /** All settlements, oldest first. Cost: all entries. */
  settlements(): IterableIterator<Settlement>;
}

/** What leases are settled by. */
export interface LeaseOptions {
  readonly signatures: SignatureCheck;
  /** Names these books in what is signed, such as the id of a chain. */
  readonly context: Uint8Array;
  /** Share of each debit, rounded up, that goes to an account of its own. */
  readonly fee?: { readonly to: string; readonly shareBp: number };
}

const settleId = (lease: string) => `settle:${lease}`;

/** What a use costs: units times price, rounded up. */
export function chargeOf(units: bigint, { price, per }: Pick<LeaseTerms, 'price' | 'per'>): bigint {
  return shareUp(units, price, per);
}

/** Leases whose escrow stands in `ledger`. */
export function createLeases(ledger: ValueLedger, { signatures, context, fee }: LeaseOptions): LeaseBook {
  function settlementOf(lease: string): Settlement | undefined {
    return settlementIn(ledger.entryOf(settleId(lease)));
  }

  function opened(
    bytes: Uint8Array,
    lease: { id: string; provider: string; consumer: string },
    terms: LeaseTerms,
  ) {
    const decoded = decodeSignedReceipt(bytes);
    if (!decoded.ok) return 'malformed-receipt';
    const { receipt, bytes: message, signatures: given } = decoded;
    if (receipt.lease !== lease.id) return 'other-lease';
    if (receipt.provider !== lease.provider) return 'not-by-provider';
    if (!signatures.verify(lease.provider, usageMessage(message, context), given.provider))
      return 'not-by-provider';
    if (terms.signatures === 'both') {
      const accepted = acceptanceMessage(message, context);
      const isAccepted =
        given.consumer !== undefined && signatures.verify(lease.consumer, accepted, given.consumer);
      if (!isAccepted) return 'not-accepted';
    }
    return decoded as SignedReceipt;
  }

  return {
    open(request) {
      const { lease, consumer, provider, escrow, expiresMs, atMs } = request;
      if (!isId(lease) || lease.length > 112) return { ok: false, reason: 'bad-id' };
      const { resource, price, per, isAnonymous, signatures: needed } = request;
      if (!isAmount(price, 0n) || !isAmount(per, 1n)) return { ok: false, reason: 'bad-amount' };
      if (!isAccount(resource) || resource.length > 64) return { ok: false, reason: 'bad-detail' };
      const detail = encodeRecord(leaseTerms, {
        v: 1,
        resource,
        price,
        per,
        isAnonymous,
        signatures: needed,
      });
      const hold = { from: consumer, to: provider, amount: escrow, expiresMs };
      return ledger.hold({ id: lease, ...hold, atMs, ref: 'lease', detail });
    },

    settle({ lease, receipts, atMs }) {
      const hold = isId(lease) ? ledger.holdOf(lease) : undefined;
      const entry = hold && ledger.entryOf(lease);
      const terms = entry && termsIn(entry);
      if (hold === undefined || entry === undefined || terms === undefined)
        return { ok: false, reason: 'no-lease' };
      const read: SignedReceipt[] = [];
      for (const bytes of receipts) {
        const one = opened(bytes, { id: lease, provider: hold.to, consumer: hold.from }, terms);
        if (typeof one === 'string') return { ok: false, reason: one };
        if (one.receipt.sequence !== read.length + 1) return { ok: false, reason: 'bad-sequence' };
        read.push(one);
      }
      if (read.length === 0) return { ok: false, reason: 'no-receipts' };
      const digest = domainHash('hypermesh/caesar/receipts/v1', ...read.map(({ bytes }) => bytes));
      const known = settlementOf(lease);
      if (known !== undefined) {
        if (!equalBytes(known.receipts, digest)) return { ok: false, reason: 'settled-otherwise' };
        return { ok: true, settlement: known, repeated: true };
      }
      if (hold.status !== 'pending') return { ok: false, reason: 'hold-closed' };
      const units = read.reduce((sum, { receipt }) => sum + receipt.units, 0n);
      const durationMs = read.reduce((sum, { receipt }) => sum + receipt.durationMs, 0);
      const amount = chargeOf(units, terms);
      if (amount > hold.remaining) return { ok: false, reason: 'over-hold' };
      const taken = fee === undefined ? 0n : shareUp(amount, BigInt(fee.shareBp), BASIS_POINTS);
      const done: Settlement = {
        v: 1,
        lease,
        consumer: hold.from,
        provider: hold.to,
        resource: terms.resource,
        isAnonymous: terms.isAnonymous,
        escrow: hold.amount,
        units,
        durationMs: Math.min(durationMs, Number.MAX_SAFE_INTEGER),
        amount,
        fee: taken,
        returned: hold.amount - amount,
        openedMs: entry.atMs,
        settledMs: Math.max(atMs, ledger.head().atMs),
        receipts: digest,
      };
      const posted = ledger.postHold({
        id: settleId(lease),
        hold: lease,
        amount,
        ...(fee === undefined ? {} : { fee: { to: fee.to, amount: taken } }),
        closes: true,
        atMs,
        ref: 'settlement',
        detail: encodeRecord(settlement, done),
      });
      return posted.ok ? { ok: true, settlement: done, repeated: false } : posted;
    },

    expire: ({ lease, atMs }) =>
      ledger.expireHold({ id: `expire:${lease}`, hold: lease, atMs, ref: 'expiry' }),
    settlementOf,
    *settlements() {
      const { length } = ledger.head();
      for (let index = 0; index < length; index++) {
        const found = settlementIn(ledger.entry(index));
        if (found !== undefined) yield found;
      }
    },
  };
}

function detailOf(entry: Entry | undefined, kind: EntryBody['kind'], ref: string): Uint8Array | undefined {
  const body = entry?.body;
  return body?.kind === kind && body.ref === ref ? body.detail : undefined;
}

function termsIn(entry: Entry): LeaseTerms | undefined {
  const detail = detailOf(entry, 'hold', 'lease');
  const decoded = detail && decodeRecord(leaseTerms, detail);
  return decoded?.ok ? decoded.value : undefined;
}

function settlementIn(entry: Entry | undefined): Settlement | undefined {
  const detail = detailOf(entry, 'post', 'settlement');
  const decoded = detail && decodeRecord(settlement, detail);
  return decoded?.ok ? decoded.value : undefined;
}
