import { cidOf, sha256, toHex } from '@hypermesh/core';
import { MeteredWasmError } from '../errors.ts';
import { checkInWorker, meterInWorker } from '../offload/offload.ts';
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
 * Keeps the metered engine between processes. What `get` gives is checked before it is run, so a cache is trusted with
 * nothing; it may forget, and a failure of `put` loses time and no more.
 */
export interface EngineCache {
  get(key: string): Promise<Uint8Array | undefined>;
  put(key: string, bytes: Uint8Array): Promise<void>;
}

/** The metered engine, checked and compiled. */
export interface MeteredEngine {
  /** CID (raw, sha2-256) of the metered module. */
  readonly cid: string;
  readonly module: WebAssembly.Module;
}

const OPTIONS = {
  memoryMaxPages: MAX_MEMORY_PAGES,
  allowImports: ENGINE_IMPORTS,
  stackUnits: STACK_UNITS,
} as const;
/** Name of the metered engine in a cache: its source, the profile and the memory that it was metered for. */
const KEY = `quickjs-${ENGINE_SHA256.slice(0, 16)}-${PROFILE}-${MAX_MEMORY_PAGES}-${STACK_UNITS}.wasm`;

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
  const kept = await cache?.get(KEY).catch(() => undefined);
  const known = kept === undefined ? undefined : await compiled(new Uint8Array(kept));
  if (known !== undefined) return known;
  const metered = await meterInWorker(await original(), OPTIONS);
  if (!metered.ok) throw unusable(`it is not metered: ${metered.reason}: ${metered.detail}`);
  await cache?.put(KEY, metered.module).catch(() => undefined);
  const engine = await compiled(metered.module);
  if (engine === undefined) throw unusable('it does not pass the check');
  return engine;
}

/** Checks and compiles the metered bytes, which are taken over; undefined where they do not pass. */
async function compiled(owned: Uint8Array): Promise<MeteredEngine | undefined> {
  const cid = cidOf(owned, 'raw');
  const { verdict, bytes } = await checkInWorker(owned, OPTIONS);
  if (!verdict.ok) return undefined;
  return { cid, module: await WebAssembly.compile(bytes as Uint8Array<ArrayBuffer>) };
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
