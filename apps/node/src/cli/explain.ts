import type { ExplainOutcome } from '../run/asking.ts';
import { type Command, dataFlag } from './command.ts';
import { callNode } from './control.ts';

export const explainCommand: Command = {
  name: 'explain',
  summary: 'show for every node why it can or cannot run a package',
  details: 'Exit code 1 where no node can.',
  positionals: [
    { name: 'NAME[@RANGE]', describe: 'which package', required: true, accepts: { from: 'packages' } },
  ],
  flags: [
    dataFlag,
    {
      name: 'fuel',
      value: 'N',
      describe: 'for a run with so much fuel',
      fallback: "the package's own",
      accepts: { whole: true, least: 1 },
    },
    {
      name: 'memory',
      value: 'PAGES',
      describe: 'with so many pages of memory',
      fallback: "the package's own",
      accepts: { whole: true, least: 1 },
    },
    {
      name: 'deadline',
      value: 'MS',
      describe: 'with so much time',
      fallback: "the package's own",
      accepts: { whole: true, least: 1 },
    },
  ],
  async run(invocation) {
    const { flags, positionals, output } = invocation;
    const result = await callNode<ExplainOutcome>(invocation, 'explain', {
      spec: positionals[0],
      fuel: flags['fuel'],
      memoryPages: flags['memory'],
      deadlineMs: flags['deadline'],
    });
    output.line(result.package);
    for (const { name, canRun, findings } of result.nodes) {
      output.line(`  ${name}: ${canRun ? 'can run it' : 'cannot'}`);
      for (const { requirement, ok, asked, offered, remedy } of findings) {
        output.line(`    ${ok ? '+' : '-'} ${requirement}: ${asked}; ${offered}`);
        if (remedy !== undefined && remedy !== '') output.line(`      ${remedy}`);
      }
    }
    for (const { name, reason } of result.silent) output.line(`  ${name}: does not answer (${reason})`);
    return { ...result, ok: result.nodes.some(({ canRun }) => canRun) };
  },
};
