/**
 * Where what must survive a crash is written: a list of records, in order. One caller, one call at a time. A record is
 * durable when `append` resolves, and one that was not is either whole or absent after a crash. When a call rejects,
 * the journal may hold the record or not; its owner must not go on with it.
 */
export interface Journal extends AsyncDisposable {
  /** All records, oldest first. Asked once, before anything is appended. */
  replay(): Promise<readonly Uint8Array[]>;
  append(record: Uint8Array): Promise<void>;
  /** Puts one record in the place of all: after a crash the old ones are there or the new one. */
  replace(record: Uint8Array): Promise<void>;
  readonly sizeBytes: number;
}

/** What a device can do, as this machine sees it. */
export interface Probe {
  /** False where there is no such device, or this program cannot reach it; `detail` then says which. */
  readonly isPresent: boolean;
  readonly detail: string;
  /** Where the numbers come from: the kernel itself, or what Node knows of other systems. */
  readonly source: 'kernel' | 'node';
}

/** A number that was measured several times. */
export interface Measured {
  /** The median. */
  readonly value: number;
  /** Largest less smallest, in basis points of the median. */
  readonly spreadBp: number;
  readonly runs: number;
}

/** How busy a device is: a share in basis points and the quantity behind it, base units of the kind. */
export interface DeviceUsage {
  readonly usedBp: number;
  readonly used: number;
}

/** Whether a device can be lent, and if not why. */
export interface DeviceHealth {
  readonly isHealthy: boolean;
  readonly detail: string;
}

/**
 * One kind of device of this machine. Nothing here is the operator's word: every number is read or measured. `P` are
 * the probed attributes, `M` the measured ones. `probe` and `capacity` cost about a millisecond; `benchmark` keeps to its budget
 * within one repetition (at most twice the budget) and stops early when aborted.
 */
export interface DeviceAdapter<P extends object = object, M extends object = object> {
  readonly kind: string;
  probe(): Promise<Probe & Partial<P>>;
  /** Throws `assets/no-device` where there is none. */
  benchmark(budgetMs: number, signal?: AbortSignal): Promise<M>;
  /** Base units of the kind that exist; 0 where there is no device. */
  capacity(): Promise<number>;
  /** Over the time since the last call, or since the machine started. */
  usage(): Promise<DeviceUsage>;
  health(): Promise<DeviceHealth>;
}
