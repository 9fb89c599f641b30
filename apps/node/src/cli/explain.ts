import type { ExplainOutcome } from '../run/asking.ts';
import { type Command, dataFlag } from './command.ts';
import { callNode } from './control.ts';
import { explainProofCommand } from './explain-proof.ts';

export const explainCommand: Command = {
  name: 'explain',
  summary: 'show for every node why it can or cannot run a package, or what a proof shows here',
  details:
    'hypermesh explain proof says for each leg of a proof what it shows on this mesh and what forging it would cost; a package of that name is proof@*.\nOf a package: exit code 1 where no node can run it.',
  positionals: [
    {
      name: 'NAME[@RANGE]',
      describe: 'which package, or the word proof',
      required: true,
      accepts: { from: 'packages' },
    },
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
    if (positionals[0] === 'proof') return await explainProofCommand(invocation);
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
