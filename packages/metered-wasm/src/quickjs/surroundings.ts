/** What an engine asks of the machine around it; a program sees none of it but through what was granted. */
export interface Surroundings {
  readonly clockMs: number;
  memory(): WebAssembly.Memory;
  /** Whether the memory now has so many bytes. */
  grow(sizeBytes: number): boolean;
  callHost(context: number, self: number, count: number, values: number, id: number): number;
  loadModule(name: string): number;
  normalizeModule(base: string, name: string): number;
}

const BAD_FILE = 8;
const NOT_SUPPORTED = 52;
const ILLEGAL_SEEK = 70;
const DAY_MS = 86_400_000;

/** How the engine ends itself: an assertion of its own, or a call of abort. */
export class EngineAbort extends Error {}

/** Longest text of C that is read, bytes: every name that leads somewhere is shorter. */
export const MAX_TEXT_BYTES = 16_384;

/** Text of C in the engine's memory, up to its first zero or `MAX_TEXT_BYTES`. */
export function textAt(memory: WebAssembly.Memory, pointer: number): string {
  const from = pointer >>> 0;
  const bytes = new Uint8Array(memory.buffer).subarray(from, from + MAX_TEXT_BYTES);
  const to = bytes.indexOf(0);
  return new TextDecoder().decode(bytes.subarray(0, to < 0 ? bytes.length : to));
}

/** The imports of the engine's build: no file, no environment, no zone but UTC, no clock but the given instant. */
export function engineImports(around: Surroundings): WebAssembly.Imports {
  const words = () => new Int32Array(around.memory().buffer);
  const abort = (why: string): never => {
    throw new EngineAbort(why);
  };
  const functions: Record<string, (...values: never[]) => unknown> = {
    b: (condition: number) => abort(`assertion failed: ${textAt(around.memory(), condition)}`),
    q: () => abort('aborted'),
    r: (status: number) => abort(`exited with ${status}`),
    c: (_file: number, vectors: number, count: number, written: number) => {
      let sum = 0;
      for (let at = 0; at < count; at++) sum += words()[(vectors >> 2) + 2 * at + 1] ?? 0;
      words()[written >> 2] = sum;
      return 0;
    },
    d: () => BAD_FILE,
    e: () => 0,
    f: (count: number, size: number) => {
      words()[count >> 2] = 0;
      words()[size >> 2] = 0;
      return 0;
    },
    g: (_runtime: number, _context: number, base: number, name: number) =>
      around.normalizeModule(textAt(around.memory(), base), textAt(around.memory(), name)),
    h: (_runtime: number, _context: number, name: number) => around.loadModule(textAt(around.memory(), name)),
    i: () => 0,
    j: () => NOT_SUPPORTED,
    k: (size: number) => (around.grow(size >>> 0) ? 1 : 0),
    l: () => undefined,
    m: (seconds: bigint, broken: number) => {
      const date = new Date(Number(BigInt.asIntN(64, seconds)) * 1_000);
      const start = Date.UTC(date.getUTCFullYear(), 0, 1);
      const isDate = !Number.isNaN(date.getTime());
      const fields = isDate
        ? [
            date.getUTCSeconds(),
            date.getUTCMinutes(),
            date.getUTCHours(),
            date.getUTCDate(),
            date.getUTCMonth(),
            date.getUTCFullYear() - 1_900,
            date.getUTCDay(),
            Math.floor((date.getTime() - start) / DAY_MS),
            0,
            0,
          ]
        : [0, 0, 0, 1, 0, 70, 4, 0, 0, 0];
      words().set(fields, broken >> 2);
    },
    n: (zone: number, daylight: number, standardName: number, daylightName: number) => {
      words()[zone >> 2] = 0;
      words()[daylight >> 2] = 0;
      const bytes = new Uint8Array(around.memory().buffer);
      for (const name of [standardName, daylightName]) bytes.set([0x55, 0x54, 0x43, 0], name >>> 0);
    },
    o: () => ILLEGAL_SEEK,
    p: () => around.clockMs,
    s: (context: number, self: number, count: number, values: number, id: number) =>
      around.callHost(context, self, count, values, id),
    t: () => undefined,
  };
  return { a: functions } as unknown as WebAssembly.Imports;
}
