import type { Balances, Movement, SettleResult } from '../wallet/service.ts';
import { dataFlag, dryRunFlag, type Group, type Invocation, isDryRun } from './command.ts';
import { callNode, memberCalled } from './control.ts';

type Wallet = Balances & {
  readonly holds: readonly {
    readonly id: string;
    readonly from: string;
    readonly to: string;
    readonly amount: string;
  }[];
  readonly history: readonly Movement[];
};

export const walletGroup: Group = {
  name: 'wallet',
  summary: "the node's balance, its history, transfers, and paying for runs",
  details: 'Amounts are whole base units; they mean something on this mesh alone.',
  commands: [
    {
      name: 'balance',
      summary: 'show what this node has, and all accounts',
      positionals: [],
      flags: [
        dataFlag,
        { name: 'audit', describe: 'recompute all accounts from every entry there ever was' },
      ],
      run: balance,
    },
    {
      name: 'history',
      summary: 'show the last movements of value, newest first',
      positionals: [],
      flags: [
        dataFlag,
        {
          name: 'limit',
          value: 'N',
          describe: 'most movements that are shown',
          fallback: '20',
          accepts: { whole: true, least: 1 },
        },
      ],
      run: history,
    },
    {
      name: 'transfer',
      summary: 'send value to a member',
      positionals: [
        {
          name: 'NODE',
          describe: 'who receives: a name or an id',
          required: true,
          accepts: { from: 'members' },
        },
        { name: 'AMOUNT', describe: 'base units', required: true, accepts: { whole: true, least: 1 } },
      ],
      flags: [
        dataFlag,
        dryRunFlag,
        { name: 'note', value: 'TEXT', describe: 'kept with it on the ledger, for everybody to read' },
      ],
      run: transfer,
    },
    {
      name: 'settle',
      summary: 'pay for a run that is over, from its signed statement of use',
      positionals: [
        { name: 'LEASE', describe: 'which lease is paid', required: true, accepts: { from: 'leases' } },
      ],
      flags: [dataFlag],
      run: settle,
    },
  ],
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

async function transfer(invocation: Invocation): Promise<object> {
  const [to = '', amount = ''] = invocation.positionals;
  if (isDryRun(invocation)) return await planTransfer(invocation, to, BigInt(amount));
  const { note } = invocation.flags;
  const result = await callNode<{ id: string; height: number }>(invocation, 'transfer', { to, amount, note });
  invocation.output.line(`Sent ${amount} to ${to}, final at block ${result.height}: ${result.id}`);
  return result;
}

/** Reads balances and members: what the ledger would refuse is said before. */
async function planTransfer(invocation: Invocation, to: string, amount: bigint): Promise<object> {
  const { output } = invocation;
  const receiver = await memberCalled(invocation, to);
  const { own } = await callNode<Wallet>(invocation, 'wallet', {});
  const available = BigInt(own.available);
  const left = available - amount;
  output.line(`Would send ${amount} to ${receiver.name}, for good; there is no fee`);
  if (left >= 0n) output.line(`  to spend  ${available}, and ${left} after it`);
  else output.line(`  REFUSED   ${available} are to spend: ${-left} are missing`, 'bad');
  output.line('  shared    with every member: who sent how much to whom, and the note');
  return {
    dryRun: true,
    ok: left >= 0n,
    to: receiver.name,
    node: receiver.nodeId,
    amount: amount.toString(),
    fee: '0',
    availableBefore: own.available,
    availableAfter: left.toString(),
  };
}

async function settle(invocation: Invocation): Promise<object> {
  const [lease] = invocation.positionals;
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
