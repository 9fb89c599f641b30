import { utf8 } from '@hypermesh/core';
import { MeteredWasmError } from '../errors.ts';
import { MAX_FUEL } from '../receipt.ts';
import { MAX_MEMORY_PAGES, MIN_MEMORY_PAGES } from './foreign.ts';
import type { ScriptValue } from './value.ts';

/** A program: files by path, relative and with `/`, and the one that is loaded. Files are not copied before a worker does. */
export interface ScriptProgram {
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Path of an ES module or a CommonJS file among `files`. */
  readonly entry: string;
}

/** What a program may use up. */
export interface ScriptLimits {
  readonly fuel: bigint;
  /** Pages of 64 KiB; below `MIN_MEMORY_PAGES` nothing starts. */
  readonly memoryPages: number;
  /** Wall time from the moment when a ready worker takes it. */
  readonly deadlineMs: number;
}

/** A function that a program may call; the program waits for it. Its errors reach the program by their code alone. */
export type HostFunction = (
  input: ScriptValue | undefined,
  signal: AbortSignal,
) => ScriptValue | undefined | Promise<ScriptValue | undefined>;

/** What a program has beside the language; without a grant the thing is absent. */
export interface ScriptGrants {
  /** The instant that `Date` tells, for ever, in ms since 1970. */
  readonly clockMs?: number | undefined;
  /** Seed of `Math.random`, 32 bytes. */
  readonly randomSeed?: Uint8Array | undefined;
  /** Functions that `call` of `hm:host` reaches, by name. */
  readonly host?: Readonly<Record<string, HostFunction>> | undefined;
}

/** One run in a fresh instance. */
export interface ScriptRequest extends ScriptProgram, ScriptLimits, ScriptGrants {
  readonly input?: ScriptValue | undefined;
  /** Export that is called, at most 200 bytes; `default` by default. */
  readonly call?: string;
  /** Largest output in bytes; 64 MiB by default. */
  readonly maxOutputBytes?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Largest sum of a program's files, bytes. */
export const MAX_CODE_BYTES: number = 2 ** 26;

/** Refuses misuse by the host; what a program does wrong is no error. */
export function checkProgram(request: ScriptProgram & ScriptLimits & ScriptGrants): void {
  const { files, entry, memoryPages, clockMs, randomSeed } = request;
  if (!(files instanceof Map)) bad('files', 'a Map of bytes by path');
  let sum = 0;
  for (const [path, bytes] of files) {
    if (!isPath(path))
      bad('files', `relative paths with / and without . and .., not ${JSON.stringify(path)}`);
    if (!(bytes instanceof Uint8Array)) bad('files', `bytes, which ${JSON.stringify(path)} is not`);
    sum += bytes.length;
  }
  if (sum > MAX_CODE_BYTES) bad('files', `at most ${MAX_CODE_BYTES} bytes in all`);
  if (!files.has(entry)) bad('entry', 'the path of one of the files');
  checkLimits(request);
  if (!(Number.isSafeInteger(memoryPages) && memoryPages >= 0 && memoryPages <= 65_536)) {
    bad('memoryPages', 'an integer from 0 to 65536');
  }
  if (clockMs !== undefined && !(Number.isSafeInteger(clockMs) && clockMs >= 0 && clockMs <= 8.64e15)) {
    bad('clockMs', 'an integer of ms since 1970');
  }
  if (randomSeed !== undefined && !(randomSeed instanceof Uint8Array && randomSeed.length === 32)) {
    bad('randomSeed', '32 bytes');
  }
}

/** Refuses limits that are none. */
export function checkLimits({ fuel, deadlineMs }: Pick<ScriptLimits, 'fuel' | 'deadlineMs'>): void {
  if (typeof fuel !== 'bigint' || fuel < 0n || fuel > MAX_FUEL) bad('fuel', 'a bigint from 0 to 2^62');
  if (typeof deadlineMs !== 'number' || !(deadlineMs > 0 && deadlineMs <= 2 ** 31 - 1)) {
    bad('deadlineMs', 'a number of milliseconds above 0 and below 2^31');
  }
}

/** Refuses a name that does not fit a receipt. */
export function checkName(call: string): void {
  if (typeof call !== 'string' || !call.isWellFormed() || utf8(call).length > 200) {
    bad('call', 'text of at most 200 bytes');
  }
}

/** What is wrong with a memory limit, in words, where the engine cannot start within it. */
export function memoryFault(pages: number): string | undefined {
  if (pages < MIN_MEMORY_PAGES) return `JavaScript needs ${MIN_MEMORY_PAGES} pages of memory, not ${pages}`;
  return undefined;
}

/** Pages that a program gets of those that it was given. */
export function usablePages(pages: number): number {
  return Math.min(pages, MAX_MEMORY_PAGES);
}

function isPath(path: string): boolean {
  return (
    typeof path === 'string' &&
    path.isWellFormed() &&
    utf8(path).length <= 1_024 &&
    path.split('/').every((part) => part !== '' && part !== '.' && part !== '..') &&
    !path.includes('\0')
  );
}

function bad(argument: string, expected: string): never {
  throw new MeteredWasmError(
    { code: 'metered-wasm/bad-argument', argument, expected },
    `${argument} must be ${expected}`,
  );
}
