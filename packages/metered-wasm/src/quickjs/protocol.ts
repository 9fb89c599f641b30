import type { MessagePort } from 'node:worker_threads';
import type { Packed } from './vm.ts';

/** A program and what it may use, on its way to a worker. */
export interface OpenMessage {
  readonly kind: 'open';
  readonly engine: WebAssembly.Module;
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly entry: string;
  readonly fuel: bigint;
  readonly memoryPages: number;
  readonly clockMs?: number;
  readonly randomSeed?: Uint8Array;
  /** Names of the host functions that were granted, and how their answers come back. */
  readonly host?: {
    readonly names: readonly string[];
    readonly port: MessagePort;
    readonly gate: Int32Array;
  };
}

/** One call of the program that is open. */
export interface CallMessage {
  readonly kind: 'call';
  readonly name: string;
  readonly input: Packed;
  readonly fuel: bigint;
  readonly maxOutputBytes: number;
}

export interface CloseMessage {
  readonly kind: 'close';
}

export type ToWorker = OpenMessage | CallMessage | CloseMessage;

/** Why a program gave no answer, apart from deadlines. */
export type ScriptReason = 'out-of-fuel' | 'memory' | 'denied' | 'error';

/** How a step of a program ended, in its worker. */
export type StepOutcome =
  | {
      readonly ok: true;
      readonly output: Packed;
      /** CID of the output's bytes. */
      readonly cid: string;
      readonly fuelUsed: bigint;
      readonly memoryPages: number;
      readonly log: readonly string[];
      /** CID of the files, as they were handed in; of `open` alone. */
      readonly code?: string;
    }
  | {
      readonly ok: false;
      readonly reason: ScriptReason;
      readonly detail: string;
      readonly fuelUsed: bigint;
      readonly memoryPages: number;
      readonly log: readonly string[];
      /** Whether the program still stands: it failed by itself, within its limits. */
      readonly isAlive: boolean;
    };

/** What a worker asks of its host while a step goes on. */
export interface HostCall {
  readonly hostCall: { readonly name: string; readonly value: Packed };
}
