import { NodeError } from '../errors.ts';
import { formatHours } from '../inventory/hours-text.ts';
import type { AssetReport } from '../inventory/report.ts';
import { formatBytes } from './bytes.ts';
import { type Command, dataFlag, type Invocation } from './command.ts';
import { callNode } from './control.ts';

interface AssetList {
  readonly own: readonly AssetReport[];
  readonly ledger: readonly AssetReport[];
}

/** Flags of `assets policy` and the parameters of `set-policy` that they become. */
const policyFlags = [
  ['level', 'LEVEL', 'level', 'private, private-network, p2p, public-network or full-public'],
  ['type', 'TYPE', 'allocation', 'private, public, anonymous or verified'],
  ['share', 'PERCENT', 'sharePercent', 'how much of it all leases together may take, 0 to 100'],
  ['leases', 'N', 'maxLeases', 'leases at once'],
  ['leases-each', 'N', 'maxLeasesEach', 'leases at once for one member'],
  ['duration', 'MS', 'maxDurationMs', 'longest lease, milliseconds'],
  ['hours', 'HOURS', 'hours', 'when: always, or mo-fr 18:00-08:00, sa-su 00:00-24:00 (UTC)'],
  ['groups', 'NAMES', 'groups', 'groups that private-network and wider levels let in, by commas'],
  ['networks', 'NAMES', 'networks', 'networks that public-network and wider levels let in, by commas'],
  ['price', 'AMOUNT', 'price', 'money in base units for --per units a second'],
  ['per', 'UNITS', 'priceUnits', 'units that the price is for'],
  ['min-power', 'N', 'minStakePower', 'least bonded power of who asks'],
  ['min-space', 'BYTES', 'minSpaceBytes', 'least committed space of who asks'],
  ['min-work', 'BITS', 'minWorkBits', 'least work of an operation'],
  ['min-time', 'N', 'minTimeIterations', 'least delay of an operation'],
] as const;

export const assetsCommand: Command = {
  name: 'assets',
  summary: 'what this machine has, lends and to whom',
  details:
    'list: this machine and what others registered. show ASSET: one of them with its history.\npolicy ASSET: how it is lent; with flags, changed at once. ASSET is an id, its beginning, or cpu, memory, storage.',
  positionals: [
    { name: 'ACTION', describe: 'list (default), show or policy', required: false },
    { name: 'ASSET', describe: 'which asset', required: false },
  ],
  flags: [
    dataFlag,
    ...policyFlags.map(([name, value, , describe]) => ({ name, value, describe: `policy: ${describe}` })),
  ],
  async run(invocation) {
    const [action = 'list', asset] = invocation.positionals;
    if (action === 'list') return await list(invocation);
    if (action !== 'show' && action !== 'policy') throw badAction(action, 'list, show ASSET or policy ASSET');
    if (asset === undefined) throw badAction(action, `say which: hypermesh assets ${action} ASSET`);
    return action === 'show' ? await show(invocation, asset) : await policy(invocation, asset);
  },
};

async function list(invocation: Invocation): Promise<object> {
  const found = await callNode<AssetList>(invocation, 'assets', {});
  const { output } = invocation;
  for (const asset of found.own) output.line(ownLine(asset));
  for (const line of ledgerLines(found.ledger)) output.line(line);
  return found;
}

/** Hardware of others one by one; of packages, notes and the like their number. */
function ledgerLines(assets: readonly AssetReport[]): readonly string[] {
  const counts = new Map<string, number>();
  const lines = assets.flatMap(({ id, kind, owner, policy }) => {
    if (policy !== undefined)
      return [`${owner}  ${kind}  ${short(id)}  ${policy.shareBp / 100} % lent to ${policy.level}`];
    const group = `${owner}  ${kind}`;
    counts.set(group, (counts.get(group) ?? 0) + 1);
    return [];
  });
  return [...lines, ...[...counts].map(([group, count]) => `${group}  ${count} registered`)];
}

async function show(invocation: Invocation, asset: string): Promise<object> {
  const found = await callNode<AssetReport>(invocation, 'asset', { asset });
  const { output } = invocation;
  output.line(`${found.kind}  ${found.id}`);
  output.line(`  owner       ${found.owner}`);
  for (const [name, value] of Object.entries(found.attributes))
    output.line(`  ${name.padEnd(12)}${Array.isArray(value) ? value.join(' ') : String(value)}`);
  if (found.operation !== undefined) output.line(`  registered  block ${found.height}, ${found.operation}`);
  describePolicy(invocation, found.policy);
  for (const { atMs, transition, to, by } of found.history ?? [])
    output.line(`  ${new Date(atMs).toISOString()}  ${transition} by ${by}: ${to}`);
  return found;
}

async function policy(invocation: Invocation, asset: string): Promise<object> {
  const changes = policyFlags.flatMap(([flag, , param]) => {
    const value = invocation.flags[flag];
    return value === undefined ? [] : [[param, value] as const];
  });
  if (changes.length === 0) {
    const found = await callNode<AssetReport>(invocation, 'asset', { asset });
    describePolicy(invocation, found.policy);
    return { asset: found.id, policy: found.policy };
  }
  const params = { asset, ...Object.fromEntries(changes) };
  const changed = await callNode<{ readonly policy: AssetReport['policy']; readonly height: number }>(
    invocation,
    'set-policy',
    params,
  );
  invocation.output.line(`In force, and final in block ${changed.height}`);
  describePolicy(invocation, changed.policy);
  return changed;
}

function describePolicy({ output }: Invocation, policy: AssetReport['policy']): void {
  if (policy === undefined) {
    output.line('  lent to     nobody');
    return;
  }
  const { level, allocation, shareBp, maxLeases, maxLeasesEach, maxDurationMs, hours, price } = policy;
  output.line(`  lent to     ${level}, ${allocation}`);
  output.line(`  share       ${shareBp / 100} %, ${maxLeases} leases at once, ${maxLeasesEach} each`);
  output.line(`  at most     ${maxDurationMs / 1000} s a lease`);
  output.line(`  hours       ${formatHours(hours)}`);
  output.line(`  price       ${price.amount} for ${price.units} units a second`);
}

function ownLine({
  id,
  kind,
  state,
  capacity = 0,
  leased = 0,
  leases = 0,
  usedBp,
  policy,
}: AssetReport): string {
  const amount = kind === 'cpu' ? `${capacity / 1_000_000} cores` : formatBytes(capacity);
  const rest = capacity === 0 ? 0 : Math.round((leased * 100) / capacity);
  const busy = usedBp === undefined ? '' : `, ${Math.round(usedBp / 100)} % busy`;
  const lent = policy === undefined ? '' : `, ${policy.shareBp / 100} % lent to ${policy.level}`;
  return `${kind.padEnd(8)} ${short(id)}  ${state}  ${amount}${busy}${lent}, ${leases} leases of ${rest} %`;
}

function short(id: string): string {
  return `${id.slice(0, 20)}…`;
}

function badAction(flag: string, next: string): NodeError {
  return new NodeError(
    { code: 'node/bad-flag', flag, next },
    `Cannot do ${JSON.stringify(flag)} with assets`,
  );
}
