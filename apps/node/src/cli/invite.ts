import { type Command, dataFlag } from './command.ts';
import { callNode } from './control.ts';

export const inviteCommand: Command = {
  name: 'invite',
  summary: 'print the invitations that nobody has used yet',
  details: 'Each lets one machine join once. Hand them over like passwords.',
  positionals: [],
  flags: [dataFlag],
  async run(invocation) {
    const { invitations } = await callNode<{ invitations: readonly string[] }>(invocation, 'invitations', {});
    if (invitations.length === 0)
      invocation.output.line('All founding members have joined, or this node founded no mesh.');
    for (const line of invitations) invocation.output.line(line);
    return { invitations };
  },
};
