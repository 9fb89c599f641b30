import type { InputOf, OutputOf } from '../table/route.ts';
import { assetRoutes } from './assets.ts';
import { catalogRoutes } from './catalog.ts';
import { contentRoutes } from './content.ts';
import { extensionRoutes } from './extension.ts';
import { historyRoutes } from './history.ts';
import { ledgerRoutes } from './ledger.ts';
import { linkRoutes } from './links.ts';
import { memoryRoutes } from './memory.ts';
import { monitorRoutes } from './monitor.ts';
import { nodeRoutes } from './node.ts';
import { runRoutes } from './run.ts';
import { runsRoutes } from './runs.ts';
import { trustRoutes } from './trust.ts';
import { walletRoutes } from './wallet.ts';

/** The one table of routes, by the id under which `call` and the command line know them. */
export const routes = {
  ...nodeRoutes,
  ...ledgerRoutes,
  ...catalogRoutes,
  ...contentRoutes,
  ...runRoutes,
  ...assetRoutes,
  ...memoryRoutes,
  ...walletRoutes,
  ...extensionRoutes,
  ...historyRoutes,
  ...runsRoutes,
  ...linkRoutes,
  ...trustRoutes,
  ...monitorRoutes,
};

/** A route's name. */
export type RouteId = keyof typeof routes;
/** What a route takes, by its name. */
export type Input<Id extends RouteId> = InputOf<(typeof routes)[Id]>;
/** What a route answers, by its name. */
export type Result<Id extends RouteId> = OutputOf<(typeof routes)[Id]>;
