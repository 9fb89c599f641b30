import { join, resolve } from 'node:path';
import type { InstallPlanReport, InstallReport } from '../../catalog/reports.ts';
import { readIfPresent, writeDurably } from '../../data-directory.ts';
import { formatBytes } from '../bytes.ts';
import { type Command, dataFlag, dryRunFlag, type Invocation, isDryRun } from '../command.ts';
import { callNode } from '../control.ts';

const lockName = 'catalog.lock';

export const installCommand: Command = {
  name: 'install',
  summary: 'solve, fetch from several members, verify, and register as assets',
  details: `With --project the versions are kept in FOLDER/${lockName}: what it names is installed again exactly, and --frozen fails where it would change.`,
  positionals: [
    {
      name: 'NAME[@RANGE]',
      describe: 'which packages, such as anagrams@^1.0.0',
      required: false,
      many: true,
      accepts: { from: 'packages' },
    },
  ],
  flags: [
    dataFlag,
    dryRunFlag,
    {
      name: 'project',
      value: 'FOLDER',
      describe: `the folder whose ${lockName} is kept`,
      accepts: { folder: true },
    },
    { name: 'frozen', describe: 'fail where the lock file would change' },
  ],
  async run(invocation) {
    const { flags, positionals, output } = invocation;
    const path = typeof flags['project'] === 'string' ? join(resolve(flags['project']), lockName) : undefined;
    const lock = path === undefined ? undefined : readIfPresent(path)?.toString('utf8');
    const wanted = { specs: positionals, lock, frozen: flags['frozen'] };
    if (isDryRun(invocation)) return await showPlan(invocation, wanted);
    const result = await callNode<InstallReport>(invocation, 'install', wanted);
    if (path !== undefined && result.lock !== lock) writeDurably(path, result.lock, 0o644);
    const { packages, bytesMoved, bytesReused, bytes } = result;
    for (const { name, version, already } of packages)
      output.line(`${already ? 'Here already:' : 'Installed'} ${name}@${version}`);
    output.line(
      `  ${formatBytes(bytes)}: ${formatBytes(bytesMoved)} moved, ${formatBytes(bytesReused)} were here`,
    );
    for (const { node, bytes: from, over } of result.peers)
      output.line(`  ${formatBytes(from)} from ${node} over ${over}`);
    if (result.rejectedChunks > 0)
      output.line(`  ${result.rejectedChunks} chunks were refused and came from elsewhere`);
    output.line(`  digest   ${result.digest}`);
    output.line(`  signers  ${result.signers.map(({ suite }) => suite).join(' and ')}`);
    return result;
  },
};

async function showPlan(invocation: Invocation, wanted: object): Promise<object> {
  const { output } = invocation;
  const plan = await callNode<InstallPlanReport>(invocation, 'plan-install', wanted);
  for (const { name, version, bytes, already, here } of plan.packages) {
    const what = already
      ? 'is installed'
      : here
        ? 'would be installed, its bytes are here'
        : 'would be installed';
    output.line(`${name}@${version}  ${formatBytes(bytes)}, ${what}`);
  }
  output.line(
    `  ${formatBytes(plan.bytes)}, of which ${formatBytes(plan.mostBytesMoved)} at most would move`,
  );
  if (plan.changes.length > 0) output.line(`  lock     ${plan.changes.join(', ')}`);
  return { dryRun: true, ...plan };
}
