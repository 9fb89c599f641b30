import type { Log, Verdict } from '@hypermesh/core';
import type { Broker, CallScope } from '../broker/broker.ts';
import type { Check, ExtensionContext, ExtensionDefinition } from '../define.ts';
import { ExtensionError } from '../errors.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import { readDescription } from './description.ts';
import { type Guest, type GuestCall, GuestError, guestError } from './guest.ts';

/**
 * Imports a module from bytes that were verified: the bytes are the address, so nothing is read again. Node keeps
 * modules for good, one for each content: loading the same bytes again gives the same module, with the state of its
 * top level. What it imports must be of Node itself, or inside the bytes.
 */
export async function importVerified(bytes: Uint8Array): Promise<unknown> {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
  return import(/* @vite-ignore */ `data:text/javascript;base64,${text}`);
}

/** The definition that a module exports as `extension`. */
export function definitionIn(module: unknown): Verdict<{ definition: ExtensionDefinition }> {
  const found = (module as { readonly extension?: unknown } | undefined)?.extension;
  if (typeof found !== 'object' || found === null)
    return { ok: false, reason: 'the module exports no extension' };
  return { ok: true, definition: found as ExtensionDefinition };
}

/** What a definition says of itself, as plain data. The guest's driver in `strict` says the same. */
function describeDefinition(definition: ExtensionDefinition): JsonObject {
  const entries = Object.entries;
  return {
    id: definition.id,
    ops: Object.fromEntries(
      entries(definition.ops).map(([name, { needs = [], proof = false }]) => [
        name,
        { needs: [...needs], proof },
      ]),
    ),
    assets: Object.fromEntries(
      entries(definition.assets ?? {}).map(([type, { needs = [], actions }]) => [
        type,
        { needs: [...needs], actions: Object.keys(actions) },
      ]),
    ),
    stateVersion: definition.state?.version ?? null,
    hooks: (['onLoad', 'onSuspend', 'onUnload'] as const).filter((name) => definition[name] !== undefined),
  };
}

/** Runs a definition in this process. It is not kept apart from the host in any way. */
export function openTrusted(
  definition: ExtensionDefinition,
  parts: { readonly broker: Broker; readonly log: Log },
): Verdict<{ guest: Guest }> {
  const { broker, log } = parts;
  const described = readDescription(describeDefinition(definition));
  if (!described.ok) return described;
  const lifetime: CallScope = {
    method: '(kept)',
    client: '',
    needs: 'all',
    hasProof: false,
    hostCalls: Number.MAX_SAFE_INTEGER,
    hostText: Number.MAX_SAFE_INTEGER,
  };
  const caps = broker.bag(lifetime);
  const guestLog = {
    info: (event: string, fields?: JsonObject) => log.info(event, fields),
    warn: (event: string, fields?: JsonObject) => log.warn(event, fields),
  };

  async function run(call: GuestCall): Promise<unknown> {
    const { target, state, scope, proof, config, signal, progress } = call;
    const ctx: ExtensionContext = {
      caps,
      get state() {
        return state.value;
      },
      set state(value) {
        state.value = value;
      },
      config,
      client: scope.client,
      ...(proof === undefined ? {} : { proof }),
      signal,
      log: guestLog,
      can: (capability) => broker.has(capability),
      progress,
    };
    switch (target.kind) {
      case 'op': {
        const operation = definition.ops[target.name];
        if (operation === undefined) throw new GuestError('error', 'the operation is gone');
        const params = await checked(operation.params, call.params);
        return operation.run(params as never, ctx);
      }
      case 'asset':
        return definition.assets?.[target.type]?.actions[target.action]?.(call.params as JsonObject, ctx);
      case 'hook':
        return definition[target.name]?.(ctx);
      case 'state':
        return target.name === 'initial'
          ? (definition.state?.initial() ?? null)
          : (definition.state?.migrate?.(call.params as JsonValue, target.from ?? 0) ?? null);
    }
  }

  const guest: Guest = {
    description: described.description,
    async call(call) {
      const { scope, signal } = call;
      const running = broker.run(scope, async () => run(call));
      return await Promise.race([running.catch(rethrow), ended(signal)]);
    },
    close: () => Promise.resolve(),
  };
  return { ok: true, guest };
}

function rethrow(error: unknown): never {
  throw error instanceof ExtensionError ? error : guestError(error);
}

/** Rejects when the call is to end. What runs in this process goes on until it looks at its signal. */
function ended(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () => reject(signal.reason as Error);
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}

async function checked(check: Check<unknown> | undefined, params: unknown): Promise<unknown> {
  if (check === undefined) return params;
  if (typeof check === 'function') {
    try {
      return check(params);
    } catch (error) {
      throw new GuestError(
        'bad-params',
        error instanceof Error ? error.message : 'the parameters do not fit',
      );
    }
  }
  const result = await check['~standard'].validate(params);
  if (result.issues === undefined) return result.value;
  throw new GuestError(
    'bad-params',
    result.issues
      .map(({ message }) => message)
      .join('; ')
      .slice(0, 500),
  );
}
