import { resolve } from 'node:path';
import type { PublishResult } from '../package/service.ts';
import { formatBytes } from './bytes.ts';
import { type Command, dataFlag } from './command.ts';
import { callNode } from './control.ts';

export const publishCommand: Command = {
  name: 'publish',
  summary: 'sign a package, log it, and order its record on the ledger',
  details:
    'FOLDER holds hypermesh.json: { "name", "version", "program": { "module", "input"? }, "files": [...] }.',
  positionals: [{ name: 'FOLDER', describe: 'the folder of the package', required: true }],
  flags: [dataFlag],
  async run(invocation) {
    const folder = resolve(invocation.positionals[0] ?? '.');
    const result = await callNode<PublishResult>(invocation, 'publish', { folder });
    invocation.output.line(`Published ${result.name}@${result.version} (${formatBytes(result.bytes)})`);
    invocation.output.line(`  digest   ${result.digest}`);
    invocation.output.line(`  signed   ${result.signers.map(({ suite }) => suite).join(' and ')}`);
    invocation.output.line(`  final at block ${result.height}, log entry ${result.logIndex}`);
    return result;
  },
};
