import { utf8 } from '@hypermesh/core';
import type { Engine } from './foreign.ts';
import { EngineAbort, textAt } from './surroundings.ts';

/** What a program is told by an error that it can catch. */
export class GuestError extends Error {}

/** Why a program is stopped, whatever it would do. */
export class Stopped extends Error {
  readonly reason: 'memory' | 'denied';

  constructor(reason: 'memory' | 'denied', detail: string) {
    super(detail);
    this.reason = reason;
  }
}

/** Moves values into the engine and out of it. Pointers are the engine's own; whoever makes a value frees it. */
export class EngineValues {
  readonly #engine: Engine;
  readonly #memory: () => WebAssembly.Memory;
  readonly #charge: (bytes: number) => void;
  /** The engine's context, 0 until there is one. */
  context = 0;

  constructor(engine: Engine, memory: () => WebAssembly.Memory, charge: (bytes: number) => void) {
    this.#engine = engine;
    this.#memory = memory;
    this.#charge = charge;
  }

  /** What an error says of itself. */
  describe(error: number): string {
    const pointer = this.#engine.getString(this.context, error);
    if (pointer === 0) return 'something was thrown that cannot be shown';
    return textAt(this.#memory(), pointer).slice(0, 4_000);
  }

  /** Throws an error of this message into the program; to be handed to the engine. */
  throwError(message: string): number {
    const engine = this.#engine;
    const error = this.some(engine.newError(this.context));
    const [name, text] = [this.string('message'), this.string(message)];
    engine.setProperty(this.context, error, name, text);
    const thrown = engine.throwValue(this.context, error);
    for (const value of [error, name, text]) this.free(value);
    return thrown;
  }

  /** Evaluates source text; a value or an exception. */
  evaluate(code: string, file: string, flags: number): number {
    const bytes = utf8(code);
    const [source, name] = [this.place(bytes), this.text(file)];
    const value = this.#engine.evaluate(this.context, source, bytes.length, name, 0, flags);
    this.#engine.free(source);
    this.#engine.free(name);
    return this.some(value);
  }

  /** Calls a function; a value or an exception. */
  callValue(callee: number, values: readonly number[]): number {
    const engine = this.#engine;
    const list = this.some(engine.malloc(4 * Math.max(1, values.length)));
    new Uint32Array(this.#memory().buffer, list, values.length).set(values);
    const result = engine.call(this.context, callee, engine.getUndefined(), values.length, list);
    engine.free(list);
    return this.some(result);
  }

  /** A value, or the end where the engine threw at a place where the program's code does not run. */
  orThrow(value: number): number {
    const error = this.#engine.resolveException(this.context, value);
    if (error !== 0) throw new EngineAbort(this.describe(error));
    return value;
  }

  /** Gives a value back. */
  free(value: number): void {
    this.#engine.freeValue(this.context, value);
  }

  /** A pointer that the engine allocated; it gives 0 where its memory is used up. */
  some(pointer: number): number {
    if (pointer === 0) throw new Stopped('memory', 'the memory is used up');
    return pointer;
  }

  /** Bytes in the engine's memory with a zero behind them, to be freed by the engine or with `free`. */
  place(bytes: Uint8Array): number {
    const pointer = this.some(this.#engine.malloc(bytes.length + 1));
    const memory = new Uint8Array(this.#memory().buffer);
    memory.set(bytes, pointer >>> 0);
    memory[(pointer >>> 0) + bytes.length] = 0;
    return pointer;
  }

  /** Text of C, to be freed with `free` of the engine. */
  text(text: string): number {
    return this.place(utf8(text));
  }

  string(text: string): number {
    const bytes = this.text(text);
    const value = this.#engine.newString(this.context, bytes);
    this.#engine.free(bytes);
    return this.some(value);
  }

  number(value: number): number {
    return this.some(this.#engine.newNumber(this.context, value));
  }

  buffer(bytes: Uint8Array): number {
    return this.some(this.#engine.newArrayBuffer(this.context, this.place(bytes), bytes.length));
  }

  /** The text of a value, up to its first zero or `MAX_TEXT_BYTES`. */
  textOf(value: number): string {
    const pointer = this.#engine.getString(this.context, value);
    if (pointer === 0) throw new GuestError('not a text');
    const text = textAt(this.#memory(), pointer);
    this.#engine.freeString(this.context, pointer);
    this.#charge(text.length);
    return text;
  }

  /** UTF-8 of a text without zeros, as the engine makes it. */
  textBytes(value: number): Uint8Array {
    const pointer = this.#engine.getString(this.context, value);
    if (pointer === 0) throw new GuestError('not a text');
    const memory = new Uint8Array(this.#memory().buffer);
    const bytes = memory.slice(pointer >>> 0, memory.indexOf(0, pointer >>> 0));
    this.#engine.freeString(this.context, pointer);
    this.#charge(bytes.length);
    return bytes;
  }

  /** A copy of the bytes of an ArrayBuffer. */
  bytesOf(value: number): Uint8Array {
    const length = this.#engine.getBytesLength(this.context, value);
    if (length === 0) return new Uint8Array();
    const pointer = this.#engine.getBytes(this.context, value);
    if (pointer === 0) throw new GuestError('not an ArrayBuffer, or no memory for its copy');
    const bytes = new Uint8Array(this.#memory().buffer, pointer >>> 0, length).slice();
    this.#engine.free(pointer);
    return bytes;
  }
}
