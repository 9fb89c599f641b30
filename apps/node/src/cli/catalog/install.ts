import { join, resolve } from 'node:path';
import type { InstallReport } from '../../catalog/reports.ts';
import { readIfPresent, writeDurably } from '../../data-directory.ts';
import { formatBytes } from '../bytes.ts';
import { type Command, dataFlag } from '../command.ts';
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
    const result = await callNode<InstallReport>(invocation, 'install', {
      specs: positionals,
      lock,
      frozen: flags['frozen'],
    });
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
