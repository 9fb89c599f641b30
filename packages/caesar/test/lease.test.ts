import { fromUtf8, toHex, utf8 } from '@hypermesh/core';
import { generateKey, sign, verify } from '@hypermesh/core/ed25519';
import { createSeededRandom } from '@hypermesh/core/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  acceptanceMessage,
  createLeases,
  createMemoryState,
  createValueLedger,
  encodeReceipt,
  encodeSignedReceipt,
  type LeaseRequest,
  type UsageReceipt,
  usageMessage,
} from '../src/index.ts';

const context = utf8('a chain');
const keys = new Map(
  ['alice', 'bob', 'carol'].map((name, at) => [name, generateKey(new Uint8Array(32).fill(at + 1))]),
);
const signatures = {
  verify(by: string, message: Uint8Array, signature: Uint8Array) {
    const key = keys.get(by);
    return key !== undefined && verify(signature, message, key.publicKey);
  },
};
const signedBy = (name: string, message: Uint8Array) =>
  sign(message, keys.get(name)?.secretKey ?? new Uint8Array(32));

function receiptOf(
  receipt: Partial<UsageReceipt>,
  {
    by = 'bob',
    accepted = 'alice',
    where = context,
  }: { by?: string; accepted?: string; where?: Uint8Array } = {},
): Uint8Array {
  const detail = new Uint8Array();
  const bytes = encodeReceipt({
    v: 1,
    lease: 'l',
    provider: 'bob',
    sequence: 1,
    units: 50n,
    durationMs: 7,
    detail,
    ...receipt,
  });
  const consumer = accepted === '' ? {} : { consumer: signedBy(accepted, acceptanceMessage(bytes, where)) };
  return encodeSignedReceipt({
    bytes,
    signatures: { provider: signedBy(by, usageMessage(bytes, where)), ...consumer },
  });
}

const terms = { resource: 'fuel', price: 3n, per: 10n, signatures: 'both', isAnonymous: false } as const;
const request: LeaseRequest = {
  lease: 'l',
  consumer: 'alice',
  provider: 'bob',
  escrow: 100n,
  expiresMs: 100,
  atMs: 1,
  ...terms,
};

function leased(change: Partial<LeaseRequest> = {}) {
  const ledger = createValueLedger(createMemoryState());
  ledger.mint({ id: 'm', to: 'alice', amount: 1_000n, atMs: 0 });
  const leases = createLeases(ledger, { signatures, context, fee: { to: 'pool', shareBp: 50 } });
  expect(leases.open({ ...request, ...change })).toMatchObject({ ok: true, repeated: false });
  return { ledger, leases };
}

describe('a lease', () => {
  it('is escrowed, debited by doubly signed receipts, settled once, and the rest comes back [caesar-06]', () => {
    const { ledger, leases } = leased();
    expect(ledger.balance('alice')).toEqual({ available: 900n, held: 100n });
    const receipts = [receiptOf({}), receiptOf({ sequence: 2, units: 101n })];
    const settled = leases.settle({ lease: 'l', receipts, atMs: 20 });
    // 151 units at 3 for 10 are 45.3, rounded up; the fee is 0.5 % of that, rounded up.
    expect(settled).toMatchObject({
      ok: true,
      repeated: false,
      settlement: { units: 151n, amount: 46n, fee: 1n, returned: 54n, durationMs: 14, settledMs: 20 },
    });
    expect(ledger.balance('alice')).toEqual({ available: 954n, held: 0n });
    expect(ledger.balance('bob').available).toBe(45n);
    expect(ledger.balance('pool').available).toBe(1n);
    expect(leases.settle({ lease: 'l', receipts, atMs: 30 })).toMatchObject({ ok: true, repeated: true });
    const others = [receipts[0] as Uint8Array];
    expect(leases.settle({ lease: 'l', receipts: others, atMs: 30 })).toEqual({
      ok: false,
      reason: 'settled-otherwise',
    });
    expect(ledger.balance('bob').available).toBe(45n);
    expect(leases.expire({ lease: 'l', atMs: 500 })).toEqual({ ok: false, reason: 'hold-closed' });
    expect([...leases.settlements()]).toEqual([leases.settlementOf('l')]);
    expect(ledger.audit()).toMatchObject({ ok: true, total: 1_000n });
  });

  it('dealt with oneself loses the fee, for any coalition and any uses [caesar-06]', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.integer({ min: 1, max: 12 }), (seed, rounds) => {
        const random = createSeededRandom(seed);
        const ledger = createValueLedger(createMemoryState());
        const coalition = ['alice', 'bob', 'carol'];
        for (const name of coalition) ledger.mint({ id: `m:${name}`, to: name, amount: 10_000n, atMs: 0 });
        const leases = createLeases(ledger, {
          signatures: { verify: () => true },
          context,
          fee: { to: 'pool', shareBp: 1 + random.below(500) },
        });
        const own = () => coalition.reduce((sum, name) => sum + ledger.balance(name).available, 0n);
        for (let round = 0; round < rounds; round++) {
          const lease = `l${round}`;
          const [consumer, provider] = [
            coalition[random.below(3)] as string,
            coalition[random.below(3)] as string,
          ];
          const before = own();
          leases.open({ ...request, lease, consumer, provider, escrow: 500n });
          const units = BigInt(1 + random.below(1_500));
          const receipts = [receiptOf({ lease, provider, units })];
          const settled = leases.settle({ lease, receipts, atMs: 2 });
          expect(settled.ok).toBe(true);
          expect(own()).toBeLessThan(before);
        }
        expect(own() + ledger.balance('pool').available).toBe(30_000n);
      }),
      { numRuns: 30 },
    );
  });

  it('comes back whole when nobody settled it in time', () => {
    const { ledger, leases } = leased();
    expect(leases.expire({ lease: 'l', atMs: 99 })).toEqual({ ok: false, reason: 'not-expired' });
    expect(leases.settle({ lease: 'l', receipts: [receiptOf({})], atMs: 100 })).toEqual({
      ok: false,
      reason: 'expired',
    });
    expect(leases.expire({ lease: 'l', atMs: 100 })).toMatchObject({ ok: true });
    expect(leases.settle({ lease: 'l', receipts: [receiptOf({})], atMs: 100 })).toEqual({
      ok: false,
      reason: 'hold-closed',
    });
    expect(ledger.balance('alice')).toEqual({ available: 1_000n, held: 0n });
  });

  it('that asks for the signature of its provider alone takes receipts without the other', () => {
    const { leases } = leased({ signatures: 'provider' });
    const receipts = [receiptOf({}, { accepted: '' })];
    expect(leases.settle({ lease: 'l', receipts, atMs: 2 })).toMatchObject({ ok: true });
  });

  it('of price 0 escrows nothing and settles', () => {
    const { ledger, leases } = leased({ price: 0n, escrow: 0n });
    expect(leases.settle({ lease: 'l', receipts: [receiptOf({})], atMs: 2 })).toMatchObject({
      ok: true,
      settlement: { amount: 0n, fee: 0n, returned: 0n },
    });
    expect(ledger.balance('alice').available).toBe(1_000n);
  });

  it.each<[string, Uint8Array[], string]>([
    ['no receipt', [], 'no-receipts'],
    ['garbage', [new Uint8Array([1, 2, 3])], 'malformed-receipt'],
    ['no bytes', [undefined as never], 'malformed-receipt'],
    ['a receipt of another lease', [receiptOf({ lease: 'k' })], 'other-lease'],
    ['a receipt of another provider', [receiptOf({ provider: 'carol' })], 'not-by-provider'],
    ['the signature of another', [receiptOf({}, { by: 'carol' })], 'not-by-provider'],
    ['the signature of other books', [receiptOf({}, { where: utf8('another chain') })], 'not-by-provider'],
    ['no acceptance', [receiptOf({}, { accepted: '' })], 'not-accepted'],
    ['the acceptance of another', [receiptOf({}, { accepted: 'carol' })], 'not-accepted'],
    ['the same receipt twice', [receiptOf({}), receiptOf({})], 'bad-sequence'],
    ['a gap', [receiptOf({ sequence: 2 })], 'bad-sequence'],
    ['more than the escrow', [receiptOf({ units: 334n })], 'over-hold'],
    ['units that overflow', [receiptOf({ units: 2n ** 64n - 1n })], 'over-hold'],
  ])('is not settled by %s, and nothing changes', (_, receipts, reason) => {
    const { ledger, leases } = leased();
    const before = ledger.head();
    expect(leases.settle({ lease: 'l', receipts, atMs: 2 })).toEqual({ ok: false, reason });
    expect(ledger.head()).toEqual(before);
  });

  it('is refused with a bad id, price or resource, and unknown ones are not settled', () => {
    const { leases } = leased();
    expect(leases.open({ ...request, lease: 'x'.repeat(113) })).toEqual({ ok: false, reason: 'bad-id' });
    expect(leases.open({ ...request, lease: 'x', per: 0n })).toEqual({ ok: false, reason: 'bad-amount' });
    expect(leases.open({ ...request, lease: 'x', resource: '' })).toEqual({
      ok: false,
      reason: 'bad-detail',
    });
    expect(leases.settle({ lease: 'm', receipts: [receiptOf({})], atMs: 2 })).toEqual({
      ok: false,
      reason: 'no-lease',
    });
    expect(leases.settle({ lease: 'y', receipts: [receiptOf({})], atMs: 2 })).toEqual({
      ok: false,
      reason: 'no-lease',
    });
  });

  it('has receipts whose every altered byte is noticed', () => {
    const receipt = receiptOf({});
    const { leases } = leased();
    for (let at = 0; at < receipt.length; at++) {
      const altered = Uint8Array.from(receipt);
      altered[at] = (altered[at] as number) ^ 1;
      expect(leases.settle({ lease: 'l', receipts: [altered], atMs: 2 }).ok, toHex(altered)).toBe(false);
    }
    expect(fromUtf8(context)).toMatchObject({ text: 'a chain' });
  });
});
