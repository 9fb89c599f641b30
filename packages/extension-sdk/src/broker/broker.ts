import { AsyncLocalStorage } from 'node:async_hooks';
import type { AuditLog } from '../audit/entry.ts';
import { type Capability, capabilitiesOf } from '../capabilities.ts';
import type { CapabilityBag } from '../define.ts';
import { ExtensionError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { DenialReason } from './denial.ts';
import type { CapabilityFactory } from './ports.ts';
import type { Quotas } from './quotas.ts';

/** What a running call may do. */
export interface CallScope {
  /** The operation, asset action or hook. */
  readonly method: string;
  readonly client: string;
  /** Capabilities that the operation named; 'all' for hooks. */
  readonly needs: ReadonlySet<Capability> | 'all';
  readonly hasProof: boolean;
  /** Calls to capabilities that are left. */
  hostCalls: number;
  /** Characters that may still cross between a strict extension and its host. */
  hostText: number;
}

/** Characters that one call of a strict extension may exchange with its host in all. */
export const MAX_HOST_TEXT = 16 * 2 ** 20;

interface Held {
  readonly object: object;
  readonly factory: CapabilityFactory;
  readonly abort: AbortController;
}

/**
 * Stands between one extension and the host: the only way from one to the other. What is not granted is denied; every
 * denial is audited; a revocation holds from the next line on, also for calls that wait.
 */
export class Broker {
  readonly #extension: string;
  readonly #quotas: Quotas;
  readonly #audit: AuditLog;
  readonly #factories: Readonly<Partial<Record<Capability, CapabilityFactory>>>;
  readonly #held = new Map<Capability, Held>();
  readonly #revoked = new Set<Capability>();
  /** Which call the running code belongs to, so that an object kept from an earlier call gives no more than this one may. */
  readonly #running = new AsyncLocalStorage<CallScope>();
  #isClosed = false;

  constructor(
    extension: string,
    parts: {
      readonly quotas: Quotas;
      readonly audit: AuditLog;
      readonly factories: Readonly<Partial<Record<Capability, CapabilityFactory>>>;
    },
  ) {
    this.#extension = extension;
    this.#quotas = parts.quotas;
    this.#audit = parts.audit;
    this.#factories = parts.factories;
  }

  get granted(): readonly Capability[] {
    return [...this.#held.keys()];
  }

  /** What granted capabilities reach without charging for it. */
  get uncharged(): ReadonlySet<'storage' | 'network'> {
    const found = new Set<'storage' | 'network'>();
    for (const [capability, { factory }] of this.#held) {
      const reaches = reachOf(capability);
      if (reaches !== undefined && factory.charges?.includes(reaches) !== true) found.add(reaches);
    }
    return found;
  }

  /** Grants a capability; false where the host has nothing behind it. */
  grant(capability: Capability, scope: JsonObject): boolean {
    const factory = this.#factories[capability];
    if (factory === undefined) return false;
    this.#held.get(capability)?.abort.abort(this.#gone(capability));
    const abort = new AbortController();
    const grant = {
      extension: this.#extension,
      capability,
      scope,
      signal: abort.signal,
      meter: this.#quotas,
    };
    this.#held.set(capability, { object: factory.create(grant), factory, abort });
    this.#revoked.delete(capability);
    this.#audit.append({
      event: 'capability.granted',
      extension: this.#extension,
      detail: { capability, scope },
    });
    return true;
  }

  /** Takes a capability back at once; calls that wait for it reject. False where it was not granted. */
  revoke(capability: Capability): boolean {
    const held = this.#held.get(capability);
    if (held === undefined) return false;
    this.#held.delete(capability);
    this.#revoked.add(capability);
    held.abort.abort(this.#gone(capability));
    this.#audit.append({ event: 'capability.revoked', extension: this.#extension, detail: { capability } });
    return true;
  }

  close(): void {
    this.#isClosed = true;
    for (const [capability, { abort }] of this.#held) abort.abort(this.#gone(capability));
    this.#held.clear();
  }

  #gone(capability: Capability): ExtensionError {
    return new ExtensionError({ code: 'extension/revoked', extension: this.#extension, capability });
  }

  /** The first capability of an operation that is not granted. */
  missing(needs: ReadonlySet<Capability>): Capability | undefined {
    return [...needs].find((each) => !this.#held.has(each));
  }

  has(capability: string): boolean {
    return this.#held.has(capability as Capability);
  }

  /** Runs code of the extension as part of a call. */
  run<T>(scope: CallScope, code: () => T): T {
    return this.#running.run(scope, code);
  }

  /** Denies: audited, then thrown. */
  deny(scope: CallScope, capability: string, method: string, reason: DenialReason): never {
    const detail = {
      capability: capability.slice(0, 64),
      method: method.slice(0, 64),
      reason,
      in: scope.method,
      client: scope.client,
    };
    this.#audit.append({ event: 'capability.denied', extension: this.#extension, detail });
    const { capability: name, method: wanted } = detail;
    throw new ExtensionError({
      code: 'extension/permission-denied',
      extension: this.#extension,
      capability: name,
      method: wanted,
      reason,
    });
  }

  #allowed(scope: CallScope, capability: string, method: string): Held {
    const held = this.#held.get(capability as Capability);
    if (this.#isClosed) this.deny(scope, capability, method, 'not-running');
    if (capabilitiesOf(capability)[0] !== capability)
      this.deny(scope, capability, method, 'unknown-capability');
    if (this.#revoked.has(capability as Capability)) this.deny(scope, capability, method, 'revoked');
    if (held === undefined) this.deny(scope, capability, method, 'not-granted');
    if (scope.needs !== 'all' && !scope.needs.has(capability as Capability))
      this.deny(scope, capability, method, 'not-declared');
    return held;
  }

  /** Charges text that crosses the sandbox: the host reads it in its own time. */
  chargeText(scope: CallScope, length: number): void {
    scope.hostText -= length;
    if (scope.hostText >= 0) return;
    this.#exceeded(scope, 'host-text', MAX_HOST_TEXT);
  }

  #exceeded(scope: CallScope, quota: string, limit: number): never {
    const detail = { quota, limit, in: scope.method };
    this.#audit.append({ event: 'quota.exceeded', extension: this.#extension, detail });
    throw new ExtensionError({ code: 'extension/quota', extension: this.#extension, quota, limit });
  }

  /** Calls a method of a capability for a call. Throws at once where it is denied or over a quota. */
  invoke(scope: CallScope, capability: string, method: string, args: readonly unknown[]): unknown {
    const { object, factory, abort } = this.#allowed(scope, capability, method);
    const found = methodOf(object, method);
    if (found === undefined) this.deny(scope, capability, method, 'no-such-method');
    if (factory.proofMethods?.includes(method) && !scope.hasProof)
      this.deny(scope, capability, method, 'proof-required');
    if (scope.hostCalls <= 0) this.#exceeded(scope, 'host-calls', this.#quotas.limits.hostCalls);
    scope.hostCalls--;
    const answer: unknown = Reflect.apply(found, object, args);
    return answer instanceof Promise ? untilAborted(answer, abort.signal) : answer;
  }

  /**
   * The capabilities as objects, for code in this process. Each object stays what it is when it is kept, and always
   * gives what the running call may do: `hook` where no call runs.
   */
  bag(hook: CallScope): CapabilityBag {
    const touch = (name: string) => {
      this.#allowed(this.#running.getStore() ?? hook, name, '');
      return this.#object(name, hook);
    };
    return new Proxy(Object.freeze(Object.create(null)) as object, {
      get: (_, name) => (typeof name === 'string' ? touch(name) : undefined),
      has: (_, name) => typeof name === 'string' && this.has(name),
    }) as CapabilityBag;
  }

  #object(capability: string, hook: CallScope): object {
    return new Proxy(Object.freeze(Object.create(null)) as object, {
      get: (_, method) => {
        // A promise looks for `then` in whatever it is resolved with.
        if (typeof method !== 'string' || method === 'then') return undefined;
        return (...args: unknown[]) =>
          this.invoke(this.#running.getStore() ?? hook, capability, method, args);
      },
    });
  }
}

function reachOf(capability: Capability): 'storage' | 'network' | undefined {
  if (capability === 'storage:write' || capability === 'fs:write') return 'storage';
  return capability === 'network:connect' || capability === 'transport:stream' ? 'network' : undefined;
}

/** A method that an object or its class has by itself; nothing that every object has. */
function methodOf(object: object, name: string): ((...args: unknown[]) => unknown) | undefined {
  if (name.startsWith('_') || name === 'constructor' || name === 'prototype') return undefined;
  for (
    let at: object | null = object;
    at !== null && at !== Object.prototype;
    at = Object.getPrototypeOf(at) as object | null
  ) {
    const found = Object.getOwnPropertyDescriptor(at, name);
    if (found !== undefined) return typeof found.value === 'function' ? found.value : undefined;
  }
  return undefined;
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) return Promise.reject(signal.reason as Error);
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
