import type { ExecutionReceipt } from '@hypermesh/metered-wasm';

/** One run of a program: bytes in, limits that hold, bytes out. */
export interface ExecutionRequest {
  readonly module: Uint8Array;
  readonly operation: string;
  readonly input: Uint8Array;
  readonly fuel: bigint;
  readonly memoryPages: number;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
}

/** How a run ended. `exit` other than `ok` is the guest's own doing, not a failure of the node. */
export type ExecutionResult =
  | {
      readonly exit: 'ok';
      readonly output: Uint8Array;
      readonly receipt: ExecutionReceipt;
      readonly fuelUsed: bigint;
    }
  | {
      readonly exit: 'out-of-fuel' | 'memory' | 'deadline' | 'trap' | 'denied';
      readonly detail: string;
      readonly fuelUsed?: bigint;
    };

/**
 * What runs packages on this node. `execute` never throws for what a guest does; an aborted signal ends the guest
 * and rejects. `reexecute` answers whether a receipt is reproduced exactly. One call a guest; calls are independent.
 */
export interface Executor {
  execute(request: ExecutionRequest): Promise<ExecutionResult>;
  reexecute(
    receipt: ExecutionReceipt,
    request: ExecutionRequest,
  ): Promise<
    | { readonly matches: true }
    | { readonly matches: false; readonly differs: string; readonly detail: string }
  >;
}
