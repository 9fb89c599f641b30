import type { ScrubReport } from '@hypermesh/stoq/content';
import { type Command, dataFlag } from './command.ts';
import { callNode } from './control.ts';

export const scrubCommand: Command = {
  name: 'scrub',
  summary: 'hash again what this node keeps, and repair what is damaged',
  details:
    'A node does so by itself at its start and every hour. What is damaged comes back from parity on this node, else from members that hold it; exit code 1 where something does not.',
  positionals: [],
  flags: [dataFlag],
  async run(invocation) {
    const { output } = invocation;
    const report = await callNode<ScrubReport>(invocation, 'scrub', {});
    const { roots, chunks, damaged, missing, repaired, lost } = report;
    output.line(`${chunks} chunks of ${roots} roots: ${damaged} damaged, ${missing} missing`);
    if (repaired > 0) output.line(`${repaired} roots made whole again`);
    for (const { root, chunks: gone } of lost) output.line(`LOST ${root}: ${gone.length} chunks nobody has`);
    return { ...report, ok: lost.length === 0 };
  },
};
