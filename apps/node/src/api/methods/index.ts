import type { RouteId } from '@hypermesh/client';
import { assetHandlers } from './assets.ts';
import { catalogHandlers } from './catalog.ts';
import { contentHandlers } from './content.ts';
import { extensionHandlers } from './extension.ts';
import { historyHandlers } from './history.ts';
import { ledgerHandlers } from './ledger.ts';
import { linkHandlers } from './links.ts';
import { memoryHandlers } from './memory.ts';
import type { Handlers } from './method.ts';
import { monitorHandlers } from './monitor.ts';
import { nodeHandlers } from './node.ts';
import { runHandlers } from './run.ts';
import { runsHandlers } from './runs.ts';
import { trustHandlers } from './trust.ts';
import { walletHandlers } from './wallet.ts';

/** A handler for every route of the table, each service's in the file of that service. */
export const handlers: Handlers<RouteId> = {
  ...nodeHandlers,
  ...ledgerHandlers,
  ...catalogHandlers,
  ...contentHandlers,
  ...runHandlers,
  ...assetHandlers,
  ...memoryHandlers,
  ...walletHandlers,
  ...extensionHandlers,
  ...historyHandlers,
  ...runsHandlers,
  ...linkHandlers,
  ...trustHandlers,
  ...monitorHandlers,
};
