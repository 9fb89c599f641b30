import type { Group } from '../command.ts';
import { installCommand } from './install.ts';
import {
  infoCommand,
  listCommand,
  removeCommand,
  searchCommand,
  verifyCommand,
  versionsCommand,
  whyCommand,
} from './packages.ts';
import { publishCommand } from './publish.ts';

export const catalogGroup: Group = {
  name: 'catalog',
  summary: 'packages: publish, find, install, verify',
  details:
    'A package is signed by its publisher, its record stands on the ledger, and its bytes come from the members that hold them.',
  commands: [
    publishCommand,
    searchCommand,
    infoCommand,
    versionsCommand,
    installCommand,
    listCommand,
    whyCommand,
    verifyCommand,
    removeCommand,
  ],
};
