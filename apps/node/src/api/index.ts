import { fileURLToPath } from 'node:url';
import type { AnyRoute, RouteId } from '@hypermesh/client';
import { routes } from '@hypermesh/client/routes';
import type { Clock, Log } from '@hypermesh/core';
import type { MetricsRegistry } from '../monitor/metrics/registry.ts';
import type { MeshServices } from '../services.ts';
import { version } from '../version.ts';
import type { Caller } from './call.ts';
import { type Doors, openDoors } from './listen.ts';
import { handlers } from './methods/index.ts';
import type { Call, NodeParts, RouteEntry } from './methods/method.ts';
import type { Pages } from './pages.ts';
import type { Named } from './router.ts';
import { createApi, type Handle, tableEntries } from './server.ts';
import { openTokens } from './tokens.ts';

/** What the API needs of the daemon beside what handlers work with. */
export interface ServeParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics?: MetricsRegistry;
}

/** Whether answers are held against their schemas: set where tests run. */
const isChecked = process.env['HYPERMESH_CHECK_ANSWERS'] === '1';

/** Serves the API of a daemon on its doors. */
export async function serveApi(parts: NodeParts, { clock, log, metrics }: ServeParts): Promise<Doors> {
  const { directory, config, growth, events } = parts;
  const services = (caller: Caller): Promise<MeshServices> => {
    if (growth.current() === undefined) caller.progress({ text: 'waiting for the genesis' });
    return growth.reached(caller.signal);
  };
  const api = createApi({
    entries: tableEntries((id) => handleOf(id, parts, services)),
    ...dynamicOf(parts, services),
    tokens: openTokens(directory, log),
    events,
    isReady: () => {
      const ledger = growth.current()?.ledger;
      // The block that was finalized last may be on its way through the ledger.
      return ledger !== undefined && ledger.ledger.appliedHeight() >= ledger.validator.status().height - 1;
    },
    ...(metrics === undefined ? {} : { metrics }),
    pages: dashboardPages,
    version: version(),
    names: config.api.names,
    isChecked,
    clock,
    log,
  });
  return await openDoors(directory, api, { config: config.api, log });
}

/** What is not begun while memory or disk are short. */
const demanding: ReadonlySet<RouteId> = new Set<RouteId>([
  'publish',
  'install',
  'run',
  'execute',
  'transfer',
  'scrub',
  'memory-lend',
  'memory-grant',
]);
/** What a stop in order waits for: that, and what gives back or ends something. */
const awaited: ReadonlySet<RouteId> = new Set<RouteId>([...demanding, 'memory-revoke', 'settle', 'remove']);

function handleOf(
  id: RouteId,
  parts: NodeParts,
  services: (caller: Caller) => Promise<MeshServices>,
): Handle {
  // The table's types pair every handler with its route; here they are called by name.
  const handler = handlers[id] as unknown as (...given: readonly unknown[]) => unknown;
  const { early }: AnyRoute = routes[id];
  if (early === true) return async (params, caller) => handler(parts, callOf(params, caller));
  const [isDemanding, isAwaited] = [demanding.has(id), awaited.has(id)];
  return async (params, caller) => {
    if (isDemanding) parts.intake.demand();
    using _under = isAwaited ? parts.intake.begin() : undefined;
    return await handler(await services(caller), callOf(params, caller), parts);
  };
}

function callOf<Params>(params: Params, { signal, access, progress }: Caller): Call<Params> {
  return { params, signal, access, progress, tell: (text, moved) => progress({ text, ...moved }) };
}

/** Routes of what is loaded at this moment: the same list while that gives the same. */
function dynamicOf(parts: NodeParts, services: (caller: Caller) => Promise<MeshServices>) {
  let last: { readonly from: readonly RouteEntry[]; readonly entries: readonly Named<Handle>[] } | undefined;
  return {
    dynamicRoutes(): readonly Named<Handle>[] {
      const from = parts.dynamicRoutes();
      if (last?.from !== from) {
        const entries = from.map(({ id, route, handle }) => ({
          id,
          route,
          handle: async (params: Readonly<Record<string, unknown>>, caller: Caller) =>
            handle(await services(caller), callOf(params, caller), parts),
        }));
        last = { from, entries };
      }
      return last.entries;
    },
  };
}

/** The pages of the dashboard, where they are installed and built. */
async function dashboardPages(): Promise<Pages | undefined> {
  const { openPages } = await import('./pages.ts');
  const { pagesFolder } = await import('@hypermesh/dashboard');
  return openPages(fileURLToPath(pagesFolder));
}
