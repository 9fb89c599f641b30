import type { RouteId } from '@hypermesh/client';
import { assetHandlers } from './assets.ts';
import { catalogHandlers } from './catalog.ts';
import { contentHandlers } from './content.ts';
import { extensionHandlers } from './extension.ts';
import { ledgerHandlers } from './ledger.ts';
import { memoryHandlers } from './memory.ts';
import type { Handlers } from './method.ts';
import { nodeHandlers } from './node.ts';
import { runHandlers } from './run.ts';
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
};
