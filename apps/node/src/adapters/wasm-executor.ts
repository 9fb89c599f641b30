import { meter, reexecute, runMetered } from '@hypermesh/metered-wasm';
import type { Executor } from '../run/ports.ts';
import { maxOutputBytes } from '../run/protocol.ts';

/** Largest module, bytes: metering and its check run on the daemon's thread, at some 150 ms a megabyte together. */
const maxModuleBytes = 2 * 1024 * 1024;

/** Runs packages as metered WebAssembly in a worker: exact fuel, capped memory, no imports but a bounded log. */
export function wasmExecutor(): Executor {
  return {
    async execute({ module, operation, input, fuel, memoryPages, deadlineMs, signal }) {
      const metered = meter(module, { memoryMaxPages: memoryPages, maxBytes: maxModuleBytes });
      if (!metered.ok) return { exit: 'denied', detail: `${metered.reason}: ${metered.detail}` };
      const result = await runMetered({
        module: metered.module,
        op: operation,
        input,
        fuel,
        deadlineMs,
        memoryMaxPages: memoryPages,
        maxOutputBytes,
        signal,
      });
      if (result.ok) {
        return { exit: 'ok', output: result.output, receipt: result.receipt, fuelUsed: result.fuelUsed };
      }
      const { reason, detail, fuelUsed } = result;
      return { exit: reason, detail, ...(fuelUsed === undefined ? {} : { fuelUsed }) };
    },
    async reexecute(receipt, { module, operation, input, memoryPages, deadlineMs, signal }) {
      if (receipt.op !== operation)
        return { matches: false, differs: 'op', detail: `the receipt is of ${receipt.op}` };
      const metered = meter(module, { memoryMaxPages: memoryPages, maxBytes: maxModuleBytes });
      if (!metered.ok) return { matches: false, differs: 'module', detail: metered.detail };
      const verdict = await reexecute(receipt, {
        module: metered.module,
        input,
        deadlineMs,
        ...(signal === undefined ? {} : { signal }),
      });
      return verdict.ok
        ? { matches: true }
        : { matches: false, differs: verdict.reason, detail: verdict.detail };
    },
  };
}
