import type { Entry, Hold, Settlement } from '@hypermesh/caesar';
import { type NodeId, type OperationId, parseNodeId } from '@hypermesh/core';
import { type UsageReport, usageOf } from '@hypermesh/ngauge';
import { NodeError } from '../errors.ts';
import type { LedgerService } from '../ledger/service.ts';
import type { Receipts } from './receipts.ts';
import { booksOf, leasesOf } from './rules.ts';
import { chainContext } from './usage-receipt.ts';

/** An account as people see it: a member's name, or what the account is called. Amounts are base units, decimal. */
export interface AccountBalance {
  readonly account: string;
  readonly name: string;
  readonly available: string;
  readonly held: string;
}

/** All accounts of the mesh, and whether they have together exactly what was issued. */
export interface Balances {
  /** The node's own. */
  readonly own: AccountBalance;
  readonly accounts: readonly AccountBalance[];
  readonly total: string;
  readonly issued: string;
  /** Whether the balances together are what was issued; where it was audited, whether all entries give these very balances too. */
  readonly conserved: boolean;
  readonly audited: boolean;
  readonly fault?: string;
  readonly entries: number;
  /** Block up to which this is so. */
  readonly height: number;
}

/** One movement of an account, newest first. */
export interface Movement {
  readonly id: string;
  readonly kind: string;
  readonly atMs: number;
  readonly from: string;
  readonly to: string;
  readonly amount: string;
  readonly note: string;
}

/** How a lease was paid. Names of nodes; amounts are base units, decimal. */
export interface SettleResult {
  readonly lease: string;
  /** Whose escrow was debited, and who executed. */
  readonly from: string;
  readonly to: string;
  /** What the run cost, of which `fee` went to the mesh's pool. */
  readonly amount: string;
  readonly fee: string;
  readonly returned: string;
  readonly fuel: string;
  readonly height: number;
  /** Whether it had been settled before. */
  readonly repeated: boolean;
}

/** A member's account on the ledger. */
export interface WalletService {
  /** `isAudited` recomputes all entries, which holds the process for some 20 µs each. */
  balances(isAudited?: boolean): Balances;
  /** What is put aside for or by this node and neither settled nor given back. */
  holds(): readonly (Omit<Hold, 'amount' | 'remaining' | 'returned'> & { readonly amount: string })[];
  history(limit: number): readonly Movement[];
  transfer(
    to: NodeId,
    amount: bigint,
    note: string,
    signal: AbortSignal,
  ): Promise<{ id: string; height: number }>;
  /**
   * Settles a lease by the receipt that this node keeps of it. Throws `node/not-found` where it keeps none, and
   * `node/operation-refused` where the ledger refuses.
   */
  settle(lease: string, signal: AbortSignal): Promise<SettleResult>;
  /** Has the ledger give back the escrow of a lease that nobody settled in time. */
  expire(lease: string, signal: AbortSignal): Promise<{ id: string; height: number }>;
  /** Signals of usage over settled leases. */
  usage(fromMs: number, toMs: number): UsageReport;
}

/** What a wallet works with. */
export interface WalletParts {
  readonly ledger: LedgerService;
  readonly receipts: Receipts;
  readonly self: NodeId;
  nameOf(node: NodeId): string;
}

/** The wallet of a node over its ledger. */
export function createWallet({ ledger, receipts, self, nameOf }: WalletParts): WalletService {
  const books = booksOf(ledger.ledger);
  const leases = leasesOf(books, chainContext(ledger.chainId));
  const called = (account: string) => (parseNodeId(account).ok ? nameOf(account as NodeId) : account);
  const balanceOf = (account: string): AccountBalance => {
    const { available, held } = books.balance(account);
    return { account, name: called(account), available: String(available), held: String(held) };
  };

  const movementOf = ({ id, atMs, body }: Entry): Movement => {
    const moved = body?.postings.filter(({ from, to }) => from === self || to === self) ?? [];
    const [first] = moved;
    const other = body?.kind === 'hold' ? body.for : (first?.to ?? '');
    return {
      id,
      kind: body?.kind ?? 'unknown',
      atMs,
      from: called(partyOf(first?.from ?? '')),
      to: called(partyOf(other)),
      amount: String(moved.reduce((sum, { amount }) => sum + amount, 0n)),
      note: body?.ref ?? '',
    };
  };
  /** Value that comes out of a hold is shown as the one's who had put it aside. */
  const partyOf = (account: string): string =>
    account.startsWith('hold:') ? (books.holdOf(account.slice(5))?.from ?? account) : account;

  const resultOf = (settlement: Settlement, repeated: boolean, height: number): SettleResult => ({
    lease: settlement.lease,
    from: called(settlement.consumer),
    to: called(settlement.provider),
    amount: String(settlement.amount),
    fee: String(settlement.fee),
    returned: String(settlement.returned),
    fuel: String(settlement.units),
    height,
    repeated,
  });

  return {
    balances(isAudited = false) {
      const audit = isAudited ? books.audit() : undefined;
      const accounts = [...books.accounts()].map(([account]) => balanceOf(account));
      const total = accounts.reduce((sum, { available, held }) => sum + BigInt(available) + BigInt(held), 0n);
      const { issued, length: entries } = books.head();
      return {
        own: balanceOf(self),
        accounts,
        total: String(total),
        issued: String(issued),
        conserved: total === issued && audit?.ok !== false,
        audited: isAudited,
        ...(audit?.ok === false ? { fault: `${audit.reason}: ${audit.at}` } : {}),
        entries,
        height: ledger.ledger.appliedHeight(),
      };
    },

    holds: () =>
      [...books.holds()]
        .filter(({ status, from, to }) => status === 'pending' && (from === self || to === self))
        .map(({ remaining, returned: _, ...hold }) => ({
          ...hold,
          from: called(hold.from),
          to: called(hold.to),
          amount: String(remaining),
        })),

    history: (limit) => books.history(self, limit).map(movementOf),

    async transfer(to, amount, note, signal) {
      const { id, height } = await ledger.act('value.transfer', { to, amount, note }, signal);
      return { id, height };
    },

    async settle(lease, signal) {
      const known = leases.settlementOf(lease);
      if (known !== undefined) return resultOf(known, true, ledger.ledger.appliedHeight());
      const usage = receipts.get(lease as OperationId);
      if (usage === undefined) {
        const next = 'settle on the node that asked for the run, or on the one that executed it';
        throw new NodeError(
          { code: 'node/not-found', what: `a receipt of ${lease}`, next },
          `This node keeps no receipt of the lease ${lease}`,
        );
      }
      const { height } = await ledger.act('lease.settle', { key: lease, value: usage }, signal);
      await ledger.applied(height, signal);
      const settlement = leases.settlementOf(lease);
      if (settlement === undefined)
        throw new TypeError(`the lease ${lease} is settled and must be in the books`);
      return resultOf(settlement, false, height);
    },

    async expire(lease, signal) {
      const { id, height } = await ledger.act('lease.expire', { key: lease, value: null }, signal);
      return { id, height };
    },

    usage(fromMs, toMs) {
      const result = usageOf([...leases.settlements()], { fromMs, toMs });
      if (result.ok) return result.report;
      throw new NodeError(
        { code: 'node/bad-flag', flag: 'fromMs', next: 'give a window that ends after it begins' },
        `There is no report of that window: ${result.reason}`,
      );
    },
  };
}
