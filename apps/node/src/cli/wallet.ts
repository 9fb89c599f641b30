import { NodeError } from '../errors.ts';
import type { Balances, Movement, SettleResult } from '../wallet/service.ts';
import { type Command, dataFlag, type Invocation } from './command.ts';
import { callNode } from './control.ts';

type Wallet = Balances & {
  readonly holds: readonly {
    readonly id: string;
    readonly from: string;
    readonly to: string;
    readonly amount: string;
  }[];
  readonly history: readonly Movement[];
};

export const walletCommand: Command = {
  name: 'wallet',
  summary: "the node's balance, its history, transfers, and paying for runs",
  details:
    'ACTION is balance (default), history, transfer NODE AMOUNT, or settle LEASE. Amounts are whole base units; they mean something on this mesh alone.',
  positionals: [
    { name: 'ACTION', describe: 'balance, history, transfer or settle', required: false },
    { name: 'NODE|LEASE', describe: 'who receives, or which lease is paid', required: false },
    { name: 'AMOUNT', describe: 'base units', required: false },
  ],
  flags: [
    dataFlag,
    { name: 'note', value: 'TEXT', describe: 'kept with a transfer on the ledger, for everybody to read' },
    { name: 'audit', describe: 'balance: recompute all accounts from every entry there ever was' },
    { name: 'limit', value: 'N', describe: 'most movements that history shows', fallback: '20' },
  ],
  async run(invocation) {
    const [action = 'balance', subject, amount] = invocation.positionals;
    if (action === 'balance') return balance(invocation);
    if (action === 'history') return history(invocation);
    if (action === 'transfer') return transfer(invocation, subject, amount);
    if (action === 'settle') return settle(invocation, subject);
    throw new NodeError(
      { code: 'node/bad-flag', flag: 'ACTION', next: 'say balance, history, transfer or settle' },
      `The wallet cannot ${action}`,
    );
  },
};

async function balance(invocation: Invocation): Promise<object> {
  const wallet = await callNode<Wallet>(invocation, 'wallet', { audit: invocation.flags['audit'] === true });
  const { output } = invocation;
  output.line(`${wallet.own.available} to spend, ${wallet.own.held} put aside`);
  for (const { id, from, to, amount } of wallet.holds) output.line(`  ${amount} of ${from} for ${to}: ${id}`);
  output.line(`All accounts at block ${wallet.height}: ${wallet.total} of ${wallet.issued} issued`);
  const width = Math.max(...wallet.accounts.map(({ name }) => name.length));
  for (const { name, available, held } of wallet.accounts)
    output.line(`  ${name.padEnd(width)}  ${available}${held === '0' ? '' : ` and ${held} put aside`}`);
  output.line(
    wallet.conserved
      ? wallet.audited
        ? 'Conserved, recomputed from every entry'
        : 'Nothing lost or made'
      : `NOT CONSERVED: ${wallet.fault}`,
  );
  const { history: _, ...rest } = wallet;
  return { ...rest, ok: wallet.conserved };
}

async function history(invocation: Invocation): Promise<object> {
  const { limit } = invocation.flags;
  const { history: movements } = await callNode<Wallet>(invocation, 'wallet', { limit });
  for (const { atMs, kind, from, to, amount, note } of movements) {
    const time = new Date(atMs).toISOString();
    invocation.output.line(`${time}  ${kind.padEnd(8)}  ${from} -> ${to}  ${amount}  ${note}`.trimEnd());
  }
  return { history: movements };
}

async function transfer(invocation: Invocation, to?: string, amount?: string): Promise<object> {
  const { note } = invocation.flags;
  const result = await callNode<{ id: string; height: number }>(invocation, 'transfer', { to, amount, note });
  invocation.output.line(`Sent ${amount} to ${to}, final at block ${result.height}: ${result.id}`);
  return result;
}

async function settle(invocation: Invocation, lease?: string): Promise<object> {
  const result = await callNode<SettleResult>(invocation, 'settle', { lease });
  const { from, to, amount, fee, returned, fuel, height } = result;
  invocation.output.line(
    `${from} paid ${to} ${amount} for ${fuel} fuel, of which ${fee} is the pool's; ${returned} came back`,
  );
  invocation.output.line(
    `  final at block ${height}${result.repeated ? ' or before: it was settled already' : ''}`,
  );
  return result;
}
