import type { RunOutcome } from '../run/asking.ts';
import { type Command, dataFlag } from './command.ts';
import { callNode } from './control.ts';

export const runCommand: Command = {
  name: 'run',
  summary: 'have an installed package executed by another node, and its result executed again by a third',
  positionals: [{ name: 'NAME[@RANGE]', describe: 'which installed package', required: true }],
  flags: [
    dataFlag,
    { name: 'on', value: 'NODE', describe: 'who executes: a name or an id', fallback: 'another member' },
    { name: 'fuel', value: 'N', describe: 'most fuel that the run may take', fallback: '10000000000' },
    { name: 'deadline', value: 'MS', describe: 'most time that the run may take', fallback: '30000' },
  ],
  async run(invocation) {
    const { on, fuel, deadline } = invocation.flags;
    const result = await callNode<RunOutcome>(invocation, 'run', {
      spec: invocation.positionals[0],
      on,
      fuel,
      deadlineMs: deadline,
    });
    invocation.output.line(`${result.package} ran on ${result.node}: ${result.exit}`);
    invocation.output.line(`  output   ${result.outputDigest}  fuel ${result.fuel}`);
    invocation.output.line(
      `  executed again by ${result.reexecutedBy}: ${result.matches ? 'same output, same fuel' : 'DIFFERS'}`,
    );
    if (result.outputText !== undefined) invocation.output.line(result.outputText);
    return result;
  },
};
