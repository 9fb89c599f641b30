import { assetsGroup } from './assets.ts';
import { backupCommand } from './backup.ts';
import { catalogGroup } from './catalog/group.ts';
import type { Entry } from './command.ts';
import { completeCommand, completionCommand } from './completion/command.ts';
import { dashboardCommand } from './dashboard.ts';
import { doctorCommand } from './doctor.ts';
import { explainCommand } from './explain.ts';
import { extensionGroup } from './extension/group.ts';
import { initCommand } from './init.ts';
import { inviteCommand } from './invite.ts';
import { joinCommand } from './join.ts';
import { ledgerGroup } from './ledger.ts';
import { logsCommand } from './logs.ts';
import { manCommand } from './man.ts';
import { memoryGroup } from './memory.ts';
import { restoreCommand } from './restore.ts';
import { runCommand } from './run.ts';
import { scrubCommand } from './scrub.ts';
import { statusCommand } from './status.ts';
import { systemdUnitCommand } from './systemd-unit.ts';
import { trustGroup } from './trust.ts';
import { upCommand } from './up.ts';
import { walletGroup } from './wallet.ts';

/**
 * Every command of `hypermesh`, in the order of its help. What a command works with is loaded when it runs: help,
 * completion and the calls to a running node take no part of it.
 */
export const tree: readonly Entry[] = [
  initCommand,
  upCommand,
  inviteCommand,
  joinCommand,
  statusCommand,
  doctorCommand,
  dashboardCommand,
  runCommand,
  explainCommand,
  logsCommand,
  scrubCommand,
  backupCommand,
  restoreCommand,
  systemdUnitCommand,
  completionCommand,
  manCommand,
  completeCommand,
  catalogGroup,
  assetsGroup,
  memoryGroup,
  walletGroup,
  ledgerGroup,
  trustGroup,
  extensionGroup,
];
