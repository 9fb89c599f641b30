import { assetsCommand } from './assets.ts';
import type { Command } from './command.ts';
import { explainCommand } from './explain.ts';
import { extensionCommand } from './extension.ts';
import { initCommand } from './init.ts';
import { installCommand } from './install.ts';
import { inviteCommand } from './invite.ts';
import { joinCommand } from './join.ts';
import { memoryCommand } from './memory.ts';
import { infoCommand, listCommand, searchCommand, verifyCommand, whyCommand } from './packages.ts';
import { publishCommand } from './publish.ts';
import { runCommand } from './run.ts';
import { scrubCommand } from './scrub.ts';
import { statusCommand } from './status.ts';
import { upCommand } from './up.ts';
import { walletCommand } from './wallet.ts';

/**
 * Every command of `hypermesh`, in the order of its help. What a command works with is loaded when it runs: help and
 * the calls to a running node take no part of it.
 */
export const commands: readonly Command[] = [
  initCommand,
  inviteCommand,
  joinCommand,
  upCommand,
  statusCommand,
  publishCommand,
  searchCommand,
  infoCommand,
  installCommand,
  listCommand,
  whyCommand,
  verifyCommand,
  scrubCommand,
  runCommand,
  walletCommand,
  assetsCommand,
  memoryCommand,
  extensionCommand,
  explainCommand,
];
