import { userInfo } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Command, dataFlag } from './command.ts';
import { directoryOf } from './control.ts';
import { textOf } from './init.ts';

export const systemdUnitCommand: Command = {
  name: 'systemd-unit',
  summary: 'print a unit of systemd that runs this node',
  details:
    'Nothing is installed: put it where systemd finds it, then systemctl enable --now hypermesh. The unit is of Type=exec: systemd takes the node as started when its program runs, and hypermesh status says how far it is.',
  positionals: [],
  flags: [
    dataFlag,
    { name: 'user', value: 'NAME', describe: 'user that the node runs as', fallback: 'the present one' },
  ],
  examples: ['hypermesh systemd-unit | sudo tee /etc/systemd/system/hypermesh.service'],
  async run(invocation) {
    const directory = directoryOf(invocation);
    const { readConfig } = await import('../config.ts');
    const { systemdUnit } = await import('../systemd-unit.ts');
    const { limits } = readConfig(directory);
    const program = fileURLToPath(new URL('../../bin/hypermesh.mjs', import.meta.url));
    const user = textOf(invocation.flags['user']) ?? userInfo().username;
    const unit = systemdUnit({ node: process.execPath, program, data: directory.path, user, limits });
    invocation.output.line(unit.trimEnd());
    return { unit };
  },
};
