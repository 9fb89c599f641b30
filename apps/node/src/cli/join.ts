import { dataWords } from '../data-directory.ts';
import { NodeError } from '../errors.ts';
import { parseInvitation } from '../mesh/invitation.ts';
import { type Command, dryRunFlag, isDryRun } from './command.ts';
import { directoryOf } from './control.ts';
import { nodeFlags } from './init.ts';

export const joinCommand: Command = {
  name: 'join',
  summary: 'join the mesh that an invitation names',
  details: 'The inviting node must be running. If anything goes wrong, the same line may be given again.',
  positionals: [{ name: 'INVITATION', describe: 'the line that the inviting node printed', required: true }],
  flags: [...nodeFlags, dryRunFlag],
  async run(invocation) {
    const { flags, output, signal } = invocation;
    const parsed = parseInvitation(invocation.positionals[0] ?? '');
    if (!parsed.ok) {
      throw new NodeError(
        {
          code: 'node/bad-invitation',
          reason: parsed.reason,
          next: 'copy the whole line that the inviting node printed',
        },
        `This is no invitation: ${parsed.reason}`,
      );
    }
    const { invitation } = parsed;
    const directory = directoryOf(invocation);
    const { nameFrom, optional } = await import('./node-options.ts');
    const name = nameFrom(flags['name']);
    if (isDryRun(invocation)) {
      const { planNode } = await import('./node-plan.ts');
      return await planNode(invocation, { name, invitation, ...optional(flags) });
    }
    output.progress({ text: 'making keys, asking for a certificate' });
    const { joinMesh } = await import('../join.ts');
    const result = await joinMesh(directory, { name, invitation, signal, ...optional(flags) });
    output.line(`Joined as ${name}  ${result.nodeId}`);
    output.line(`  root   ${invitation.root}`);
    output.line(`Next: hypermesh up${dataWords(directory.path)}`);
    return { ...result, name, root: invitation.root, directory: directory.path };
  },
};
