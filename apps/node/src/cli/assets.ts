import { formatHours } from '../inventory/hours-text.ts';
import type { AssetReport } from '../inventory/report.ts';
import { formatBytes } from './bytes.ts';
import {
  type Accepts,
  dataFlag,
  dryRunFlag,
  type Group,
  type Invocation,
  isDryRun,
  type Positional,
} from './command.ts';
import { callNode } from './control.ts';
import { oneOfWords } from './parse.ts';

interface AssetList {
  readonly own: readonly AssetReport[];
  readonly ledger: readonly AssetReport[];
}

const levels = ['private', 'private-network', 'p2p', 'public-network', 'full-public'] as const;
const allocations = ['private', 'public', 'anonymous', 'verified'] as const;

/** Flags of `assets policy` and the parameters of `set-policy` that they become. */
const policyFlags: readonly (readonly [
  flag: string,
  value: string,
  parameter: string,
  describe: string,
  accepts?: Accepts,
])[] = [
  ['level', 'LEVEL', 'level', `whom it lets in: ${oneOfWords(levels)}`, { oneOf: levels }],
  ['type', 'TYPE', 'allocation', oneOfWords(allocations), { oneOf: allocations }],
  ['share', 'PERCENT', 'sharePercent', 'how much of it all leases together may take, 0 to 100'],
  ['leases', 'N', 'maxLeases', 'leases at once', { whole: true, least: 1 }],
  ['leases-each', 'N', 'maxLeasesEach', 'leases at once for one member', { whole: true, least: 1 }],
  ['duration', 'MS', 'maxDurationMs', 'longest lease, milliseconds', { whole: true, least: 1 }],
  ['hours', 'HOURS', 'hours', 'when: always, or mo-fr 18:00-08:00, sa-su 00:00-24:00 (UTC)'],
  ['groups', 'NAMES', 'groups', 'groups that private-network and wider levels let in, by commas'],
  ['networks', 'NAMES', 'networks', 'networks that public-network and wider levels let in, by commas'],
  ['price', 'AMOUNT', 'price', 'money in base units for --per units a second', { whole: true }],
  ['per', 'UNITS', 'priceUnits', 'units that the price is for', { whole: true, least: 1 }],
  ['min-power', 'N', 'minStakePower', 'least bonded power of who asks', { whole: true }],
  ['min-space', 'BYTES', 'minSpaceBytes', 'least committed space of who asks', { whole: true }],
  ['min-work', 'BITS', 'minWorkBits', 'least work of an operation', { whole: true }],
  ['min-time', 'N', 'minTimeIterations', 'least delay of an operation', { whole: true }],
];

const whichAsset: Positional = {
  name: 'ASSET',
  describe: 'an id, its beginning, or cpu, memory, storage',
  required: true,
  accepts: { from: 'assets' },
};

export const assetsGroup: Group = {
  name: 'assets',
  summary: 'what this machine has, lends and to whom',
  commands: [
    {
      name: 'list',
      summary: 'show this machine and what others registered on the ledger',
      positionals: [],
      flags: [dataFlag],
      run: list,
    },
    {
      name: 'show',
      summary: 'show one asset with its policy and its history',
      positionals: [whichAsset],
      flags: [dataFlag],
      run: show,
    },
    {
      name: 'policy',
      summary: 'show how an asset is lent, or change it at once',
      details:
        'Without flags it shows the policy. Each flag changes one term; the new policy is ordered on the ledger.',
      positionals: [whichAsset],
      flags: [
        dataFlag,
        dryRunFlag,
        ...policyFlags.map(([name, value, , describe, accepts]) => ({
          name,
          value,
          describe,
          ...(accepts === undefined ? {} : { accepts }),
        })),
      ],
      examples: ['hypermesh assets policy memory --share 25 --hours "mo-fr 18:00-08:00"'],
      run: policy,
    },
  ],
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

async function show(invocation: Invocation): Promise<object> {
  const [asset] = invocation.positionals;
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

async function policy(invocation: Invocation): Promise<object> {
  const [asset] = invocation.positionals;
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
  if (isDryRun(invocation)) {
    const plan = await callNode<{ readonly policy: AssetReport['policy'] }>(
      invocation,
      'plan-policy',
      params,
    );
    invocation.output.line('It would be lent so:');
    describePolicy(invocation, plan.policy);
    return { dryRun: true, ...plan };
  }
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
