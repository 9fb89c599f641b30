import { type Command, dataFlag } from './command.ts';
import { callNode } from './control.ts';

export const inviteCommand: Command = {
  name: 'invite',
  summary: 'print the invitations that nobody has used yet',
  details: 'Each lets one machine join once. Hand them over like passwords.',
  positionals: [],
  flags: [dataFlag, { name: 'qr', describe: 'show the first one as a QR code too, for a camera' }],
  async run(invocation) {
    const { flags } = invocation;
    const { invitations } = await callNode<{ invitations: readonly string[] }>(invocation, 'invitations', {});
    if (invitations.length === 0)
      invocation.output.line('All founding members have joined, or this node founded no mesh.');
    const [first] = invitations;
    for (const line of invitations) invocation.output.line(line);
    if (flags['qr'] === true && first !== undefined) {
      const { encodeQR } = await import('qr');
      invocation.output.line(encodeQR(first, 'ascii', { ecc: 'low', border: 2 }).trimEnd());
    }
    return { invitations };
  },
};
