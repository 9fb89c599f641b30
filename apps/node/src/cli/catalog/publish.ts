import { resolve } from 'node:path';
import type { PublishReport } from '../../catalog/reports.ts';
import { NodeError } from '../../errors.ts';
import { formatBytes } from '../bytes.ts';
import { type Command, dataFlag, dryRunFlag, type Invocation, isDryRun } from '../command.ts';
import { callNode } from '../control.ts';

export const publishCommand: Command = {
  name: 'publish',
  summary: 'sign a package, have two members store it, and order its record on the ledger',
  details:
    'FOLDER holds catalog.yaml. A package of npm is published as it stands, and no script of it runs. The same package again changes nothing.',
  positionals: [
    { name: 'FOLDER', describe: 'the folder of the package', required: false, accepts: { folder: true } },
  ],
  flags: [
    dataFlag,
    dryRunFlag,
    { name: 'npm', value: 'NAME@VERSION', describe: 'a package of the npm registry (npm_config_registry)' },
    {
      name: 'npm-folder',
      value: 'DIR',
      describe: 'a package of npm that is installed in DIR',
      accepts: { folder: true },
    },
  ],
  async run(invocation) {
    if (isDryRun(invocation)) return await showPlan(invocation);
    const { output } = invocation;
    const result = await callNode<PublishReport>(invocation, 'publish', {
      source: sourceOf(invocation),
    });
    const { name, version, bytes, files, already } = result;
    output.line(
      `${already ? 'Published before:' : 'Published'} ${name}@${version} (${formatBytes(bytes)}, ${files} files)`,
    );
    output.line(`  digest   ${result.digest}`);
    output.line(
      `  signed   ${result.signers.map(({ suite }) => suite).join(' and ')}, record ${result.sequence} of this node`,
    );
    output.line(`  stored   here and on ${result.holders.join(' and ') || 'no other member'}`);
    output.line(`  final at block ${result.height}, log entry ${result.logIndex}`);
    return result;
  },
};

/** Packs here, without a node: nothing is signed, stored or ordered. */
async function showPlan(invocation: Invocation): Promise<object> {
  const { output, signal } = invocation;
  const { planPublish } = await import('../../catalog/publish-plan.ts');
  const plan = await planPublish(sourceOf(invocation), signal);
  const { name, version, type, bytes, files, chunks, dependencies, warnings } = plan;
  output.line(`Would publish ${name}@${version}  ${type}, ${formatBytes(bytes)} in ${chunks} chunks`);
  output.line(`  digest   ${plan.digest}`);
  for (const { path, size } of files.slice(0, mostFilesShown))
    output.line(`  file     ${path}, ${formatBytes(size)}`);
  if (files.length > mostFilesShown) output.line(`  and ${files.length - mostFilesShown} files more`);
  for (const { name: needed, range } of dependencies) output.line(`  needs    ${needed}@${range}`);
  for (const warning of warnings) output.line(`  SECRET?  ${warning}`, 'bad');
  if (warnings.length === 0) output.line('  secrets  none found by name or as a private key');
  output.line('  shared   with every member: the files, their names, and who published them');
  return { dryRun: true, ...plan };
}

const mostFilesShown = 20;

/** What the daemon is asked for. It has a working directory of its own: folders are named whole. */
function sourceOf({ flags, positionals }: Invocation): string {
  const given = [
    typeof flags['npm'] === 'string' ? `npm:${flags['npm']}` : undefined,
    typeof flags['npm-folder'] === 'string' ? `npm-folder:${resolve(flags['npm-folder'])}` : undefined,
    positionals[0] === undefined ? undefined : resolve(positionals[0]),
  ].filter((source) => source !== undefined);
  const [first = resolve('.'), ...others] = given;
  if (others.length === 0) return first;
  const next = 'name one package: FOLDER, --npm NAME@VERSION or --npm-folder DIR';
  throw new NodeError({ code: 'node/bad-flag', flag: '--npm', next }, `Several packages are named; ${next}`);
}
