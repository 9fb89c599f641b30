import { appendFileSync, readFileSync } from 'node:fs';
import { createMemoryState, createValueLedger, replayEntries } from '@hypermesh/caesar';
import { type CanonicalValue, encodeCanonical, type OperationId, toHex } from '@hypermesh/core';
import { generateKey } from '@hypermesh/core/ed25519';
import { systemClock } from '@hypermesh/core/node';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { defaultTerms, encodeLeaseTerms, type LeaseTerms } from '../src/run/lease.ts';
import { priceOf } from '../src/wallet/price.ts';
import { openReceipts } from '../src/wallet/receipts.ts';
import { booksOf, foundingBalance } from '../src/wallet/rules.ts';
import { createWallet, type WalletService } from '../src/wallet/service.ts';
import { openUsage, signUsage, type UsageReceipt } from '../src/wallet/usage-receipt.ts';
import { echo, spin } from './guests.ts';
import { failureOf, temporaryDirectory } from './support.ts';
import { openThreeMembers, type ThreeMembers } from './three-members.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const { signal } = new AbortController();
const tell = () => undefined;
let mesh: ThreeMembers;
let wallets: Readonly<Record<'birch' | 'cedar', WalletService>>;

beforeAll(async () => {
  mesh = await openThreeMembers();
  const { members, ledgers, receipts } = mesh;
  const nameOf = (node: string) =>
    Object.entries(members).find(([, { nodeId }]) => nodeId === node)?.[0] ?? node;
  wallets = {
    birch: createWallet({
      ledger: ledgers.birch,
      receipts: receipts.birch,
      self: members.birch.nodeId,
      nameOf,
    }),
    // The one ledger of this mesh acts with the keys of amber, who is no party to these leases.
    cedar: createWallet({
      ledger: ledgers.amber,
      receipts: receipts.cedar,
      self: members.cedar.nodeId,
      nameOf,
    }),
  };
  await mesh.publishGuest('echo', echo);
  await mesh.publishGuest('spin', spin);
});
afterAll(() => mesh[Symbol.asyncDispose]());

const balanceOf = (name: 'amber' | 'birch' | 'cedar') => {
  const { available, held } = booksOf(mesh.ledgers.amber.ledger).balance(mesh.members[name].nodeId);
  return { available, held };
};
const run = (spec: string, change: object = {}) =>
  mesh.runs.run(
    {
      spec,
      executor: mesh.members.cedar.nodeId,
      auditor: undefined,
      fuel: 1_000_000n,
      memoryPages: 16,
      deadlineMs: 10_000,
      price: 5_000n,
      ...change,
    },
    tell,
    signal,
  );
const act = (kind: string, body: CanonicalValue) => () => mesh.ledgers.birch.act(kind, body);
const usageFor = (change: Partial<UsageReceipt>, secretKey?: Uint8Array) =>
  signUsage(
    {
      lease: 'lease' as OperationId,
      executor: mesh.members.cedar.nodeId,
      fuel: 5n,
      wallMs: 1,
      exit: 'ok',
      memoryPages: 1,
      output: new Uint8Array(32),
      ...change,
    },
    mesh.ledgers.birch.chainId,
    secretKey ?? mesh.members.cedar.key.secretKey,
  );

describe('value on the ledger', () => {
  it('begins with the same for each member, as part of the state that genesis fixes', () => {
    const { accounts, total, issued, conserved, entries } = wallets.birch.balances(true);
    expect(accounts.map(({ name, available }) => [name, available]).sort()).toEqual(
      ['amber', 'birch', 'cedar'].map((name) => [name, String(foundingBalance)]),
    );
    expect({ total, issued, conserved, entries }).toEqual({
      total: String(foundingBalance * 3n),
      issued: String(foundingBalance * 3n),
      conserved: true,
      entries: 3,
    });
  });

  it('moves by a transfer under four proofs, and is in the histories of both', async () => {
    const to = mesh.members.cedar.nodeId;
    const before = { birch: balanceOf('birch'), cedar: balanceOf('cedar') };
    const { id } = await wallets.birch.transfer(to, 250n, 'for the coffee', signal);
    expect(balanceOf('birch').available).toBe(before.birch.available - 250n);
    expect(balanceOf('cedar').available).toBe(before.cedar.available + 250n);
    const movement = {
      id,
      kind: 'transfer',
      from: 'birch',
      to: 'cedar',
      amount: '250',
      note: 'for the coffee',
    };
    expect(wallets.birch.history(1)).toEqual([{ ...movement, atMs: expect.any(Number) }]);
    expect(wallets.cedar.history(1)).toMatchObject([movement]);
  });

  it.each<[string, CanonicalValue, string]>([
    ['more than there is', { amount: foundingBalance * 2n, note: '' }, 'insufficient-funds'],
    ['nothing', { amount: 0, note: '' }, 'bad-amount'],
    ['less than nothing', { amount: -5, note: '' }, 'bad-body'],
    ['no amount', { note: '' }, 'bad-body'],
    ['a long note', { amount: 1, note: 'a'.repeat(201) }, 'bad-body'],
    ['an account that is no node', { amount: 1, note: '', to: 'pool' }, 'bad-account'],
    ['itself', { amount: 1, note: '', to: 'self' }, 'same-account'],
  ])('does not move by a transfer of %s', async (_, change, reason) => {
    const fields = change as Record<string, CanonicalValue>;
    const to =
      fields['to'] === 'self' ? mesh.members.birch.nodeId : (fields['to'] ?? mesh.members.cedar.nodeId);
    const before = balanceOf('birch');
    expect(await failureOf(act('value.transfer', { ...fields, to }))).toMatchObject({
      leg: 'ledger',
      reason,
    });
    expect(balanceOf('birch')).toEqual(before);
  });
});

describe('a lease', () => {
  it('is escrowed, debited by what the executing node signed, settled once, and the rest comes back [caesar-06]', async () => {
    const before = { birch: balanceOf('birch'), cedar: balanceOf('cedar') };
    const outcome = await run('echo');
    expect(outcome).toMatchObject({
      exit: 'ok',
      escrow: '5000',
      charge: String(priceOf(BigInt(outcome.fuel), 5_000n)),
    });
    expect(balanceOf('birch')).toEqual({ available: before.birch.available - 5_000n, held: 5_000n });
    expect(wallets.birch.holds()).toMatchObject([
      { id: outcome.lease, from: 'birch', to: 'cedar', amount: '5000' },
    ]);

    const settled = await wallets.birch.settle(outcome.lease, signal);
    const { charge } = outcome;
    const fee = (BigInt(charge) * 50n + 9_999n) / 10_000n;
    expect(settled).toMatchObject({
      from: 'birch',
      to: 'cedar',
      amount: charge,
      fee: String(fee),
      returned: String(5_000n - BigInt(charge)),
      fuel: outcome.fuel,
      repeated: false,
    });
    expect(balanceOf('birch')).toEqual({ available: before.birch.available - BigInt(charge), held: 0n });
    expect(balanceOf('cedar').available).toBe(before.cedar.available + BigInt(charge) - fee);
    const { conserved, accounts } = wallets.birch.balances(true);
    expect(conserved).toBe(true);
    expect(accounts.find(({ name }) => name === 'pool')).toMatchObject({ available: String(fee) });

    const after = balanceOf('birch');
    expect(await wallets.birch.settle(outcome.lease, signal)).toMatchObject({
      amount: charge,
      repeated: true,
    });
    const usage = mesh.receipts.birch.get(outcome.lease as OperationId) as Uint8Array;
    await act('lease.settle', { key: outcome.lease, value: usage })();
    const other = usageFor({ lease: outcome.lease as OperationId, fuel: 1n });
    expect(await failureOf(act('lease.settle', { key: outcome.lease, value: other }))).toMatchObject({
      reason: 'settled-otherwise',
    });
    expect(balanceOf('birch')).toEqual(after);
  });

  it('of a program that fails is paid for the fuel that it used', async () => {
    const outcome = await run('spin');
    expect(outcome).toMatchObject({ exit: 'out-of-fuel', charge: '5000' });
    expect(await wallets.birch.settle(outcome.lease, signal)).toMatchObject({
      amount: '5000',
      returned: '0',
    });
    expect(wallets.birch.balances(true)).toMatchObject({ conserved: true, audited: true });
  });

  it('is kept by the executing node too, which can settle it as well', async () => {
    const outcome = await run('echo');
    const lease = outcome.lease as OperationId;
    expect(mesh.receipts.cedar.get(lease)).toEqual(mesh.receipts.birch.get(lease));
    // amber, with whose keys this ledger acts, is no party to it.
    expect(await failureOf(() => wallets.cedar.settle(lease, signal))).toMatchObject({
      reason: 'not-a-party',
    });
    await wallets.birch.settle(lease, signal);
    expect(await wallets.cedar.settle(lease, signal)).toMatchObject({ repeated: true });
  });

  it('that nobody can pay for is not committed, nor one that costs more than any account holds', async () => {
    const failure = await failureOf(() => run('echo', { price: 10n ** 16n }));
    expect(failure).toMatchObject({ leg: 'ledger', reason: 'insufficient-funds' });
    const above = await failureOf(() => run('echo', { price: 2n ** 64n - 1n, fuel: 10n ** 15n }));
    expect(above).toMatchObject({ leg: 'ledger', reason: 'bad-terms' });
  });

  it('is not settled by what others say, and not given back before its time', async () => {
    const terms: LeaseTerms = {
      ...defaultTerms,
      executor: mesh.members.cedar.nodeId,
      package: 'echo@1.0.0',
      document: (await mesh.packages.birch.resolve('echo')).document,
      dependencies: {},
      fuel: 1_000n,
      memoryPages: 16,
      deadlineMs: 10_000,
      price: 1_000_000n,
      allocation: 'public',
    };
    const { id: lease } = await mesh.ledgers.birch.act('lease.commit', {
      key: 'unsettled',
      value: encodeLeaseTerms(terms),
    });
    const before = balanceOf('birch');
    const stranger = generateKey();
    const altered = usageFor({ lease });
    altered[40] = (altered[40] ?? 0) ^ 1;
    const cases: [Uint8Array, string][] = [
      [usageFor({ lease }, stranger.secretKey), 'not-by-provider'],
      [
        usageFor({ lease, executor: mesh.members.birch.nodeId }, mesh.members.birch.key.secretKey),
        'not-by-provider',
      ],
      [usageFor({}), 'other-lease'],
      [usageFor({ lease, fuel: 1_001n }), 'over-hold'],
      [new Uint8Array([1]), 'malformed-receipt'],
    ];
    for (const [value, reason] of cases)
      expect(await failureOf(act('lease.settle', { key: lease, value }))).toMatchObject({
        leg: 'ledger',
        reason,
      });
    expect((await failureOf(act('lease.settle', { key: lease, value: altered }))).code).toBe(
      'node/operation-refused',
    );
    expect(await failureOf(act('lease.settle', { key: 'x', value: altered }))).toMatchObject({
      reason: 'no-lease',
    });
    expect(await failureOf(() => wallets.birch.expire(lease, signal))).toMatchObject({
      reason: 'not-expired',
    });
    expect(await failureOf(() => wallets.birch.settle(lease, signal))).toMatchObject({
      code: 'node/not-found',
    });
    expect(balanceOf('birch')).toEqual(before);
    await act('lease.settle', { key: lease, value: usageFor({ lease }) })();
    expect(wallets.birch.balances(true)).toMatchObject({ conserved: true, audited: true });
  });
});

describe('the books of the ledger', () => {
  it('come out the same when their entries are replayed elsewhere, and their root is part of the state', () => {
    const books = booksOf(mesh.ledgers.amber.ledger);
    const entries = Array.from({ length: books.head().length }, (_, index) => books.entry(index));
    const state = createMemoryState();
    const whole = entries.filter((entry) => entry !== undefined);
    expect(replayEntries(state, whole)).toMatchObject({ ok: true });
    expect(toHex(createValueLedger(state).head().hash)).toBe(toHex(books.head().hash));
    const proof = mesh.ledgers.amber.ledger.stateProof('value/head');
    expect(proof?.value).toEqual(encodeCanonical(mesh.ledgers.amber.ledger.get('value/head')));
  });

  it('give a report on usage that leaves anonymous leases out', async () => {
    const window = [0, systemClock.nowMs() + 60_000] as const;
    const before = wallets.birch.usage(...window);
    const hidden = await run('echo', { allocation: 'anonymous' });
    await wallets.birch.settle(hidden.lease, signal);
    expect(wallets.birch.usage(...window)).toEqual(before);
    const seen = await run('echo');
    await wallets.birch.settle(seen.lease, signal);
    expect(wallets.birch.usage(...window)).toMatchObject({
      settlements: before.settlements + 1,
      resources: [{ resource: 'fuel', providers: 1, consumers: 1, providerConcentrationBp: 10_000 }],
    });
    expect(await failureOf(() => wallets.birch.usage(5, 5))).toMatchObject({ code: 'node/bad-flag' });
  });
});

describe('signed usage', () => {
  it('is read back by anybody, for the chain that it was signed for alone, and no byte of it may change', () => {
    const { chainId } = mesh.ledgers.birch;
    const bytes = usageFor({});
    expect(openUsage(bytes, chainId)).toMatchObject({
      ok: true,
      usage: { fuel: 5n, exit: 'ok', lease: 'lease' },
    });
    expect(openUsage(bytes, 'ab'.repeat(32) as typeof chainId)).toEqual({
      ok: false,
      reason: 'bad-signature',
    });
    for (let at = 0; at < bytes.length; at += 3) {
      const altered = Uint8Array.from(bytes);
      altered[at] = (altered[at] ?? 0) ^ 1;
      expect(openUsage(altered, chainId).ok).toBe(false);
    }
  });

  it('is kept over restarts, and of a line that was cut nothing is taken for a receipt', () => {
    using directory = temporaryDirectory();
    const first = openReceipts(directory.receipts);
    first.put('a' as OperationId, new Uint8Array([1, 2]));
    first.put('a' as OperationId, new Uint8Array([3]));
    appendFileSync(directory.receipts, 'b 01');
    const second = openReceipts(directory.receipts);
    expect([...second.leases()]).toEqual(['a']);
    expect(second.get('a' as OperationId)).toEqual(new Uint8Array([1, 2]));
    second.put('c' as OperationId, new Uint8Array([9]));
    const third = openReceipts(directory.receipts);
    expect([...third.leases()]).toEqual(['a', 'c']);
    third.put('b' as OperationId, new Uint8Array([1, 7]));
    expect(openReceipts(directory.receipts).get('b' as OperationId)).toEqual(new Uint8Array([1, 7]));
    expect(readFileSync(directory.receipts, 'utf8')).toBe('a 0102\nb 01 cut\nc 09\nb 0107\n');
  });
});
