import { createLeases, createValueLedger, type ValueLedger, type ValueState } from '@hypermesh/caesar';
import type { Genesis, OperationRule, RuleContext, StateView } from '@hypermesh/consensus';
import {
  type CanonicalValue,
  checkRecord,
  type NodeId,
  nodeIdOf,
  parseNodeId,
  type Schema,
  s,
} from '@hypermesh/core';
import { decodeLeaseTerms } from '../run/lease.ts';
import { escrowOf, priceUnit } from './price.ts';
import { maxUsageBytes, nodeSignatures } from './usage-receipt.ts';

/** What each member of the genesis begins with, base units. */
export const foundingBalance = 1_000_000_000_000_000n;
/** Where the share of each settlement goes that nobody earns. */
const poolAccount = 'pool';
/** That share. */
const feeShareBp = 50;
/** How long a lease can be settled after the latest end of its run. */
export const settlementWindowMs = 600_000;

const noWrites: ValueState['set'] = () => {
  throw new TypeError('value moves by operations of the ledger alone');
};

/** The books in a state that can only be read. */
export function booksOf(state: Pick<StateView, 'get'>): ValueLedger {
  return createValueLedger({ get: state.get, set: noWrites });
}

/** Leases over books, settled by receipts for one chain. */
export function leasesOf(books: ValueLedger, chain: Uint8Array) {
  return createLeases(books, {
    signatures: nodeSignatures,
    context: chain,
    fee: { to: poolAccount, shareBp: feeShareBp },
  });
}

/** First balances: all members of the genesis alike. */
export function foundingBalances(genesis: Genesis): (view: StateView) => void {
  return (view) => {
    const books = createValueLedger(view);
    for (const { key } of genesis.members) {
      const to = nodeIdOf(key);
      books.mint({
        id: `genesis:${to}`,
        to,
        amount: foundingBalance,
        atMs: genesis.createdMs,
        ref: 'genesis',
      });
    }
  };
}

const key = s.text(200);
const transferBody = s.record({ to: s.text(128), amount: s.bigint(), note: s.text(200) });
const leaseBody = s.record({ key, value: s.bytes({ max: 16_384 }) });
const settleBody = s.record({ key, value: s.bytes({ max: maxUsageBytes }) });
const expireBody = s.record({ key, value: s.literal(null) });

/** A rule over bodies of one shape; the books and the actor's account come with it. */
function rule<Body>(
  schema: Schema<Body>,
  run: (body: Body, parts: RuleContext & { view: StateView; books: ValueLedger; account: NodeId }) => string,
): OperationRule {
  return (view, context) => {
    const body = checkRecord(schema, withBigint(context.operation.body));
    if (!body.ok) return 'bad-body';
    const account = nodeIdOf(context.operation.actor);
    return run(body.value, { ...context, view, books: createValueLedger(view), account });
  };
}

/** Small amounts come back from canonical bytes as numbers. */
function withBigint(body: CanonicalValue): CanonicalValue {
  if (typeof body !== 'object' || body === null || !('amount' in body)) return body;
  const { amount } = body;
  return typeof amount === 'number' ? { ...body, amount: BigInt(amount) } : body;
}

const codeOf = (result: { readonly ok: true } | { readonly ok: false; readonly reason: string }) =>
  result.ok ? 'ok' : result.reason;

const transfer = rule(transferBody, ({ to, amount, note }, { books, account, id, timeMs }) => {
  if (!parseNodeId(to).ok) return 'bad-account';
  return codeOf(books.transfer({ id, from: account, to, amount, atMs: timeMs, ref: note }));
});

const keyPattern = /^[\x21-\x7e]{1,200}$/;

/** Opens the hold of what the run may cost at most, then keeps the terms as the ledger keeps every lease. */
const commitLease = rule(leaseBody, (body, context) => {
  const { operation, view, books, account, id, timeMs, height } = context;
  if (!keyPattern.test(body.key)) return 'bad-body';
  const entry = `lease/${body.key}`;
  if (view.get(entry) !== undefined) return 'exists';
  const decoded = decodeLeaseTerms(body.value);
  if (!decoded.ok) return 'bad-terms';
  const { terms } = decoded;
  const escrow = escrowOf(terms);
  if (escrow === undefined) return 'bad-terms';
  const opened = leasesOf(books, operation.chain).open({
    lease: id,
    consumer: account,
    provider: terms.executor,
    resource: 'fuel',
    price: terms.price,
    per: priceUnit,
    signatures: 'provider',
    isAnonymous: terms.allocation === 'anonymous',
    escrow,
    expiresMs: timeMs + terms.deadlineMs + settlementWindowMs,
    atMs: timeMs,
  });
  if (!opened.ok) return opened.reason;
  const { kind, actor } = operation;
  view.set(entry, { v: 1, kind, owner: actor, operation: id, height, value: body.value });
  return 'ok';
});

const settleLease = rule(settleBody, ({ key: lease, value }, { operation, books, account, timeMs }) => {
  const hold = books.holdOf(lease);
  if (hold === undefined) return 'no-lease';
  if (account !== hold.from && account !== hold.to) return 'not-a-party';
  return codeOf(leasesOf(books, operation.chain).settle({ lease, receipts: [value], atMs: timeMs }));
});

const expireLease = rule(expireBody, ({ key: lease }, { operation, books, timeMs }) =>
  codeOf(leasesOf(books, operation.chain).expire({ lease, atMs: timeMs })),
);

/** The kinds of operations that move value; `lease.commit` takes the place of the plain one. */
export const valueRules: Readonly<Record<string, OperationRule>> = {
  'value.transfer': transfer,
  'lease.commit': commitLease,
  'lease.settle': settleLease,
  'lease.expire': expireLease,
};
