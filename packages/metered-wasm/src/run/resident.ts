import { BoundedLog, Broken, classify, Guest } from './guest.ts';
import type { GuestFailure, Job } from './job.ts';

/** How a call of a kept instance ended. */
export type ResidentOutcome =
  | {
      readonly ok: true;
      readonly output: Uint8Array;
      readonly fuelUsed: bigint;
      readonly memoryPages: number;
      readonly log: readonly string[];
    }
  | {
      readonly ok: false;
      readonly reason: GuestFailure;
      readonly detail: string;
      readonly fuelUsed: bigint;
      readonly log: readonly string[];
    };

/** Pages that an instance may grow beyond its first call before the next one gets a fresh one. */
const GROWN_PAGES = 64;

/** One instance of a checked module that is kept between calls for as long as they end well and it does not swell. */
export class Resident {
  readonly #module: WebAssembly.Module;
  #exports: WebAssembly.Exports | undefined;
  #firstPages = 0;
  #log = new BoundedLog();
  #guest: Guest | undefined;

  constructor(module: WebAssembly.Module) {
    this.#module = module;
  }

  /** Makes one call; never throws. */
  call(job: Job & { readonly call: { readonly kind: 'abi' } }): ResidentOutcome {
    const log = new BoundedLog();
    this.#log = log;
    const spent = () => {
      const left = this.#guest?.fuelLeft ?? job.fuel;
      return left < 0n ? job.fuel : job.fuel - left;
    };
    const isSpent = () => this.#guest !== undefined && this.#guest.fuelLeft < 0n;
    const outOfFuel = (): ResidentOutcome => {
      this.#exports = undefined;
      const detail = `more than ${job.fuel} fuel`;
      return { ok: false, reason: 'out-of-fuel', detail, fuelUsed: job.fuel, log: log.lines };
    };
    this.#guest = undefined;
    try {
      const isFresh = this.#exports === undefined;
      this.#exports ??= this.#instantiate();
      const guest = new Guest(this.#exports, job);
      this.#guest = guest;
      if (isFresh) guest.start();
      else guest.refuel();
      const output = guest.callAbi(job.call.op, job.call.input);
      if (isSpent()) return outOfFuel();
      const { memoryPages } = guest;
      const fuelUsed = spent();
      if (isFresh) this.#firstPages = memoryPages;
      if (memoryPages > this.#firstPages + GROWN_PAGES) this.#exports = undefined;
      return { ok: true, output, fuelUsed, memoryPages, log: log.lines };
    } catch (error) {
      if (isSpent() && !(error instanceof Broken && error.reason === 'denied')) return outOfFuel();
      this.#exports = undefined;
      return { ok: false, ...classify(error, this.#guest), fuelUsed: spent(), log: log.lines };
    }
  }

  #instantiate(): WebAssembly.Exports {
    const log = (at: number, length: number) => this.#log.write(this.#guest?.memory, at, length);
    return new WebAssembly.Instance(this.#module, { hm: { log } }).exports;
  }
}
