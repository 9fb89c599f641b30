import { cidOf, sha256, toHex } from '@hypermesh/core';
import type { CheckedModule } from '../check/check.ts';
import { checkInWorker } from '../offload/offload.ts';
import { ABI_IMPORTS, type MeterOptions } from '../options.ts';

/** A module that passed the check and is compiled, or the words in which it was denied. */
export type Prepared =
  | {
      readonly ok: true;
      readonly cid: string;
      readonly checked: CheckedModule;
      readonly module: WebAssembly.Module;
    }
  | { readonly ok: false; readonly detail: string };

const MAX_ENTRIES = 32;
const MAX_BYTES = 2 ** 27;

/** Keeps checked and compiled modules by digest, the latest used ones, bounded by number and bytes. */
export class PreparedModules {
  readonly #entries = new Map<string, { readonly sizeBytes: number; readonly prepared: Promise<Prepared> }>();
  #sizeBytes = 0;

  /** Checks and compiles `bytes`, once while they are kept. The bytes are copied before anything is awaited. */
  prepare(bytes: Uint8Array, limits: Pick<MeterOptions, 'memoryMaxPages' | 'tableMax'>): Promise<Prepared> {
    const key = `${toHex(sha256(bytes))} ${limits.memoryMaxPages} ${limits.tableMax}`;
    const known = this.#entries.get(key);
    if (known !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return known.prepared;
    }
    const entry = { sizeBytes: bytes.length, prepared: prepare(new Uint8Array(bytes), limits) };
    this.#entries.set(key, entry);
    this.#sizeBytes += entry.sizeBytes;
    for (const [oldest, { sizeBytes }] of this.#entries) {
      if (this.#entries.size <= MAX_ENTRIES && this.#sizeBytes <= MAX_BYTES) break;
      this.#entries.delete(oldest);
      this.#sizeBytes -= sizeBytes;
    }
    return entry.prepared;
  }
}

async function prepare(owned: Uint8Array, limits: MeterOptions): Promise<Prepared> {
  const cid = cidOf(owned, 'raw');
  const { verdict, bytes } = await checkInWorker(owned, { ...limits, allowImports: ABI_IMPORTS });
  if (!verdict.ok) return { ok: false, detail: `${verdict.reason}: ${verdict.detail}` };
  try {
    const module = await WebAssembly.compile(bytes as Uint8Array<ArrayBuffer>);
    return { ok: true, cid, checked: verdict, module };
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : 'does not compile' };
  }
}
