/**
 * Where time comes from. `nowMs` is Unix time in milliseconds and may jump; `monotonicMs` only grows and has no
 * meaning between processes.
 */
export interface Clock {
  nowMs(): number;
  monotonicMs(): number;
  /** Runs `task` once after `delayMs`; the returned function cancels it and may be called at any time. */
  schedule(delayMs: number, task: () => void): () => void;
}

/** A source of random bytes. Keys, nonces and challenges need a cryptographic one; a seeded one is for tests. */
export interface Random {
  bytes(length: number): Uint8Array;
}

/** Fields of a log line: plain JSON, without secrets. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Structured log. Never throws, never blocks; `event` is a short constant, data goes into `fields`. */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

/** Counters and distributions, named `package_thing_unit`. Never throws; labels are few and of bounded variety. */
export interface Metrics {
  count(name: string, value?: number, labels?: Readonly<Record<string, string>>): void;
  observe(name: string, value: number, labels?: Readonly<Record<string, string>>): void;
}

/** Something with a life: `start` resolves when it serves, `stop` when it holds nothing any more. Both idempotent. */
export interface Startable {
  start(): Promise<void>;
  stop(): Promise<void>;
}
