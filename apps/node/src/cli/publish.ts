import { resolve } from 'node:path';
import type { PublishReport } from '../catalog/reports.ts';
import { formatBytes } from './bytes.ts';
import { type Command, dataFlag } from './command.ts';
import { callNode } from './control.ts';

export const publishCommand: Command = {
  name: 'publish',
  summary: 'sign a package, have two members store it, and order its record on the ledger',
  details:
    'FOLDER holds catalog.yaml. Packages of npm are published as npm:NAME@VERSION, or npm-folder:DIR where they are installed already. The same package again changes nothing.',
  positionals: [{ name: 'FOLDER', describe: 'the folder of the package, or npm:…', required: false }],
  flags: [dataFlag],
  async run(invocation) {
    const { output, positionals } = invocation;
    const result = await callNode<PublishReport>(invocation, 'publish', {
      source: sourceOf(positionals[0] ?? '.'),
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

/** The daemon has a working directory of its own: folders are named whole. */
function sourceOf(given: string): string {
  if (given.startsWith('npm:')) return given;
  const scheme = 'npm-folder:';
  return given.startsWith(scheme) ? `${scheme}${resolve(given.slice(scheme.length))}` : resolve(given);
}
