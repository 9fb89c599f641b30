import type { Limit } from './limit.ts';

/** How a run ended. `error`: the program failed by itself, within its limits; `denied`: it may not do or be this. */
export type Exit = 'ok' | 'out-of-fuel' | 'memory' | 'deadline' | 'denied' | 'error';

/** A program as it is handed to an executor: its files, its dependencies' under `node_modules/NAME/`. */
export interface Program {
  /** Type of the package, such as `vm.wasm`. */
  readonly type: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly entrypoint: string;
}

/** What one run may use up. */
export interface RunLimits {
  readonly fuel: bigint;
  /** Pages of 64 KiB. */
  readonly memoryPages: number;
  readonly deadlineMs: number;
}

/** What a program may know beside its input; recorded in its receipt. */
export interface Grants {
  /** The instant that its clock tells, in ms since 1970. */
  readonly clockMs?: number | undefined;
  /** Seed of its random numbers, 32 bytes. */
  readonly randomSeed?: Uint8Array | undefined;
}

/** One call of a prepared program. */
export interface Call extends RunLimits, Grants {
  /** Operation of a WebAssembly guest; export of a script. */
  readonly operation: string;
  readonly input: Uint8Array;
  readonly maxOutputBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/** How a call ended. `fuelUsed` is absent where the thread was ended. */
export type CallOutcome =
  | {
      readonly exit: 'ok';
      readonly output: Uint8Array;
      readonly fuelUsed: bigint;
      readonly memoryPages: number;
      /** The receipt's canonical bytes. */
      readonly receipt: Uint8Array;
      readonly log: readonly string[];
    }
  | {
      readonly exit: Exclude<Exit, 'ok'>;
      readonly detail: string;
      readonly fuelUsed?: bigint;
      readonly log: readonly string[];
    };

/** A program that is ready to run, or why it never will. */
export type Prepared =
  | {
      readonly ok: true;
      /** Never rejects for what the program does; rejects when aborted or closed. */
      run(call: Call): Promise<CallOutcome>;
      /** Runs what a receipt tells of again, with its fuel, and compares output and fuel. */
      reexecute(receipt: Uint8Array, call: Omit<Call, 'fuel' | keyof Grants>): Promise<Comparison>;
    }
  | { readonly ok: false; readonly exit: 'denied' | 'memory' | 'error'; readonly detail: string };

/** Whether a receipt is reproduced; `differs` is the first thing that is not. */
export type Comparison =
  | { readonly matches: true; readonly output: Uint8Array }
  | { readonly matches: false; readonly differs: string; readonly detail: string };

/** What an executor proved by running something on this machine. */
export type Capability =
  | {
      readonly isAvailable: true;
      readonly types: readonly string[];
      /** What runs the programs, with its version; two of the same name give the same output and fuel. */
      readonly executor: string;
      readonly limits: readonly Limit[];
      /** Pages below which nothing starts, and above which no program is given any. */
      readonly memoryPages: { readonly min: number; readonly max: number };
      readonly grants: readonly ('clock' | 'randomness')[];
    }
  | { readonly isAvailable: false; readonly types: readonly string[]; readonly reason: string };

/**
 * Runs programs of some types. `probe` runs something small and tells what this machine can really do, again at every
 * call; `prepare` does what is worth doing once for a program; nothing of the program's own runs before `run`. All of
 * it off the caller's thread. Calls are independent of each other and may be made at once.
 */
export interface Executor extends AsyncDisposable {
  readonly types: readonly string[];
  probe(signal?: AbortSignal): Promise<Capability>;
  prepare(program: Program, limits: Pick<RunLimits, 'memoryPages'>, signal?: AbortSignal): Promise<Prepared>;
}
