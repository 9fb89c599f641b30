import { fromUtf8 } from '@hypermesh/core';
import { EXPORTS, PAGE_FUEL, STATE } from '../profile.ts';
import { ENGINE_EXPORTS, type Engine, STACK_BYTES } from './foreign.ts';
import { commonModule, HOST_MODULE, PRELUDE } from './prelude.ts';
import { Resolver } from './resolve.ts';
import { engineImports, MAX_TEXT_BYTES } from './surroundings.ts';
import { EngineValues, GuestError, Stopped } from './values.ts';

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

/** What a program is and may use, and where its log and its calls go. `callHost` is undefined for a name not granted. */
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
/**
 * Largest file that is loaded, and largest text that the host reads for a program, bytes. What the host makes of it lies
 * in the worker's heap, and a heap that runs full in one step ends the whole process.
 */
const MAX_HOST_TEXT_BYTES = 2 ** 24;
/** Largest list of a CommonJS file's exports that is read, bytes; a longer one gives the default export alone. */
const MAX_NAMES_BYTES = 2 ** 20;
const NAME = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;

/** One QuickJS in one instance of the metered engine. After anything is thrown out of it, it is of no more use. */
export class Vm {
  readonly #options: VmOptions;
  readonly #resolver: Resolver;
  readonly #exports: WebAssembly.Exports;
  readonly #engine: Engine;
  readonly #values: EngineValues;
  #runtime = 0;
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
    this.#values = new EngineValues(
      this.#engine,
      () => this.memory,
      (bytes) => this.#charge(bytes),
    );
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
    this.#runtime = this.#values.some(engine.newRuntime());
    engine.setMaxStackSize(this.#runtime, STACK_BYTES);
    this.#values.context = this.#values.some(engine.newContext(this.#runtime, 0));
    engine.enableModuleLoader(this.#runtime, 1);
    const { clockMs, randomSeed } = this.#options;
    const native = engine.newFunction(this.#values.context, this.#values.text('native'), 3, 0, 1);
    const clock =
      clockMs === undefined ? engine.getUndefined() : engine.newNumber(this.#values.context, clockMs);
    const seed = randomSeed === undefined ? engine.getUndefined() : this.#values.buffer(randomSeed);
    const boot = this.#values.orThrow(this.#values.evaluate(PRELUDE, 'hm:prelude', 0));
    this.#invoke = this.#values.orThrow(this.#values.callValue(boot, [native, clock, seed]));
    const specifier = JSON.stringify(`./${entry}`);
    const main = this.#values.evaluate(
      `import * as entry from ${specifier}; export { entry };`,
      OUTSIDE,
      MODULE,
    );
    const error = engine.resolveException(this.#values.context, main);
    if (error !== 0) return { status: 'failed', text: this.#values.describe(error) };
    this.#values.callValue(this.#invoke, [this.#values.number(0), main]);
    this.#drain();
    return this.#take(3);
  }

  /** Calls an export, by a path of names, and waits for the promise that it may answer. */
  call(name: string, { kind, bytes }: Packed): Taken {
    const values = [
      this.#values.number(1),
      this.#values.string(name),
      this.#values.number(kind),
      this.#values.buffer(bytes),
    ];
    this.#values.free(this.#values.orThrow(this.#values.callValue(this.#invoke, values)));
    for (const value of values) this.#values.free(value);
    this.#drain();
    return this.#take(2);
  }

  #take(step: number): Taken {
    const number = this.#values.number(step);
    const answer = this.#values.orThrow(this.#values.callValue(this.#invoke, [number]));
    const frame = this.#values.bytesOf(answer);
    this.#values.free(answer);
    this.#values.free(number);
    const bytes = frame.subarray(2);
    if (frame[0] === 0) return { status: 'pending' };
    if (frame[0] === 1) return { status: 'ok', value: { kind: frame[1] ?? 0, bytes } };
    return { status: 'failed', text: new TextDecoder().decode(bytes.subarray(0, MAX_TEXT_BYTES)) };
  }

  #drain(): void {
    const engine = this.#engine;
    const context = this.#values.some(engine.malloc(4));
    while (engine.isJobPending(this.#runtime) !== 0) {
      const result = engine.executeJobs(this.#runtime, -1, context);
      if (result !== 0) this.#values.free(result);
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
    const operation = engine.getNumber(this.#values.context, at(0));
    try {
      switch (operation) {
        case 0: {
          const line = this.#values.bytesOf(at(1));
          this.#charge(line.length);
          this.#options.log(line);
          return 0;
        }
        case 1:
          return this.#callHost(this.#values.textOf(at(1)), this.#values.bytesOf(at(2)));
        case 2:
          return this.#values.string(this.#required(this.#values.textOf(at(1)), this.#values.textOf(at(2))));
        case 3: {
          const path = this.#values.textOf(at(1));
          const source = this.#sourceOf(path);
          const wrapped = `(function (exports, require, module, __filename, __dirname) {${source}\n})`;
          return this.#values.evaluate(wrapped, path, 0);
        }
        case 4:
          return this.#values.string(this.#sourceOf(this.#values.textOf(at(1))));
        case 5:
          return this.#values.buffer(this.#values.textBytes(at(1)));
        case 6: {
          const bytes = this.#values.bytesOf(at(1));
          this.#charge(bytes.length);
          // The program decodes a longer one itself.
          if (bytes.length > MAX_HOST_TEXT_BYTES) return 0;
          const text = fromUtf8(bytes);
          return text.ok && !bytes.includes(0) ? this.#values.string(text.text) : 0;
        }
        default:
          return 0;
      }
    } catch (error) {
      if (error instanceof GuestError) return this.#values.throwError(error.message);
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
    return this.#values.buffer(framed);
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
    if (specifier === 'hm:host') return this.#values.text(specifier);
    const found = this.#resolver.resolve(base === OUTSIDE ? '' : base, specifier, 'import');
    return this.#values.text(found.ok ? found.path : `${DENIED}${found.detail}`);
  }

  /** Source of a module for the engine, in memory that the engine frees; 0 where an error was thrown instead. */
  #load(name: string): number {
    try {
      if (name.startsWith(DENIED)) this.#deny(name.slice(DENIED.length));
      return this.#values.text(name === 'hm:host' ? HOST_MODULE : this.#moduleSource(name));
    } catch (error) {
      if (!(error instanceof GuestError)) throw error;
      this.#values.free(this.#values.throwError(error.message));
      return 0;
    }
  }

  #moduleSource(path: string): string {
    const found = this.#resolver.resolve('', `./${path}`, 'import');
    const format = found.ok ? found.format : 'module';
    if (format === 'json') return commonModule(path, []);
    if (format === 'module') return this.#sourceOf(path);
    const values = [this.#values.number(4), this.#values.string(path)];
    const answer = this.#values.callValue(this.#invoke, values);
    const error = this.#engine.resolveException(this.#values.context, answer);
    // The stand-in loads it again and throws the same, where the program can catch it.
    if (error !== 0) return commonModule(path, []);
    const list = this.#values.bytesOf(answer).subarray(2);
    this.#values.free(answer);
    if (list.length > MAX_NAMES_BYTES) return commonModule(path, []);
    const names: unknown = JSON.parse(new TextDecoder().decode(list));
    const usable = (Array.isArray(names) ? names : []).filter(
      (each): each is string => typeof each === 'string' && each !== 'default' && NAME.test(each),
    );
    return commonModule(path, usable);
  }

  #sourceOf(path: string): string {
    const bytes = this.#options.files.get(path);
    if (bytes === undefined) return this.#deny(`${JSON.stringify(path)} is not among the files`);
    this.#charge(bytes.length);
    if (bytes.length > MAX_HOST_TEXT_BYTES) {
      throw new GuestError(`${path} has more than ${MAX_HOST_TEXT_BYTES} bytes`);
    }
    const text = fromUtf8(bytes);
    if (!text.ok || bytes.includes(0)) throw new GuestError(`${path} is not UTF-8 text`);
    return text.text.startsWith('#!') ? `//${text.text}` : text.text;
  }
}
