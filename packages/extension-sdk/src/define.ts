import type { Capability } from './capabilities.ts';
import type { JsonObject, JsonValue } from './json.ts';

/** Objects behind capabilities, by name. A host's typings extend it by declaration merging; unknown ones are bags of methods. */
export interface CapabilityObjects {
  readonly 'monitoring:read': { health(): Promise<JsonValue> };
}

/** Methods of a capability whose type is not declared. They throw `extension/permission-denied` where that is not granted. */
export interface UntypedCapability {
  // biome-ignore lint/suspicious/noExplicitAny: what a host hands in under a name is only known there
  readonly [method: string]: (...args: any[]) => any;
}

/** The capabilities of one call: attenuated objects that the host made. */
export type CapabilityBag = {
  readonly [Name in Capability]: Name extends keyof CapabilityObjects
    ? CapabilityObjects[Name]
    : UntypedCapability;
};

/** What an extension says to people; fields are plain data without secrets. */
export interface GuestLog {
  info(event: string, fields?: JsonObject): void;
  warn(event: string, fields?: JsonObject): void;
}

/** What every function of an extension gets beside its parameters. */
export interface ExtensionContext {
  /** Touching a capability that is not granted, or that the operation does not name in `needs`, throws and is audited. */
  readonly caps: CapabilityBag;
  /** Kept between calls, exported and carried over a reload. Assign to change it; in `strict` only assignment and changes made before the call ends count. */
  state: JsonValue;
  /** The package's defaults, overlaid by the operator. */
  readonly config: JsonObject;
  /** Who asks, as the host authenticated it; empty in hooks. */
  readonly client: string;
  /** What the host's consensus accepted for this call; only for operations with `proof`. */
  readonly proof?: unknown;
  /** Aborted at the deadline, by the caller and at unloading. Never aborted in `strict`, where the run is ended instead. */
  readonly signal: AbortSignal;
  readonly log: GuestLog;
  /** Whether a capability is granted to the extension: for optional ones. */
  can(capability: Capability): boolean;
  /** Tells the caller how far it is; dropped in `strict`. */
  progress(event: JsonValue): void;
}

/** Checks parameters: a function that answers them or throws, or a schema of the Standard Schema convention. */
export type Check<T> =
  | ((value: unknown) => T)
  | {
      readonly '~standard': {
        validate(value: unknown): StandardResult<T> | Promise<StandardResult<T>>;
      };
    };

/** What a Standard Schema's validation answers. */
export type StandardResult<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string }[] };

/** One operation that clients can call. */
export interface Operation<P = never, R = unknown> {
  /** The capabilities that `run` may touch; none by default. */
  readonly needs?: readonly Capability[];
  /** Whether a consensus proof must be accepted before `run` starts. */
  readonly proof?: boolean;
  readonly params?: Check<P>;
  run(params: P, ctx: ExtensionContext): R | Promise<R>;
}

/** What an extension does with assets of one type, by action: `validate`, `register` and others of its own. */
export interface AssetHandler {
  /** The capabilities that the actions may touch. */
  readonly needs?: readonly Capability[];
  readonly actions: Readonly<Record<string, (asset: JsonObject, ctx: ExtensionContext) => unknown>>;
}

/** What an extension keeps: its shape's version, its beginning, and how an older shape becomes this one. */
export interface StateDefinition {
  readonly version: number;
  initial(): JsonValue;
  migrate?(state: JsonValue, from: number): JsonValue;
}

/** An extension, exported by its entry module as `extension`. The same definition runs in every tier. */
export interface ExtensionDefinition {
  /** The id of its manifest. */
  readonly id: string;
  readonly ops: Readonly<Record<string, Operation>>;
  readonly assets?: Readonly<Record<string, AssetHandler>>;
  readonly state?: StateDefinition;
  /** Runs before the first call; throwing refuses the load. May touch every granted capability, as the other hooks. */
  onLoad?(ctx: ExtensionContext): unknown;
  onSuspend?(ctx: ExtensionContext): unknown;
  onUnload?(ctx: ExtensionContext): unknown;
}

/** Gives an extension its types and returns it as it is. */
export function defineExtension<D extends ExtensionDefinition>(definition: D): D {
  return definition;
}

/** Gives an operation its types and returns it as one among others. */
export function op<P, R>(operation: Operation<P, R>): Operation<never, R> {
  return operation as Operation<never, R>;
}
