import { fromUtf8, utf8 } from '@hypermesh/core';
import { EXPORTS, PAGE_FUEL, STATE } from '../profile.ts';
import { ENGINE_EXPORTS, type Engine, STACK_BYTES } from './foreign.ts';
import { commonModule, HOST_MODULE, PRELUDE } from './prelude.ts';
import { Resolver } from './resolve.ts';
import { EngineAbort, engineImports, textAt } from './surroundings.ts';

/** Kinds of a value on its way in or out: nothing, text, bytes, JSON; and a failure of the host. */
export const KIND = { nothing: 0, text: 1, bytes: 2, json: 3, failure: 255 } as const;

/** A value as its kind and bytes. */
export interface Packed {
  readonly kind: number;
  readonly bytes: Uint8Array;
}

/** What came of a step: a value, an error of the program's own, or an answer that never comes. */
export type Taken =
  | { readonly status: 'ok'; readonly value: Packed }
  | { readonly status: 'failed'; readonly text: string }
  | { readonly status: 'pending' };

/** Why a program is stopped, whatever it would do. */
export class Stopped extends Error {
  readonly reason: 'memory' | 'denied';

  constructor(reason: 'memory' | 'denied', detail: string) {
    super(detail);
    this.reason = reason;
  }
}

export interface VmOptions {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly memoryPages: number;
  readonly clockMs: number | undefined;
  readonly randomSeed: Uint8Array | undefined;
  log(line: Uint8Array): void;
  /** Answers a call of the guest; undefined where the name was not granted. */
  callHost(name: string, value: Packed): Packed | undefined;
}

const PAGE = 65_536;
const MODULE = 1;
const DENIED = 'hm:denied/';
const OUTSIDE = 'hm:main';
/** Fuel that the host takes for a byte that it moves or reads for the program, as a shift, and for each call. */
const BYTES_SHIFT = 3;
const CALL_FUEL = 2_000;
const NAME = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;

/** One QuickJS in one instance of the metered engine. After anything is thrown out of it, it is of no more use. */
export class Vm {
  readonly #options: VmOptions;
  readonly #resolver: Resolver;
  readonly #exports: WebAssembly.Exports;
  readonly #engine: Engine;
  #runtime = 0;
  #context = 0;
  #invoke = 0;
  #hasRefusedMemory = false;
  /** The last thing that was kept from the program, as it was told. */
  #denial: string | undefined;

  constructor(module: WebAssembly.Module, fuel: bigint, options: VmOptions) {
    this.#options = options;
    this.#resolver = new Resolver(options.files);
    const imports = engineImports({
      clockMs: options.clockMs ?? 0,
      memory: () => this.memory,
      grow: (size) => this.#grow(size),
      callHost: (_context, _self, count, values, id) => this.#native(count, values, id),
      loadModule: (name) => this.#load(name),
      normalizeModule: (base, name) => this.#normalize(base, name),
    });
    this.#exports = new WebAssembly.Instance(module, imports).exports;
    this.#engine = Object.fromEntries(
      Object.entries(ENGINE_EXPORTS).map(([name, short]) => [name, this.#exports[short]]),
    ) as unknown as Engine;
    this.fuelLeft = fuel;
  }

  get memory(): WebAssembly.Memory {
    return this.#exports['memory'] as WebAssembly.Memory;
  }

  get memoryPages(): number {
    return this.memory.buffer.byteLength / PAGE;
  }

  get fuelLeft(): bigint {
    return BigInt((this.#exports[EXPORTS.fuel] as WebAssembly.Global).value);
  }

  set fuelLeft(fuel: bigint) {
    (this.#exports[EXPORTS.fuel] as WebAssembly.Global).value = fuel;
  }

  get hasRefusedMemory(): boolean {
    return this.#hasRefusedMemory;
  }

  get isStackExceeded(): boolean {
    return (Number((this.#exports[EXPORTS.state] as WebAssembly.Global).value) & STATE.stackExceeded) !== 0;
  }

  /** Whether a failure is what the program was told when something was kept from it. */
  isDenial(text: string): boolean {
    return this.#denial !== undefined && text.includes(this.#denial);
  }

  /** Makes the engine, runs the prelude and loads the entry with all that it imports. */
  start(entry: string): Taken {
    const engine = this.#engine;
    engine.initialize();
    this.#runtime = this.#some(engine.newRuntime());
    engine.setMaxStackSize(this.#runtime, STACK_BYTES);
    this.#context = this.#some(engine.newContext(this.#runtime, 0));
    engine.enableModuleLoader(this.#runtime, 1);
    const { clockMs, randomSeed } = this.#options;
    const native = engine.newFunction(this.#context, this.#text('native'), 3, 0, 1);
    const clock = clockMs === undefined ? engine.getUndefined() : engine.newNumber(this.#context, clockMs);
    const seed = randomSeed === undefined ? engine.getUndefined() : this.#buffer(randomSeed);
    const boot = this.#orThrow(this.#evaluate(PRELUDE, 'hm:prelude', 0));
    this.#invoke = this.#orThrow(this.#callValue(boot, [native, clock, seed]));
    const specifier = JSON.stringify(`./${entry}`);
    const main = this.#evaluate(`import * as entry from ${specifier}; export { entry };`, OUTSIDE, MODULE);
    const error = engine.resolveException(this.#context, main);
    if (error !== 0) return { status: 'failed', text: this.#describe(error) };
    this.#callValue(this.#invoke, [this.#number(0), main]);
    this.#drain();
    return this.#take(3);
  }

  /** Calls an export, by a path of names, and waits for the promise that it may answer. */
  call(name: string, { kind, bytes }: Packed): Taken {
    const values = [this.#number(1), this.#string(name), this.#number(kind), this.#buffer(bytes)];
    this.#free(this.#orThrow(this.#callValue(this.#invoke, values)));
    for (const value of values) this.#free(value);
    this.#drain();
    return this.#take(2);
  }

  #take(step: number): Taken {
    const number = this.#number(step);
    const answer = this.#orThrow(this.#callValue(this.#invoke, [number]));
    const frame = this.#bytesOf(answer);
    this.#free(answer);
    this.#free(number);
    const bytes = frame.subarray(2);
    if (frame[0] === 0) return { status: 'pending' };
    if (frame[0] === 1) return { status: 'ok', value: { kind: frame[1] ?? 0, bytes } };
    return { status: 'failed', text: new TextDecoder().decode(bytes) };
  }

  #drain(): void {
    const engine = this.#engine;
    const context = this.#some(engine.malloc(4));
    while (engine.isJobPending(this.#runtime) !== 0) {
      const result = engine.executeJobs(this.#runtime, -1, context);
      if (result !== 0) this.#free(result);
    }
    engine.free(context);
  }

  /** Takes fuel for work that the host does; below zero the program ends at its next check. */
  #charge(bytes: number): void {
    this.fuelLeft = this.fuelLeft - BigInt(CALL_FUEL + (bytes >> BYTES_SHIFT));
  }

  #grow(size: number): boolean {
    const before = this.memoryPages;
    const needed = Math.ceil(size / PAGE);
    if (needed > this.#options.memoryPages) {
      this.#hasRefusedMemory = true;
      return false;
    }
    const pages = Math.min(this.#options.memoryPages, Math.max(needed, before + (before >> 2)));
    this.fuelLeft = this.fuelLeft - BigInt((pages - before) * PAGE_FUEL);
    try {
      this.memory.grow(pages - before);
    } catch {
      throw new Stopped('memory', 'the host has no memory left');
    }
    return true;
  }

  #native(count: number, values: number, _id: number): number {
    const engine = this.#engine;
    const at = (index: number) => (index < count ? engine.argument(values, index) : engine.getUndefined());
    const operation = engine.getNumber(this.#context, at(0));
    try {
      switch (operation) {
        case 0: {
          const line = this.#bytesOf(at(1));
          this.#charge(line.length);
          this.#options.log(line);
          return 0;
        }
        case 1:
          return this.#callHost(this.#textOf(at(1)), this.#bytesOf(at(2)));
        case 2:
          return this.#string(this.#required(this.#textOf(at(1)), this.#textOf(at(2))));
        case 3: {
          const path = this.#textOf(at(1));
          const source = this.#sourceOf(path);
          const wrapped = `(function (exports, require, module, __filename, __dirname) {${source}\n})`;
          return this.#evaluate(wrapped, path, 0);
        }
        case 4:
          return this.#string(this.#sourceOf(this.#textOf(at(1))));
        case 5:
          return this.#buffer(this.#textBytes(at(1)));
        case 6: {
          const bytes = this.#bytesOf(at(1));
          this.#charge(bytes.length);
          const text = fromUtf8(bytes);
          return text.ok && !bytes.includes(0) ? this.#string(text.text) : 0;
        }
        default:
          return 0;
      }
    } catch (error) {
      if (error instanceof GuestError) return this.#throw(error.message);
      throw error;
    }
  }

  #callHost(name: string, frame: Uint8Array): number {
    this.#charge(frame.length);
    const answer = this.#options.callHost(name, { kind: frame[0] ?? 0, bytes: frame.subarray(1) });
    if (answer === undefined) this.#deny(`${JSON.stringify(name.slice(0, 200))} was not granted`);
    const { kind, bytes } = answer as Packed;
    this.#charge(bytes.length);
    const framed = new Uint8Array(1 + bytes.length);
    framed[0] = kind;
    framed.set(bytes, 1);
    return this.#buffer(framed);
  }

  /** Tells the program that something is kept from it, and keeps what was told. */
  #deny(detail: string): never {
    this.#denial = `denied: ${detail}`;
    throw new GuestError(this.#denial);
  }

  #required(base: string, specifier: string): string {
    this.#charge(1_024);
    const found = this.#resolver.resolve(base, specifier, 'require');
    if (!found.ok) this.#deny(found.detail);
    if (found.format === 'module') throw new GuestError(`${found.path} is an ES module; import it instead`);
    return found.path;
  }

  #normalize(base: string, specifier: string): number {
    this.#charge(1_024);
    if (specifier === 'hm:host') return this.#text(specifier);
    const found = this.#resolver.resolve(base === OUTSIDE ? '' : base, specifier, 'import');
    return this.#text(found.ok ? found.path : `${DENIED}${found.detail}`);
  }

  /** Source of a module for the engine, in memory that the engine frees; 0 where an error was thrown instead. */
  #load(name: string): number {
    try {
      if (name.startsWith(DENIED)) this.#deny(name.slice(DENIED.length));
      return this.#text(name === 'hm:host' ? HOST_MODULE : this.#moduleSource(name));
    } catch (error) {
      if (!(error instanceof GuestError)) throw error;
      this.#free(this.#throw(error.message));
      return 0;
    }
  }

  #moduleSource(path: string): string {
    const found = this.#resolver.resolve('', `./${path}`, 'import');
    const format = found.ok ? found.format : 'module';
    if (format === 'json') return `export default JSON.parse(${JSON.stringify(this.#sourceOf(path))});`;
    if (format === 'module') return this.#sourceOf(path);
    const values = [this.#number(4), this.#string(path)];
    const answer = this.#callValue(this.#invoke, values);
    const error = this.#engine.resolveException(this.#context, answer);
    // The stand-in loads it again and throws the same, where the program can catch it.
    if (error !== 0) return commonModule(path, []);
    const names: unknown = JSON.parse(new TextDecoder().decode(this.#bytesOf(answer).subarray(2)));
    this.#free(answer);
    const usable = (Array.isArray(names) ? names : []).filter(
      (each): each is string => typeof each === 'string' && each !== 'default' && NAME.test(each),
    );
    return commonModule(path, usable);
  }

  #sourceOf(path: string): string {
    const bytes = this.#options.files.get(path);
    if (bytes === undefined) return this.#deny(`${JSON.stringify(path)} is not among the files`);
    this.#charge(bytes.length);
    const text = fromUtf8(bytes);
    if (!text.ok || bytes.includes(0)) throw new GuestError(`${path} is not UTF-8 text`);
    return text.text.startsWith('#!') ? `//${text.text}` : text.text;
  }

  #describe(error: number): string {
    const pointer = this.#engine.getString(this.#context, error);
    if (pointer === 0) return 'something was thrown that cannot be shown';
    return textAt(this.memory, pointer).slice(0, 4_000);
  }

  #throw(message: string): number {
    const engine = this.#engine;
    const error = this.#some(engine.newError(this.#context));
    const [name, text] = [this.#string('message'), this.#string(message)];
    engine.setProperty(this.#context, error, name, text);
    const thrown = engine.throwValue(this.#context, error);
    for (const value of [error, name, text]) this.#free(value);
    return thrown;
  }

  #evaluate(code: string, file: string, flags: number): number {
    const bytes = utf8(code);
    const [source, name] = [this.#place(bytes), this.#text(file)];
    const value = this.#engine.evaluate(this.#context, source, bytes.length, name, 0, flags);
    this.#engine.free(source);
    this.#engine.free(name);
    return this.#some(value);
  }

  #callValue(callee: number, values: readonly number[]): number {
    const engine = this.#engine;
    const list = this.#some(engine.malloc(4 * Math.max(1, values.length)));
    new Uint32Array(this.memory.buffer, list, values.length).set(values);
    const result = engine.call(this.#context, callee, engine.getUndefined(), values.length, list);
    engine.free(list);
    return this.#some(result);
  }

  /** A value, or the end where the engine threw at a place where the program's code does not run. */
  #orThrow(value: number): number {
    const error = this.#engine.resolveException(this.#context, value);
    if (error !== 0) throw new EngineAbort(this.#describe(error));
    return value;
  }

  #free(value: number): void {
    this.#engine.freeValue(this.#context, value);
  }

  /** A pointer that the engine allocated; it gives 0 where its memory is used up. */
  #some(pointer: number): number {
    if (pointer === 0) throw new Stopped('memory', 'the memory is used up');
    return pointer;
  }

  /** Bytes in the engine's memory with a zero behind them, to be freed by the engine or with `free`. */
  #place(bytes: Uint8Array): number {
    const pointer = this.#some(this.#engine.malloc(bytes.length + 1));
    const memory = new Uint8Array(this.memory.buffer);
    memory.set(bytes, pointer >>> 0);
    memory[(pointer >>> 0) + bytes.length] = 0;
    return pointer;
  }

  #text(text: string): number {
    return this.#place(utf8(text));
  }

  #string(text: string): number {
    const bytes = this.#text(text);
    const value = this.#engine.newString(this.#context, bytes);
    this.#engine.free(bytes);
    return this.#some(value);
  }

  #number(value: number): number {
    return this.#some(this.#engine.newNumber(this.#context, value));
  }

  #buffer(bytes: Uint8Array): number {
    return this.#some(this.#engine.newArrayBuffer(this.#context, this.#place(bytes), bytes.length));
  }

  #textOf(value: number): string {
    const pointer = this.#engine.getString(this.#context, value);
    if (pointer === 0) throw new GuestError('not a text');
    const text = textAt(this.memory, pointer);
    this.#engine.freeString(this.#context, pointer);
    this.#charge(text.length);
    return text;
  }

  /** UTF-8 of a text without zeros, as the engine makes it. */
  #textBytes(value: number): Uint8Array {
    const pointer = this.#engine.getString(this.#context, value);
    if (pointer === 0) throw new GuestError('not a text');
    const memory = new Uint8Array(this.memory.buffer);
    const bytes = memory.slice(pointer >>> 0, memory.indexOf(0, pointer >>> 0));
    this.#engine.freeString(this.#context, pointer);
    this.#charge(bytes.length);
    return bytes;
  }

  #bytesOf(value: number): Uint8Array {
    const length = this.#engine.getBytesLength(this.#context, value);
    if (length === 0) return new Uint8Array();
    const pointer = this.#engine.getBytes(this.#context, value);
    if (pointer === 0) throw new GuestError('not an ArrayBuffer, or no memory for its copy');
    const bytes = new Uint8Array(this.memory.buffer, pointer >>> 0, length).slice();
    this.#engine.free(pointer);
    return bytes;
  }
}

/** What a program is told by an error that it can catch. */
class GuestError extends Error {}
