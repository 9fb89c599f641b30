import type { Command } from './command.ts';
import { initCommand } from './init.ts';
import { installCommand } from './install.ts';
import { inviteCommand } from './invite.ts';
import { joinCommand } from './join.ts';
import { publishCommand } from './publish.ts';
import { runCommand } from './run.ts';
import { statusCommand } from './status.ts';
import { upCommand } from './up.ts';

/** Every command of `hypermesh`, in the order of its help. */
export const commands: readonly Command[] = [
  initCommand,
  inviteCommand,
  joinCommand,
  upCommand,
  statusCommand,
  publishCommand,
  installCommand,
  runCommand,
];
