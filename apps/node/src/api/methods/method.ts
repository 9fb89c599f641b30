import type { AnyRoute, Input, Result, RouteId } from '@hypermesh/client';
import type { routes } from '@hypermesh/client/routes';
import type { NodeId } from '@hypermesh/core';
import type { NodeConfig } from '../../config.ts';
import type { DataDirectory } from '../../data-directory.ts';
import type { Events } from '../../events/hub.ts';
import type { Growth } from '../../growth.ts';
import type { MachineRecord } from '../../inventory/machine.ts';
import type { Monitor } from '../../monitor/monitor.ts';
import type { Tell } from '../../movement.ts';
import type { MeshServices } from '../../services.ts';
import type { Intake } from '../../standing/intake.ts';
import type { NodeStatus } from '../../status.ts';
import type { Access } from '../tokens.ts';

/** What handlers work with that is there from the start. */
export interface NodeParts {
  readonly directory: DataDirectory;
  readonly config: NodeConfig;
  readonly nodeId: NodeId;
  readonly growth: Growth;
  readonly events: Events;
  /** Whether something new is taken on. */
  readonly intake: Intake;
  /** What watches the node from within. */
  readonly monitor: Monitor;
  /** The signed inventory of this machine, also before there is a ledger. */
  readonly machine: Promise<MachineRecord>;
  status(): NodeStatus;
  invitations(): readonly string[];
  /** Routes of what is loaded at the moment: the same list again while nothing changed. */
  dynamicRoutes(): readonly RouteEntry[];
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
  /** What the caller's token allows: calls that need the full one come with it. */
  readonly access: Access;
  /** Tells how far it is, in words and with bytes where bytes move; heard only by callers that follow the progress. */
  readonly tell: Tell;
  /** Tells how far it is, with bytes. */
  readonly progress: (progress: Progress) => void;
}

/** What a handler may give where the schema says `T`: bigint leave as decimal text, bytes as hex, undefined fields not at all. */
export type Answer<T> = string extends T
  ? T | bigint | Uint8Array
  : T extends readonly (infer Item)[]
    ? readonly Answer<Item>[]
    : T extends object
      ? {
          readonly [Key in keyof T]: undefined extends T[Key] ? Answer<T[Key]> | undefined : Answer<T[Key]>;
        }
      : T;

type Answered<Id extends RouteId> = Answer<Result<Id>> | Promise<Answer<Result<Id>>>;
type IsEarly<Id extends RouteId> = (typeof routes)[Id] extends { readonly early: true } ? true : false;

/** Answers a route; typed by its schemas. One that is not `early` is called once the ledger is there. */
export type Handler<Id extends RouteId> =
  IsEarly<Id> extends true
    ? (parts: NodeParts, call: Call<Input<Id>>) => Answered<Id>
    : (services: MeshServices, call: Call<Input<Id>>, parts: NodeParts) => Answered<Id>;

/** Handlers of some routes, by their names: `Handlers<keyof typeof ledgerRoutes>`. */
export type Handlers<Ids extends RouteId> = { readonly [Id in Ids]: Handler<Id> };

/** A route that comes and goes while the node runs, such as an operation of a loaded extension. */
export interface RouteEntry {
  readonly id: string;
  readonly route: AnyRoute;
  handle(
    services: MeshServices,
    call: Call<Readonly<Record<string, unknown>>>,
    parts: NodeParts,
  ): Promise<unknown>;
}
