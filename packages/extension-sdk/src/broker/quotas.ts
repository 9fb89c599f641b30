import type { Clock } from '@hypermesh/core';
import { ExtensionError } from '../errors.ts';
import type { ResourceAmounts, SandboxPolicy } from '../manifest/model.ts';

/** What an extension may use. Every amount is the smaller of the operator's and the manifest's. */
export interface Limits {
  /** Hundredths of a percent of one core, over ten seconds. */
  readonly cpuBp: number;
  readonly memoryBytes: number;
  readonly storageBytes: number;
  readonly networkBps: number;
  /** Calls at once, waiting ones included. */
  readonly concurrency: number;
  /** Calls a second of all clients together. */
  readonly callsPerSecond: number;
  /** Calls to capabilities that one call may make. */
  readonly hostCalls: number;
  readonly deadlineMs: number;
}

/** The seeds' defaults: 25 % of a core, 1 GiB, 10 GiB, 100 MB/s, 100 operations at once. */
export const defaultQuotas: Limits = {
  cpuBp: 2_500,
  memoryBytes: 2 ** 30,
  storageBytes: 10 * 2 ** 30,
  networkBps: 800_000_000,
  concurrency: 100,
  callsPerSecond: 1_000,
  hostCalls: 256,
  deadlineMs: 10_000,
};

/**
 * How a limit is kept: `hard` cannot be passed, `reactive` is noticed and answered after the fact, `advisory` is
 * written down and held by nobody.
 */
export type Enforcement = 'hard' | 'reactive' | 'advisory';

/** One limit of an extension, who keeps it, and what is used of it where that is known. */
export interface QuotaReport {
  readonly quota:
    | 'cpu'
    | 'memory'
    | 'storage'
    | 'network'
    | 'concurrency'
    | 'calls'
    | 'host-calls'
    | 'deadline';
  readonly limit: number;
  readonly unit: string;
  readonly enforcement: Enforcement;
  readonly by: string;
  readonly used?: number;
}

/** What a capability's object charges: throws `extension/quota` where the quota does not allow it. */
export interface QuotaMeter {
  /** Before bytes are stored. */
  reserveStorage(bytes: number): void;
  releaseStorage(bytes: number): void;
  /** Before bytes are sent or asked for; the bucket holds one second. */
  takeNetwork(bytes: number): void;
}

/** Units of metered fuel that stand for one second of one core. */
export const FUEL_PER_CORE_SECOND = 1_000_000_000n;
const WINDOW_SECONDS = 10;

/** The limits of an extension. */
export function limitsOf(ceiling: Partial<Limits>, asked: ResourceAmounts): Limits {
  const most = { ...defaultQuotas, ...ceiling };
  const least = (name: keyof ResourceAmounts) => Math.min(most[name], asked[name] ?? most[name]);
  return {
    ...most,
    cpuBp: least('cpuBp'),
    memoryBytes: least('memoryBytes'),
    storageBytes: least('storageBytes'),
    networkBps: least('networkBps'),
  };
}

/** The accounts of one extension. */
export class Quotas implements QuotaMeter {
  readonly limits: Limits;
  readonly #extension: string;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #storage = 0;
  #networkTokens: number;
  #fuelTokens: number;
  #atMs: number;

  constructor(extension: string, limits: Limits, clock: Pick<Clock, 'monotonicMs'>) {
    this.#extension = extension;
    this.limits = limits;
    this.#clock = clock;
    this.#networkTokens = limits.networkBps / 8;
    this.#fuelTokens = this.#fuelRate * WINDOW_SECONDS;
    this.#atMs = clock.monotonicMs();
  }

  get #fuelRate(): number {
    return (Number(FUEL_PER_CORE_SECOND) * this.limits.cpuBp) / 10_000;
  }

  #refill(): void {
    const nowMs = this.#clock.monotonicMs();
    const seconds = (nowMs - this.#atMs) / 1000;
    this.#atMs = nowMs;
    const bytesPerSecond = this.limits.networkBps / 8;
    this.#networkTokens = Math.min(bytesPerSecond, this.#networkTokens + seconds * bytesPerSecond);
    this.#fuelTokens = Math.min(this.#fuelRate * WINDOW_SECONDS, this.#fuelTokens + seconds * this.#fuelRate);
  }

  #exceeded(quota: string, limit: number): ExtensionError {
    return new ExtensionError({ code: 'extension/quota', extension: this.#extension, quota, limit });
  }

  reserveStorage(bytes: number): void {
    const { storageBytes } = this.limits;
    if (!(bytes >= 0) || this.#storage + bytes > storageBytes) throw this.#exceeded('storage', storageBytes);
    this.#storage += bytes;
  }

  releaseStorage(bytes: number): void {
    // Not a number, or below zero: nothing was stored that could be let go.
    if (bytes > 0) this.#storage = Math.max(0, this.#storage - bytes);
  }

  takeNetwork(bytes: number): void {
    this.#refill();
    if (!(bytes >= 0) || bytes > this.#networkTokens) throw this.#exceeded('network', this.limits.networkBps);
    this.#networkTokens -= bytes;
  }

  /** Fuel that a call may spend now; 0 where the share of the core is used up. */
  fuelLeft(): bigint {
    this.#refill();
    return BigInt(Math.max(0, Math.floor(this.#fuelTokens)));
  }

  /** Charges a run: its fuel where that is known, and the time it had a core where it had to be ended. */
  spendFuel(fuel: bigint | undefined, elapsedMs: number): void {
    this.#fuelTokens -= fuel === undefined ? (elapsedMs / 1000) * Number(FUEL_PER_CORE_SECOND) : Number(fuel);
  }

  /** Milliseconds until a tenth of a second's share is there again. */
  fuelWaitMs(): number {
    const wanted = this.#fuelRate / 10;
    return Math.max(1, Math.ceil(((wanted - this.#fuelTokens) / this.#fuelRate) * 1000));
  }

  /** Every limit with who keeps it in this sandbox. `uncharged` names what a granted capability does not charge for. */
  report(
    sandbox: SandboxPolicy,
    now: {
      readonly running: number;
      /** Where it is known. */
      readonly memoryBytes: number | undefined;
      readonly calls: number;
      readonly uncharged: ReadonlySet<'storage' | 'network'>;
    },
  ): QuotaReport[] {
    const { limits } = this;
    const { running, memoryBytes, calls, uncharged } = now;
    this.#refill();
    const fuelRate = this.#fuelRate;
    const cpuUsed = Math.min(
      limits.cpuBp,
      Math.round(limits.cpuBp * (1 - this.#fuelTokens / (fuelRate * WINDOW_SECONDS))),
    );
    const networkUsed = Math.round(limits.networkBps - this.#networkTokens * 8);
    const isStrict = sandbox === 'strict';
    const inProcess = 'runs in the process of the host, which does not measure it';
    const charged = (name: 'storage' | 'network'): Pick<QuotaReport, 'enforcement' | 'by'> => {
      if (!isStrict) return { enforcement: 'advisory', by: inProcess };
      if (uncharged.has(name))
        return { enforcement: 'advisory', by: 'a granted capability does not charge for it' };
      return { enforcement: 'hard', by: 'the capabilities, the only way there' };
    };
    return [
      {
        quota: 'cpu',
        limit: limits.cpuBp,
        unit: 'bp of a core over 10 s, as fuel',
        ...(isStrict
          ? { enforcement: 'hard', by: `fuel, ${FUEL_PER_CORE_SECOND} a core and second`, used: cpuUsed }
          : { enforcement: 'advisory', by: inProcess }),
      },
      {
        quota: 'memory',
        limit: limits.memoryBytes,
        unit: 'bytes of an instance',
        ...(isStrict
          ? {
              enforcement: 'hard',
              by: 'the maximum of its memory',
              ...(memoryBytes === undefined ? {} : { used: memoryBytes }),
            }
          : { enforcement: 'advisory', by: inProcess }),
      },
      {
        quota: 'storage',
        limit: limits.storageBytes,
        unit: 'bytes',
        ...charged('storage'),
        used: this.#storage,
      },
      {
        quota: 'network',
        limit: limits.networkBps,
        unit: 'bit/s',
        ...charged('network'),
        ...(isStrict && !uncharged.has('network') ? { used: networkUsed } : {}),
      },
      {
        quota: 'concurrency',
        limit: limits.concurrency,
        unit: 'calls',
        enforcement: 'hard',
        by: 'the broker',
        used: running,
      },
      {
        quota: 'calls',
        limit: limits.callsPerSecond,
        unit: 'calls/s',
        enforcement: 'hard',
        by: 'the broker',
        used: calls,
      },
      {
        quota: 'host-calls',
        limit: limits.hostCalls,
        unit: 'calls a call',
        enforcement: 'hard',
        by: 'the broker',
      },
      {
        quota: 'deadline',
        limit: limits.deadlineMs,
        unit: 'ms',
        ...(isStrict
          ? { enforcement: 'hard', by: 'the run is ended' }
          : { enforcement: 'reactive', by: 'the caller is answered; what runs is asked to stop' }),
      },
    ];
  }
}
