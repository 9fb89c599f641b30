import { type Clock, equalBytes, fromUtf8, type Log, type Verdict } from '@hypermesh/core';
import { parse as parseToml } from 'smol-toml';
import type { AuditLog } from '../audit/entry.ts';
import { Broker } from '../broker/broker.ts';
import { ceilingOf, scopeFor } from '../broker/policy.ts';
import { limitsOf, Quotas } from '../broker/quotas.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import type { Manifest } from '../manifest/model.ts';
import { statementBytes, statementOf } from '../sign/statement.ts';
import type { VerifiedPackage } from '../sign/verify.ts';
import type { GuestDescription } from '../tiers/guest.ts';
import { fromWire, toWire } from '../tiers/wire.ts';
import { type Engines, openEntry } from './entry.ts';
import { callInstance, type Instance } from './instance.ts';
import type { ExtensionHostOptions, ExtensionPackage, LoadRefusalCode } from './ports.ts';
import { Turnstile } from './queue.ts';

/** Why a package, good by itself, is not opened. */
export interface OpenRefusal {
  readonly code: LoadRefusalCode;
  readonly detail: string;
}

export interface OpenParts {
  readonly options: ExtensionHostOptions;
  readonly engines: Engines;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal?: AbortSignal | undefined;
  /** How to read the package again; its files are kept in memory where that is absent. */
  readonly reread?: ExtensionPackage['reread'];
}

const refuse = (code: LoadRefusalCode, detail: string) => ({ ok: false, reason: { code, detail } }) as const;

/** Opens a generation: configuration, capabilities, sandbox, and whether it is what its manifest says. `onLoad` has not run. */
export async function openInstance(
  verified: VerifiedPackage,
  parts: OpenParts,
): Promise<Verdict<{ instance: Instance }, OpenRefusal>> {
  const { options, engines, audit, clock, log, signal } = parts;
  const { policy, capabilities = {} } = options;
  const { manifest } = verified;
  const { id } = manifest;
  const config = readConfig(verified, options.configuration?.[id] ?? {});
  if (!config.ok) return refuse('bad-configuration', config.reason);
  const ceiling = ceilingOf(policy, { id, signer: verified.signer.signer });
  const quotas = new Quotas(id, limitsOf(ceiling, manifest.resources.limits), clock);
  const broker = new Broker(id, { quotas, audit, factories: capabilities });
  for (const capability of [...manifest.capabilities.required, ...manifest.capabilities.optional]) {
    const isRequired = manifest.capabilities.required.includes(capability);
    const isNetwork = capability === 'network:connect' || capability === 'transport:stream';
    const scope =
      manifest.security.networkPolicy === 'none' && isNetwork
        ? undefined
        : scopeFor(policy, { id, signer: verified.signer.signer }, capability);
    if (scope !== undefined && broker.grant(capability, scope)) continue;
    if (!isRequired) continue;
    broker.close();
    return scope === undefined
      ? refuse('capability-refused', `needs ${capability}, which the policy does not grant`)
      : refuse('capability-unavailable', `needs ${capability}, behind which this host has nothing`);
  }
  const entry = await openEntry(verified, {
    broker,
    quotas,
    engines,
    pinned: policy.pinned,
    log,
    nowMs: clock.nowMs(),
    signal,
  });
  if (!entry.ok) {
    broker.close();
    return entry;
  }
  const { guest, engine } = entry;
  const fault = contradiction(guest.description, manifest);
  if (fault !== undefined) {
    await guest.close();
    broker.close();
    return { ok: false, reason: fault };
  }
  const turnstile = engine === 'host' ? {} : { turnstile: new Turnstile() };
  return {
    ok: true,
    instance: {
      verified: { manifest, signer: verified.signer, signed: verified.signed },
      reread: rereadOf(verified, parts.reread),
      guest,
      broker,
      quotas,
      engine,
      config: config.config,
      state: { value: null },
      ...turnstile,
    },
  };
}

/** Reads a package again and compares every byte with what was signed. */
function rereadOf(
  { files, signed }: VerifiedPackage,
  reread: ExtensionPackage['reread'],
): Instance['reread'] {
  if (reread === undefined) return async () => ({ ok: true, files });
  return async (signal) => {
    try {
      const found = await reread(signal);
      const statement = statementBytes(statementOf(found, signed.algorithm));
      if (equalBytes(statement, signed.message)) return { ok: true, files: found };
      return { ok: false, reason: 'its files are not as they were signed' };
    } catch (error) {
      return { ok: false, reason: error instanceof Error ? error.message : 'its files cannot be read' };
    }
  };
}

/** What a guest says of itself must be covered by its signed manifest, and the other way round. */
function contradiction({ id, ops, assets }: GuestDescription, manifest: Manifest): OpenRefusal | undefined {
  const told = Object.keys(manifest.operations).find((name) => !ops.has(name));
  if (told !== undefined)
    return {
      code: 'undeclared-operation',
      detail: `the manifest tells of ${told}, which the module has not`,
    };
  if (id !== manifest.id)
    return { code: 'id-mismatch', detail: `the module calls itself ${id.slice(0, 128)}` };
  const asked = new Set([...manifest.capabilities.required, ...manifest.capabilities.optional]);
  for (const [name, { needs }] of [...ops, ...assets]) {
    const undeclared = [...needs].find((each) => !asked.has(each));
    if (undeclared !== undefined)
      return {
        code: 'undeclared-capability',
        detail: `${name} needs ${undeclared}, which the manifest does not ask for`,
      };
  }
  const { providedTypes } = manifest.assets;
  for (const type of assets.keys()) {
    const isProvided = providedTypes.some((each) => type === each || type.startsWith(`${each}.`));
    if (!isProvided)
      return {
        code: 'undeclared-asset',
        detail: `handles ${type.slice(0, 128)}, which the manifest does not provide`,
      };
  }
  return undefined;
}

function readConfig({ manifest, files }: VerifiedPackage, over: JsonObject): Verdict<{ config: JsonObject }> {
  const { defaults } = manifest.configuration;
  if (defaults === undefined) return { ok: true, config: over };
  const text = fromUtf8(files.get(defaults) ?? Uint8Array.of(0xff));
  if (!text.ok) return { ok: false, reason: `${defaults} is missing, or not UTF-8` };
  try {
    // Through the wire form: dates and other special values of TOML are no plain data and are refused by it.
    const own = fromWire(toWire({ ...parseToml(text.text) })) as JsonObject;
    return { ok: true, config: { ...own, ...over } };
  } catch (error) {
    const message = error instanceof Error ? error.message.split('\n')[0] : 'cannot be read';
    return { ok: false, reason: `${defaults}: ${message}` };
  }
}

/** Gives a fresh instance its state, its own first one or that of a former generation, and runs `onLoad`. */
export async function startInstance(
  instance: Instance,
  carried: { readonly version: number; readonly value: JsonValue } | undefined,
  parts: Pick<OpenParts, 'clock'> & {
    readonly signal: AbortSignal;
    readonly deadlineMs?: number | undefined;
  },
): Promise<Verdict<object, OpenRefusal>> {
  const { clock, signal, deadlineMs = 30_000 } = parts;
  const { stateVersion, hooks } = instance.guest.description;
  const base = { needs: 'all' as const, deadlineMs, signal };
  try {
    if (stateVersion !== undefined) {
      if (carried === undefined) {
        const target = { kind: 'state', name: 'initial' } as const;
        instance.state.value = (await callInstance(
          instance,
          { ...base, needs: new Set(), target },
          clock,
        )) as JsonValue;
      } else if (carried.version === stateVersion) instance.state.value = carried.value;
      else if (carried.version > stateVersion)
        return refuse('state-refused', `its state is of the newer version ${carried.version}`);
      else {
        const target = { kind: 'state', name: 'migrate', from: carried.version } as const;
        const params = carried.value;
        instance.state.value = (await callInstance(
          instance,
          { ...base, needs: new Set(), target, params },
          clock,
        )) as JsonValue;
      }
    }
    if (hooks.has('onLoad'))
      await callInstance(instance, { ...base, target: { kind: 'hook', name: 'onLoad' } }, clock);
    return { ok: true };
  } catch (error) {
    return refuse('on-load-failed', error instanceof Error ? error.message : String(error));
  }
}

/** Runs a closing hook; an extension that fails in it is closed all the same. */
export async function runHook(
  instance: Instance,
  name: 'onSuspend' | 'onUnload',
  parts: { readonly clock: Clock; readonly log: Log },
): Promise<void> {
  if (!instance.guest.description.hooks.has(name)) return;
  const target = { kind: 'hook', name } as const;
  const never = new AbortController();
  try {
    await callInstance(
      instance,
      { target, needs: 'all', deadlineMs: 5_000, signal: never.signal },
      parts.clock,
    );
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    parts.log.warn('extension.hook-failed', {
      extension: instance.verified.manifest.id,
      hook: name,
      message,
    });
  }
}
