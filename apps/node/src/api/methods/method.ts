import type { AnyRoute, Input, Result, RouteId, routes } from '@hypermesh/client';
import type { NodeId } from '@hypermesh/core';
import type { NodeConfig } from '../../config.ts';
import type { DataDirectory } from '../../data-directory.ts';
import type { Events } from '../../events/hub.ts';
import type { Growth } from '../../growth.ts';
import type { MachineRecord } from '../../inventory/machine.ts';
import type { MeshServices } from '../../services.ts';
import type { Intake } from '../../standing/intake.ts';
import type { NodeStatus } from '../../status.ts';

/** What handlers work with that is there from the start. */
export interface NodeParts {
  readonly directory: DataDirectory;
  readonly config: NodeConfig;
  readonly nodeId: NodeId;
  readonly growth: Growth;
  readonly events: Events;
  /** Whether something new is taken on. */
  readonly intake: Intake;
  /** The signed inventory of this machine, also before there is a ledger. */
  readonly machine: Promise<MachineRecord>;
  status(): NodeStatus;
  invitations(): readonly string[];
}

/** How far long work is: words, and bytes where bytes move. */
export interface Progress {
  readonly text: string;
  readonly done?: number;
  readonly total?: number;
  readonly unit?: 'bytes';
  readonly rateBps?: number;
}

/** One call of a route: parameters that fit its schema, a way to tell progress, and cancellation. */
export interface Call<Params> {
  readonly params: Params;
  /** Aborts when the caller goes away. */
  readonly signal: AbortSignal;
  /** Tells how far it is, in words; heard only by callers that follow the progress. */
  tell(text: string): void;
  /** Tells how far it is, with bytes. */
  progress(progress: Progress): void;
}

type IsEarly<Id extends RouteId> = (typeof routes)[Id] extends { readonly early: true } ? true : false;

/** Answers a route; typed by its schemas. One that needs the ledger is called once that is there. */
export type Handler<Id extends RouteId> =
  IsEarly<Id> extends true
    ? (parts: NodeParts, call: Call<Input<Id>>) => Promise<Result<Id>> | Result<Id>
    : (services: MeshServices, call: Call<Input<Id>>, parts: NodeParts) => Promise<Result<Id>> | Result<Id>;

/** Handlers of some routes, by their names: `satisfies Handlers<keyof typeof xRoutes>`. */
export type Handlers<Ids extends RouteId> = { readonly [Id in Ids]: Handler<Id> };

/** A route that comes and goes while the node runs, such as an operation of a loaded extension. */
export interface RouteEntry {
  readonly id: string;
  readonly route: AnyRoute;
  handle(services: MeshServices, call: Call<Record<string, unknown>>, parts: NodeParts): Promise<unknown>;
}
