import type { Worker } from 'node:worker_threads';
import type { Job } from './job.ts';
import type { ResidentOutcome } from './resident.ts';
import type { RunFailure } from './runner.ts';
import { closed, type Workers, workerFailed } from './workers.ts';

/** How a call of a session ended. There is no receipt: what an instance kept from earlier calls is in none. */
export type SessionResult =
  | (ResidentOutcome & { readonly ok: true })
  | {
      readonly ok: false;
      readonly reason: RunFailure;
      readonly detail: string;
      readonly fuelUsed?: bigint;
      readonly log: readonly string[];
    };

/** One call of a session; as a run is asked, without its module. */
export interface SessionCall {
  /** Copied before the call returns. */
  readonly input: Uint8Array;
  readonly op: string;
  readonly fuel: bigint;
  readonly deadlineMs: number;
  readonly maxOutputBytes?: number;
  readonly signal?: AbortSignal | undefined;
}

/** A module that stands in a worker of its own and keeps its instance between calls that end well. */
export interface MeteredSession extends AsyncDisposable {
  /** False once it was closed, its deadline passed, or a call was aborted: its worker is gone. */
  readonly isOpen: boolean;
  /** Calls are made one at a time, in order. Never rejects for what the guest does; rejects when aborted or closed. */
  call(call: SessionCall): Promise<SessionResult>;
}

interface Pending {
  settle(result: SessionResult): void;
  fail(error: unknown): void;
}

/** The host's end of a session, over a worker that it holds until it is closed. */
export class Session implements MeteredSession {
  readonly #workers: Workers;
  readonly #worker: Worker;
  readonly #ended: () => void;
  #pending: Pending | undefined;
  #last: Promise<unknown> | undefined;
  #isOpen = true;
  #isClean = true;
  readonly #onMessage = (outcome: ResidentOutcome) => {
    this.#isClean &&= outcome.ok;
    this.#pending?.settle(outcome);
  };
  readonly #onError = (error: unknown) => {
    const isMemory = (error as { code?: unknown } | null)?.code === 'ERR_WORKER_OUT_OF_MEMORY';
    const detail = 'the worker has no memory left';
    if (isMemory) this.#pending?.settle({ ok: false, reason: 'memory', detail, log: [] });
    else this.#pending?.fail(workerFailed(error));
    void this.#end();
  };
  readonly #onExit = () => {
    this.#pending?.fail(this.#isOpen ? workerFailed(undefined) : closed());
    void this.#end();
  };

  constructor(
    parts: { readonly workers: Workers; readonly worker: Worker; ended(): void },
    module: WebAssembly.Module,
  ) {
    const { workers, worker } = parts;
    this.#workers = workers;
    this.#worker = worker;
    this.#ended = parts.ended;
    worker.on('message', this.#onMessage).on('error', this.#onError).on('exit', this.#onExit);
    worker.postMessage({ keep: module });
    worker.unref();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  call(call: SessionCall): Promise<SessionResult> {
    if (this.#last === undefined) return this.#start(call);
    return this.#follow(this.#last.then(() => this.#make(call)));
  }

  #start(call: SessionCall): Promise<SessionResult> {
    return this.#follow(this.#make(call));
  }

  #follow(turn: Promise<SessionResult>): Promise<SessionResult> {
    const last = turn.then(
      () => undefined,
      () => undefined,
    );
    this.#last = last;
    void last.then(() => {
      if (this.#last === last) this.#last = undefined;
    });
    return turn;
  }

  #make({
    input,
    op,
    fuel,
    deadlineMs,
    maxOutputBytes = 2 ** 26,
    signal,
  }: SessionCall): Promise<SessionResult> {
    if (!this.#isOpen) return Promise.reject(closed());
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    const worker = this.#worker;
    const job: Job = { fuel, maxOutputBytes, call: { kind: 'abi', op, input } };
    return new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        this.#pending = undefined;
        worker.unref();
      };
      this.#pending = {
        settle(result) {
          done();
          resolve(result);
        },
        fail(error) {
          done();
          reject(error as Error);
        },
      };
      const onAbort = () => {
        this.#pending?.fail(signal?.reason);
        void this.#end();
      };
      const timer = setTimeout(() => {
        const detail = `not done after ${deadlineMs} ms`;
        this.#pending?.settle({ ok: false, reason: 'deadline', detail, log: [] });
        void this.#end();
      }, deadlineMs);
      signal?.addEventListener('abort', onAbort, { once: true });
      worker.ref();
      worker.postMessage({ call: job });
    });
  }

  /** The worker serves again where every call ended well, and forgets the instance first; it is ended otherwise. */
  async #end(isClean = false): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#ended();
    const worker = this.#worker;
    worker.off('message', this.#onMessage).off('error', this.#onError).off('exit', this.#onExit);
    if (isClean && !this.#workers.isClosed) {
      worker.postMessage({ forget: true });
      this.#workers.release(worker);
    } else await this.#workers.discard(worker);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const isIdle = this.#pending === undefined;
    this.#pending?.fail(closed());
    await this.#end(isIdle && this.#isClean);
  }
}
