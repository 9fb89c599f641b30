import { resolve } from 'node:path';
import type { RunOnSome } from '../run/on-another.ts';
import { formatBytes } from './bytes.ts';
import { type Command, dataFlag, dryRunFlag, isDryRun } from './command.ts';
import { callNode } from './control.ts';
import { planRun } from './run-plan.ts';

export const runCommand: Command = {
  name: 'run',
  summary: 'have a package executed by another node, and its result executed again by a third',
  details: 'Exit code 1 where the program did not end well or the second execution differs.',
  positionals: [
    { name: 'NAME[@RANGE]', describe: 'which package', required: true, accepts: { from: 'packages' } },
  ],
  flags: [
    dataFlag,
    dryRunFlag,
    {
      name: 'on',
      value: 'NODE',
      describe: 'who executes: a name or an id',
      fallback: 'another member',
      accepts: { from: 'members' },
    },
    {
      name: 'audit',
      value: 'NODE',
      describe: 'who executes again',
      fallback: 'a third member',
      accepts: { from: 'members' },
    },
    {
      name: 'input',
      value: 'FILE',
      describe: 'what the program gets',
      fallback: "the package's own input",
      accepts: { file: true },
    },
    {
      name: 'output',
      value: 'FILE',
      describe: 'where its output is written',
      fallback: 'shown if it is short text',
      accepts: { file: true },
    },
    { name: 'operation', value: 'NAME', describe: 'what is called', fallback: "the package's own" },
    {
      name: 'fuel',
      value: 'N',
      describe: 'most fuel that the run may take',
      fallback: '10000000000',
      accepts: { whole: true, least: 1 },
    },
    {
      name: 'memory',
      value: 'PAGES',
      describe: 'most memory, in pages of 64 KiB',
      fallback: '1024',
      accepts: { whole: true, least: 1 },
    },
    {
      name: 'deadline',
      value: 'MS',
      describe: 'most time that the run may take',
      fallback: '30000',
      accepts: { whole: true, least: 1 },
    },
    {
      name: 'price',
      value: 'N',
      describe: 'base units for 1,000,000 fuel',
      fallback: '10',
      accepts: { whole: true },
    },
    {
      name: 'allocation',
      value: 'KIND',
      describe: 'private, public, anonymous or verified',
      fallback: 'public',
      accepts: { oneOf: ['private', 'public', 'anonymous', 'verified'] },
    },
    {
      name: 'clock',
      value: 'MS',
      describe: 'the instant that a script has for a clock',
      fallback: 'none',
      accepts: { whole: true, least: 1 },
    },
    { name: 'seed', value: 'HEX', describe: "32 bytes, seed of a script's random numbers", fallback: 'none' },
  ],
  async run(invocation) {
    if (isDryRun(invocation)) return await planRun(invocation);
    const { flags, positionals, output } = invocation;
    const path = (flag: string | true | undefined) => (typeof flag === 'string' ? resolve(flag) : undefined);
    const result = await callNode<RunOnSome>(invocation, 'run', {
      spec: positionals[0],
      on: flags['on'],
      audit: flags['audit'],
      inputFile: path(flags['input']),
      outputFile: path(flags['output']),
      operation: flags['operation'],
      fuel: flags['fuel'],
      memoryPages: flags['memory'],
      deadlineMs: flags['deadline'],
      price: flags['price'],
      allocation: flags['allocation'],
      clockMs: flags['clock'],
      randomSeed: flags['seed'],
    });
    for (const node of result.lost) output.line(`${node} was lost while it ran it`);
    output.line(`${result.package} ran on ${result.node}: ${result.exit}`);
    output.line(`  output   ${result.outputDigest ?? 'none'} (${formatBytes(result.outputBytes)})`);
    output.line(
      `  cost     fuel ${result.fuel}, ${result.memoryPages} pages of memory, charge ${result.charge}`,
    );
    if (result.detail !== '') output.line(`  detail   ${result.detail}`);
    for (const line of result.log) output.line(`  log      ${line}`);
    if (result.reexecutedBy !== null) {
      const found = result.matches ? 'same output, same fuel' : 'DIFFERS';
      output.line(`  executed again by ${result.reexecutedBy}: ${found}`);
    }
    if (result.reexecution !== undefined) output.line(`  not executed again: ${result.reexecution}`);
    if (result.outputFile !== undefined) output.line(`  written to ${result.outputFile}`);
    else if (result.outputText !== undefined) output.line(result.outputText);
    const differs = result.reexecutedBy !== null && !result.matches;
    return { ...result, ok: result.exit === 'ok' && !differs };
  },
};
