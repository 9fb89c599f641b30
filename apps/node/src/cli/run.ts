import type { RunOutcome } from '../run/asking.ts';
import { type Command, dataFlag } from './command.ts';
import { callNode } from './control.ts';

export const runCommand: Command = {
  name: 'run',
  summary: 'have a package executed by another node, and its result executed again by a third',
  details: 'Exit code 1 where the program did not end well or the second execution differs.',
  positionals: [{ name: 'NAME[@RANGE]', describe: 'which package', required: true }],
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
    if (result.detail !== '') invocation.output.line(`  detail   ${result.detail}`);
    if (result.reexecutedBy !== null) {
      const found = result.matches ? 'same output, same fuel' : 'DIFFERS';
      invocation.output.line(`  executed again by ${result.reexecutedBy}: ${found}`);
    }
    if (result.reexecution !== undefined)
      invocation.output.line(`  not executed again: ${result.reexecution}`);
    if (result.outputText !== undefined) invocation.output.line(result.outputText);
    const differs = result.reexecutedBy !== null && !result.matches;
    return { ...result, ok: result.exit === 'ok' && !differs };
  },
};
