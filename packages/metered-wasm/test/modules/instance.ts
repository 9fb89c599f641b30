/** What a call in this thread showed. */
export interface Observation {
  /** Results, or the engine's words for the trap. */
  readonly result: unknown;
  readonly memory: Uint8Array;
  readonly globals: readonly unknown[];
  /** Fuel that a metered module used, and whether the counter fell below zero. */
  readonly fuel: bigint;
  readonly isEmpty: boolean;
  readonly count: bigint;
}

type Call = (...args: (number | bigint)[]) => unknown;

export function instantiate(bytes: Uint8Array, imports: WebAssembly.Imports = {}): WebAssembly.Exports {
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports;
}

/** Calls an export of a fresh instance, metered or not. */
export function observe(
  bytes: Uint8Array,
  { entry = 'run', args = [5, 77n] as (number | bigint)[], fuel = 10n ** 15n } = {},
): Observation {
  const exports = instantiate(bytes);
  const counter = exports['hm:fuel'] as WebAssembly.Global | undefined;
  if (counter !== undefined) counter.value = fuel;
  let result: unknown;
  try {
    (exports['hm:start'] as unknown as Call | undefined)?.();
    result = (exports[entry] as unknown as Call)(...args);
  } catch (error) {
    result = error instanceof WebAssembly.RuntimeError ? error.message : 'exception';
  }
  const memory = exports['memory'];
  const left = counter === undefined ? fuel : BigInt(counter.value);
  return {
    result,
    memory: memory instanceof WebAssembly.Memory ? new Uint8Array(memory.buffer.slice(0)) : new Uint8Array(),
    globals: ['g0', 'g1'].map((name) => (exports[name] as WebAssembly.Global | undefined)?.value),
    fuel: fuel - left,
    isEmpty: left < 0n,
    count: BigInt((exports['count'] as WebAssembly.Global | undefined)?.value ?? 0),
  };
}
