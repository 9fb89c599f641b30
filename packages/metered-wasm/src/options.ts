import { MeteredWasmError } from './errors.ts';
import { STACK_UNITS } from './profile.ts';

/** Bounds that metering writes into a module and that the check demands of it. */
export interface MeterOptions {
  /** Cap of the memory in pages of 64 KiB, at most 65,536; 1,024 (64 MiB) by default. */
  readonly memoryMaxPages?: number;
  /** Cap of each table in elements, at most 10,000,000; 65,536 by default. */
  readonly tableMax?: number;
  /** Functions that may be imported, as `module.name`; only `hm.log` by default. */
  readonly allowImports?: readonly string[];
  /**
   * Units of stack of a run, at most 4,194,304 and 262,144 by default; a unit is eight bytes of an unoptimized frame. A run
   * with more than the default needs a thread with as many times the default's stack.
   */
  readonly stackUnits?: number;
  /** Largest module in bytes; 8 MiB by default. Metering holds up to sixteen times as much meanwhile. */
  readonly maxBytes?: number;
}

export type Limits = Required<MeterOptions>;

/** Imports of the guest ABI that a run serves. */
export const ABI_IMPORTS: readonly string[] = ['hm.log'];

function integerUpTo(max: number, option: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 0 && value <= max) return value;
  throw new MeteredWasmError(
    { code: 'metered-wasm/bad-argument', argument: option, expected: `an integer from 0 to ${max}` },
    `${option} must be an integer from 0 to ${max}, not ${value}`,
  );
}

/** Fills in the defaults; a number out of range is a mistake of the caller. */
export function resolveLimits(options: MeterOptions): Limits {
  return {
    memoryMaxPages: integerUpTo(65_536, 'memoryMaxPages', options.memoryMaxPages ?? 1_024),
    tableMax: integerUpTo(10_000_000, 'tableMax', options.tableMax ?? 65_536),
    allowImports: options.allowImports ?? ABI_IMPORTS,
    stackUnits: integerUpTo(2 ** 22, 'stackUnits', options.stackUnits ?? STACK_UNITS),
    maxBytes: integerUpTo(2 ** 30, 'maxBytes', options.maxBytes ?? 2 ** 23),
  };
}
