import { route } from '../table/route.ts';
import {
  count,
  decimal,
  flag,
  list,
  memberName,
  nullable,
  number,
  object,
  optional,
  text,
  whole,
  words,
} from '../table/shapes.ts';
import { Type } from '../table/type.ts';
import { finalOperation } from './chain.ts';

const balance = object({ account: words(), name: words(), available: decimal(), held: decimal() });

const hold = object({
  id: words(),
  from: words(),
  to: words(),
  amount: decimal(),
  expiresMs: count(),
  status: words(),
  ref: words(),
});

const movement = object({
  id: words(),
  kind: words(),
  atMs: count(),
  from: words(),
  to: words(),
  amount: decimal(),
  note: words(),
});

const usedResource = object({
  resource: words(),
  settlements: count(),
  units: decimal(),
  amount: decimal(),
  utilisationBp: nullable(count()),
  providers: count(),
  consumers: count(),
  providerConcentrationBp: count(),
  consumerConcentrationBp: count(),
  latency: object({
    p50Ms: number(),
    p90Ms: number(),
    p99Ms: number(),
    mostMs: number(),
  }),
});

const lease = text({ maxLength: 256, description: 'Id of the operation that leased' });

/** Value: balances, transfers, paying for runs, and what was used. Amounts are base units. */
export const walletRoutes = {
  wallet: route({
    method: 'GET',
    path: '/v1/wallet',
    summary: 'Balances of all accounts, what is put aside, and the latest movements',
    input: object({
      audit: optional(flag({ description: 'Recompute every entry, which takes its time' })),
      limit: optional(whole()),
    }),
    output: object({
      own: balance,
      accounts: list(balance),
      total: decimal(),
      issued: decimal(),
      conserved: flag(),
      audited: flag(),
      fault: optional(words()),
      entries: count(),
      height: count(),
      holds: list(hold),
      history: list(movement),
    }),
  }),
  transfer: route({
    method: 'POST',
    path: '/v1/wallet/transfers',
    summary: 'Send value to a member',
    input: object({ to: memberName(), amount: whole(), note: optional(text()) }),
    output: finalOperation,
    progress: true,
  }),
  settle: route({
    method: 'POST',
    path: '/v1/wallet/settlements',
    summary: 'Pay a run from what it used; what is left of its escrow goes back',
    input: object({ lease }),
    output: object({
      lease: words(),
      from: words(),
      to: words(),
      amount: decimal(),
      fee: decimal(),
      returned: decimal(),
      fuel: decimal(),
      height: count(),
      repeated: flag(),
    }),
    progress: true,
  }),
  expire: route({
    method: 'POST',
    path: '/v1/wallet/expirations',
    summary: 'Have the escrow of a lease given back that nobody settled in time',
    input: object({ lease }),
    output: finalOperation,
  }),
  usage: route({
    method: 'GET',
    path: '/v1/usage',
    summary: 'What was used in a window of time, as settled leases show it',
    input: object({ fromMs: optional(whole()), toMs: optional(whole()) }),
    output: object({
      v: Type.Literal(1),
      fromMs: count(),
      toMs: count(),
      settlements: count(),
      amount: decimal(),
      resources: list(usedResource),
      diversityBp: count(),
      churn: object({ before: count(), lostBp: count(), joined: count() }),
      cid: words(),
    }),
  }),
};
