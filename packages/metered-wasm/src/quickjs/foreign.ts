/**
 * The build of QuickJS that is run, and the short names that its linker gave to what it imports and exports. They
 * belong to exactly these bytes: another build has others, and is refused by its digest.
 */
export const ENGINE_FILE = '@jitl/quickjs-wasmfile-release-sync/wasm';
/** SHA-256 of the file, of QuickJS 2025-09-13 as quickjs-emscripten 0.32.0 builds it. */
export const ENGINE_SHA256 = '105c3bed22d457e43e3d1c3c1c6959fda62a8fe06f0fc8a985303c3a2be72232';

/** Pages that the engine's data and stack take before any program: less than that does not start. */
export const MIN_MEMORY_PAGES = 96;
/** Most pages that a program may be given: 1 GiB. */
export const MAX_MEMORY_PAGES = 16_384;

/** Units of stack that the engine is metered with, and the stack of a thread that holds them, in MiB. */
export const STACK_UNITS: number = 2 ** 20;
export const STACK_MB = 24;
/**
 * Bytes of the engine's own stack that a program may use before its calls fail with an error that it can catch. An
 * interpreted call takes some 170 of these and some 300 units, so that this end comes first for calls of functions.
 */
export const STACK_BYTES: number = 512 * 1024;

type Pointer = number;

/** Functions of the engine that are used here, by what they do. */
export interface Engine {
  initialize(): void;
  malloc(size: number): Pointer;
  newRuntime(): Pointer;
  setMaxStackSize(runtime: Pointer, bytes: number): void;
  newContext(runtime: Pointer, intrinsics: number): Pointer;
  enableModuleLoader(runtime: Pointer, ownNormalizer: number): void;
  evaluate(
    context: Pointer,
    code: Pointer,
    length: number,
    file: Pointer,
    detect: number,
    flags: number,
  ): Pointer;
  call(context: Pointer, callee: Pointer, self: Pointer, count: number, values: Pointer): Pointer;
  resolveException(context: Pointer, value: Pointer): Pointer;
  throwValue(context: Pointer, error: Pointer): Pointer;
  newError(context: Pointer): Pointer;
  setProperty(context: Pointer, target: Pointer, name: Pointer, value: Pointer): void;
  freeValue(context: Pointer, value: Pointer): void;
  newString(context: Pointer, text: Pointer): Pointer;
  newNumber(context: Pointer, value: number): Pointer;
  newArrayBuffer(context: Pointer, bytes: Pointer, length: number): Pointer;
  newFunction(
    context: Pointer,
    name: Pointer,
    parameters: number,
    isConstructor: number,
    id: number,
  ): Pointer;
  getString(context: Pointer, value: Pointer): Pointer;
  freeString(context: Pointer, text: Pointer): void;
  getNumber(context: Pointer, value: Pointer): number;
  getBytes(context: Pointer, value: Pointer): Pointer;
  getBytesLength(context: Pointer, value: Pointer): number;
  getUndefined(): Pointer;
  argument(values: Pointer, index: number): Pointer;
  isJobPending(runtime: Pointer): number;
  executeJobs(runtime: Pointer, most: number, context: Pointer): Pointer;
  free(pointer: Pointer): void;
}

/** Export of the build for each function of the engine. */
export const ENGINE_EXPORTS: Readonly<Record<keyof Engine, string>> = {
  initialize: 'u',
  malloc: 'v',
  newRuntime: 'K',
  setMaxStackSize: 'D',
  newContext: 'N',
  enableModuleLoader: 'Ha',
  evaluate: 'pa',
  call: 'ma',
  resolveException: 'na',
  throwValue: 'w',
  newError: 'x',
  setProperty: 'ja',
  freeValue: 'P',
  newString: '_',
  newNumber: 'Y',
  newArrayBuffer: 'X',
  newFunction: 'Da',
  getString: '$',
  freeString: 'S',
  getNumber: 'Z',
  getBytes: 'aa',
  getBytesLength: 'ba',
  getUndefined: 'E',
  argument: 'Ea',
  isJobPending: 'fa',
  executeJobs: 'ga',
  free: 'M',
};

/** What the engine imports, all of module `a`. */
export const ENGINE_IMPORTS: readonly string[] = [...'bcdefghijklmnopqrst'].map((name) => `a.${name}`);
