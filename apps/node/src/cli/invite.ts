import { type Command, dataFlag } from './command.ts';
import { callNode } from './control.ts';

export const inviteCommand: Command = {
  name: 'invite',
  summary: 'print the invitations that nobody has used yet',
  details: 'Each lets one machine join once. Hand them over like passwords.',
  positionals: [],
  flags: [dataFlag, { name: 'qr', describe: 'show the first one as a QR code too, for a camera' }],
  async run(invocation) {
    const { flags, output } = invocation;
    const { invitations } = await callNode<{ invitations: readonly string[] }>(invocation, 'invitations', {});
    if (invitations.length === 0)
      output.line('All founding members have joined, or this node founded no mesh.');
    const [first] = invitations;
    for (const line of invitations) output.line(line);
    if (flags['qr'] === true && first !== undefined) {
      const { qrCode } = await import('./qr-code.ts');
      const lines = qrCode(first);
      const [{ length: width } = ''] = lines;
      const { columns = width } = process.stdout;
      if (columns < width)
        output.line(`The QR code is ${width} columns wide, and this terminal ${columns}: make it wider.`);
      else for (const line of lines) output.line(line, 'picture');
    }
    return { invitations };
  },
};
