import type { Log, Verdict } from '@hypermesh/core';
import { type MeteredRunner, openRunner } from '@hypermesh/metered-wasm';
import { openQuickJs, type QuickJs } from '@hypermesh/metered-wasm/quickjs';
import type { Broker } from '../broker/broker.ts';
import type { Quotas } from '../broker/quotas.ts';
import type { VerifiedPackage } from '../sign/verify.ts';
import type { Guest } from '../tiers/guest.ts';
import { openScript } from '../tiers/script.ts';
import { definitionIn, importVerified, openTrusted } from '../tiers/trusted.ts';
import { openWasm } from '../tiers/wasm.ts';
import type { ExtensionHostOptions, LoadRefusalCode } from './ports.ts';
import { MOST_AWAKE } from './resting.ts';

/** Engines of the strict sandbox that all extensions of a host share. */
export interface Engines extends AsyncDisposable {
  wasm(): MeteredRunner;
  quickjs(): QuickJs;
}

/** Opens engines when they are needed first; given ones are used and left to whoever gave them. */
export function lazyEngines(given: ExtensionHostOptions['engines'] = {}): Engines {
  const own = new AsyncDisposableStack();
  let { wasm, quickjs } = given;
  return {
    wasm: () => (wasm ??= own.use(openRunner({ workers: 2 }))),
    quickjs: () => (quickjs ??= own.use(openQuickJs({ workers: MOST_AWAKE }))),
    [Symbol.asyncDispose]: () => own.disposeAsync(),
  };
}

export type EntryVerdict = Verdict<
  { guest: Guest; engine: 'host' | 'wasm' | 'quickjs' },
  { readonly code: LoadRefusalCode; readonly detail: string }
>;

const refuse = (code: LoadRefusalCode, detail: string) => ({ ok: false, reason: { code, detail } }) as const;

/** Opens the entry of a verified package in the sandbox that its manifest names. */
export async function openEntry(
  { manifest, files, signer }: VerifiedPackage,
  parts: {
    readonly broker: Broker;
    readonly quotas: Quotas;
    readonly engines: Engines;
    readonly pinned: readonly string[];
    readonly log: Log;
    readonly nowMs: number;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<EntryVerdict> {
  const { broker, quotas, engines, pinned, log, nowMs, signal } = parts;
  const { type, entryPoint } = manifest.runtime;
  if (/\.(?:so|dylib|dll|node)$/i.test(entryPoint)) {
    return refuse(
      'native-library',
      `${entryPoint} is a native library; native extensions are ES modules here`,
    );
  }
  const bytes = files.get(entryPoint);
  if (bytes === undefined) return refuse('entry-missing', `${entryPoint} is not among the files`);
  if (manifest.security.sandboxPolicy === 'trusted') {
    if (!pinned.includes(signer.signer))
      return refuse('not-pinned', `${signer.signer} is not pinned for the tier trusted`);
    if (type === 'wasm') return refuse('entry-refused', 'a module of hm-abi-1 runs in strict');
    return openInProcess(bytes, { broker, log });
  }
  const shared = { broker, quotas, log, signal };
  const opened =
    type === 'wasm'
      ? await openWasm(manifest.id, { files, entry: entryPoint }, { ...shared, runner: engines.wasm() })
      : await openScript(
          manifest.id,
          { files, entry: entryPoint },
          { ...shared, quickjs: engines.quickjs(), nowMs },
        );
  if (!opened.ok) return refuse('entry-refused', opened.reason);
  return { ok: true, guest: opened.guest, engine: type === 'wasm' ? 'wasm' : 'quickjs' };
}

async function openInProcess(
  bytes: Uint8Array,
  parts: { readonly broker: Broker; readonly log: Log },
): Promise<EntryVerdict> {
  let module: unknown;
  try {
    module = await importVerified(bytes);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return refuse('entry-refused', message.replace(/data:[^\s'"]+/g, 'its module').slice(0, 500));
  }
  const found = definitionIn(module);
  if (!found.ok) return refuse('entry-refused', found.reason);
  const opened = openTrusted(found.definition, parts);
  if (!opened.ok) return refuse('entry-refused', opened.reason);
  return { ok: true, guest: opened.guest, engine: 'host' };
}
