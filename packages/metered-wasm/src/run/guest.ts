import { cidOf, encodeCanonical, utf8 } from '@hypermesh/core';
import { EXPORTS, STATE } from '../profile.ts';
import { type GuestFailure, type Job, type Outcome, type Scalar, scalarsToCanonical } from './job.ts';

const LOG_LINES = 256;
const LOG_BYTES = 65_536;
const PAGE = 65_536;

/** The guest broke the ABI, or asked for what it may not have. */
export class Broken extends Error {
  readonly reason: GuestFailure;

  constructor(reason: GuestFailure, detail: string) {
    super(detail);
    this.reason = reason;
  }
}

/** Collects what the guest logs, within bounds; what is beyond them is dropped. */
export class BoundedLog {
  readonly lines: string[] = [];
  #bytes = 0;

  write(memory: WebAssembly.Memory | undefined, pointer: number, length: number): void {
    const from = pointer >>> 0;
    const size = Math.min(length >>> 0, LOG_BYTES - this.#bytes);
    if (memory === undefined || this.lines.length >= LOG_LINES || size <= 0) return;
    if (from + size > memory.buffer.byteLength) return;
    this.#bytes += size;
    this.lines.push(new TextDecoder().decode(new Uint8Array(memory.buffer, from, size)));
  }
}

type GuestFunction = (...args: Scalar[]) => Scalar | readonly Scalar[] | undefined;

/** What a host does with an instance of a checked module. */
export class Guest {
  readonly #exports: WebAssembly.Exports;
  readonly #job: Job;

  constructor(exports: WebAssembly.Exports, job: Job) {
    this.#exports = exports;
    this.#job = job;
  }

  get memory(): WebAssembly.Memory | undefined {
    const { memory } = this.#exports;
    return memory instanceof WebAssembly.Memory ? memory : undefined;
  }

  get memoryPages(): number {
    return (this.memory?.buffer.byteLength ?? 0) / PAGE;
  }

  #counter(name: string): WebAssembly.Global {
    const counter = this.#exports[name];
    if (!(counter instanceof WebAssembly.Global)) throw new Broken('denied', `no ${name}`);
    return counter;
  }

  get fuelLeft(): bigint {
    return BigInt(this.#counter(EXPORTS.fuel).value);
  }

  get state(): number {
    return Number(this.#counter(EXPORTS.state).value);
  }

  /** Gives the job's fuel, and forgets what was refused before. */
  refuel(): void {
    this.#counter(EXPORTS.fuel).value = this.#job.fuel;
    const state = this.#counter(EXPORTS.state);
    if (state.value !== 0) state.value = 0;
  }

  start(): void {
    this.refuel();
    if (this.#exports[EXPORTS.start] !== undefined) this.#function(EXPORTS.start)();
  }

  #function(name: string): GuestFunction {
    const found = this.#exports[name];
    if (typeof found !== 'function') throw new Broken('denied', `the module exports no function ${name}`);
    return found as unknown as GuestFunction;
  }

  /** Bytes of the guest's memory, refused where the guest points outside. */
  #bytes(pointer: number, length: number, what: string): Uint8Array {
    const buffer = this.memory?.buffer;
    if (buffer === undefined) throw new Broken('denied', 'the module exports no memory');
    if (pointer + length > buffer.byteLength) throw new Broken('trap', `${what} points outside the memory`);
    return new Uint8Array(buffer, pointer, length);
  }

  #place(bytes: Uint8Array): number {
    const pointer = Number(this.#function('hm_alloc')(bytes.length)) >>> 0;
    this.#bytes(pointer, bytes.length, 'hm_alloc').set(bytes);
    return pointer;
  }

  callAbi(op: string, input: Uint8Array): Uint8Array {
    const version = this.#function('hm_abi')();
    if (version !== 1) throw new Broken('denied', `guest ABI ${String(version)}, not 1`);
    const name = utf8(op);
    const opPointer = this.#place(name);
    const inputPointer = this.#place(input);
    const answer = this.#function('hm_call')(opPointer, name.length, inputPointer, input.length);
    const packed = BigInt.asUintN(64, answer as bigint);
    const length = Number(packed & 0xffff_ffffn);
    if (length > this.#job.maxOutputBytes) throw new Broken('memory', `output of ${length} bytes`);
    return this.#bytes(Number(packed >> 32n), length, 'hm_call').slice();
  }

  callExport(entry: string, args: readonly Scalar[]): readonly Scalar[] {
    const answer = this.#function(entry)(...args.map((each) => (Number.isNaN(each) ? Number.NaN : each)));
    if (answer === undefined) return [];
    return Array.isArray(answer) ? answer : [answer as Scalar];
  }
}

/** Why the engine stopped the guest, in the order in which the causes hide each other. */
export function classify(error: unknown, guest: Guest | undefined): { reason: GuestFailure; detail: string } {
  const message = error instanceof Error ? error.message : 'the guest threw';
  if (error instanceof Broken) return { reason: error.reason, detail: message };
  if (guest === undefined) {
    const isAllocation = error instanceof RangeError;
    return { reason: isAllocation ? 'memory' : 'trap', detail: message };
  }
  const { state } = guest;
  if ((state & STATE.hostMemoryExhausted) !== 0)
    return { reason: 'memory', detail: 'the host has no memory left' };
  if ((state & STATE.stackExceeded) !== 0) return { reason: 'trap', detail: 'stack exhausted' };
  if ((state & (STATE.memoryRefused | STATE.tableRefused)) !== 0) {
    return { reason: 'memory', detail: `growth was refused, then: ${message}` };
  }
  return { reason: 'trap', detail: message };
}

/** Runs one job in a fresh instance of a checked module, on the calling thread, to its end. Never throws. */
export function runGuest(module: WebAssembly.Module, job: Job): Outcome {
  const log = new BoundedLog();
  let guest: Guest | undefined;
  const spent = () => {
    const left = guest?.fuelLeft ?? job.fuel;
    return left < 0n ? job.fuel : job.fuel - left;
  };
  const outOfFuel = (): Outcome => ({
    ok: false,
    reason: 'out-of-fuel',
    detail: `more than ${job.fuel} fuel`,
    fuelUsed: job.fuel,
    log: log.lines,
  });
  try {
    const imports = { hm: { log: (at: number, length: number) => log.write(guest?.memory, at, length) } };
    guest = new Guest(new WebAssembly.Instance(module, imports).exports, job);
    guest.start();
    const { call } = job;
    const results = call.kind === 'export' ? guest.callExport(call.entry, call.args) : [];
    const output =
      call.kind === 'abi' ? guest.callAbi(call.op, call.input) : encodeCanonical(scalarsToCanonical(results));
    if (guest.fuelLeft < 0n) return outOfFuel();
    const input = call.kind === 'abi' ? call.input : encodeCanonical(scalarsToCanonical(call.args));
    const cids = { input: cidOf(input, 'raw'), output: cidOf(output, 'raw') };
    const { memoryPages } = guest;
    return { ok: true, output, results, cids, fuelUsed: spent(), memoryPages, log: log.lines };
  } catch (error) {
    if (
      guest !== undefined &&
      !(error instanceof Broken && error.reason === 'denied') &&
      guest.fuelLeft < 0n
    ) {
      return outOfFuel();
    }
    return { ok: false, ...classify(error, guest), fuelUsed: spent(), log: log.lines };
  }
}
