import { cidOf, sha256, toHex } from '@hypermesh/core';
import { MeteredWasmError } from '../errors.ts';
import { meterInWorker } from '../offload/offload.ts';
import { PROFILE } from '../profile.ts';
import { adoptMemory } from './adopt.ts';
import {
  ENGINE_FILE,
  ENGINE_IMPORTS,
  ENGINE_SHA256,
  MAX_MEMORY_PAGES,
  MIN_MEMORY_PAGES,
  STACK_UNITS,
} from './foreign.ts';

/**
 * Keeps the metered engine between processes. What `get` gives is run only if it is the known engine byte for byte, so a
 * cache is trusted with nothing; it may forget, and a failure of `put` loses time and no more.
 */
export interface EngineCache {
  get(key: string): Promise<Uint8Array | undefined>;
  put(key: string, bytes: Uint8Array): Promise<void>;
}

/** The metered engine, compiled. */
export interface MeteredEngine {
  /** CID (raw, sha2-256) of the metered module. */
  readonly cid: string;
  readonly module: WebAssembly.Module;
}

/** How the engine is metered. */
export const ENGINE_OPTIONS = {
  memoryMaxPages: MAX_MEMORY_PAGES,
  allowImports: ENGINE_IMPORTS,
  stackUnits: STACK_UNITS,
} as const;
/** Name of the metered engine in a cache: its source, the profile and the memory that it was metered for. */
const KEY = `quickjs-${ENGINE_SHA256.slice(0, 16)}-${PROFILE}-${MAX_MEMORY_PAGES}-${STACK_UNITS}.wasm`;

/**
 * CID (raw, sha2-256) of the engine as metering makes it. Metering is deterministic: whatever has this digest passed the
 * independent check when these sources were tested, so no process has to make that check, or its memory, again.
 */
export const METERED_CID = 'bafkreiefv4i4vgn2355jyi3tplv3yycsiw5qtqjx2oawvv4ep7klptbkiq';

/** Name of the metered engine beside the built entry. A build makes it, so that no node takes the memory of metering. */
export const METERED_FILE = 'engine.wasm';

let shared: Promise<MeteredEngine> | undefined;

/** The engine of this process: made at the first call, in a worker, and again after a failure. */
export function meteredEngine(cache: EngineCache | undefined): Promise<MeteredEngine> {
  shared ??= prepare(cache).catch((error: unknown) => {
    shared = undefined;
    throw error;
  });
  return shared;
}

async function prepare(cache: EngineCache | undefined): Promise<MeteredEngine> {
  const known =
    (await knownOf(readBuilt)) ?? (cache === undefined ? undefined : await knownOf(() => cache.get(KEY)));
  if (known !== undefined) return known;
  const module = await meterEngine();
  await cache?.put(KEY, module).catch(() => undefined);
  const engine = await compiled(module);
  if (engine === undefined)
    throw unusable(`metering makes ${cidOf(module, 'raw')} of it, not ${METERED_CID}`);
  return engine;
}

/** The engine that a source gives; undefined where it gives none, or another one. */
async function knownOf(read: () => Promise<Uint8Array | undefined>): Promise<MeteredEngine | undefined> {
  const bytes = await read().catch(() => undefined);
  return bytes === undefined ? undefined : compiled(new Uint8Array(bytes));
}

/** The engine that was metered when the package was built. Rejects where the sources themselves run. */
export async function readBuilt(
  entry: string = import.meta.resolve('@hypermesh/metered-wasm/quickjs'),
): Promise<Uint8Array> {
  const { readFile } = await import('node:fs/promises');
  return await readFile(new URL(METERED_FILE, entry));
}

/** Meters the engine as it is published, in a worker. */
export async function meterEngine(): Promise<Uint8Array> {
  const metered = await meterInWorker(await original(), ENGINE_OPTIONS);
  if (metered.ok) return metered.module;
  throw unusable(`it is not metered: ${metered.reason}: ${metered.detail}`);
}

/** Compiles the metered bytes; undefined where they are not the known ones. */
async function compiled(bytes: Uint8Array): Promise<MeteredEngine | undefined> {
  if (cidOf(bytes, 'raw') !== METERED_CID) return undefined;
  return { cid: METERED_CID, module: await WebAssembly.compile(bytes as Uint8Array<ArrayBuffer>) };
}

/** The engine as it is published, with a memory of its own. */
async function original(): Promise<Uint8Array> {
  const { readFile } = await import('node:fs/promises');
  const bytes = await readFile(new URL(import.meta.resolve(ENGINE_FILE)));
  const digest = toHex(sha256(bytes));
  if (digest !== ENGINE_SHA256) throw unusable(`its file has the digest ${digest}, not ${ENGINE_SHA256}`);
  return adoptMemory(bytes, { min: MIN_MEMORY_PAGES, max: MAX_MEMORY_PAGES });
}

function unusable(why: string): MeteredWasmError {
  return new MeteredWasmError(
    { code: 'metered-wasm/engine-unusable' },
    `the JavaScript engine cannot be used: ${why}`,
  );
}
