import type { InputOf, OutputOf } from '../table/route.ts';
import { nodeRoutes } from './node.ts';

/** The one table of routes, by the id under which `call` and the command line know them. */
export const routes = {
  ...nodeRoutes,
};

/** A route's name. */
export type RouteId = keyof typeof routes;
/** What a route takes, by its name. */
export type Input<Id extends RouteId> = InputOf<(typeof routes)[Id]>;
/** What a route answers, by its name. */
export type Result<Id extends RouteId> = OutputOf<(typeof routes)[Id]>;
