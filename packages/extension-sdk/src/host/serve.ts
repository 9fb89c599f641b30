import { type Clock, silentMetrics } from '@hypermesh/core';
import type { AuditLog } from '../audit/entry.ts';
import { mayCall } from '../broker/policy.ts';
import { RateLimiter } from '../broker/rate.ts';
import type { Capability } from '../capabilities.ts';
import { ExtensionError } from '../errors.ts';
import { GuestError, type Target } from '../tiers/guest.ts';
import { callInstance, type Instance } from './instance.ts';
import type { ExtensionHostOptions, ExtensionRequest, ExtensionResponse } from './ports.ts';
import type { Slot } from './slot.ts';

const defaultRate = { perSecond: 50, burst: 100 };

/** What is called, and under which name it is spoken of. */
interface Route {
  readonly slot: Slot;
  readonly target: Target;
  readonly method: string;
  readonly needs: ReadonlySet<Capability>;
  readonly proof: boolean;
}

/** Answers requests: rate, permission, route, capabilities, proof, room, and then the extension. Never rejects. */
export class RequestDesk {
  readonly #options: ExtensionHostOptions;
  readonly #audit: AuditLog;
  readonly #clock: Clock;
  readonly #clients: RateLimiter;
  readonly #slotOf: (method: string) => Slot | undefined;
  readonly #handlerOf: (type: string) => Slot | undefined;
  readonly #wake: (slot: Slot, instance: Instance) => Promise<void>;

  constructor(
    options: ExtensionHostOptions,
    find: {
      slotOf(method: string): Slot | undefined;
      handlerOf(type: string): Slot | undefined;
      wake(slot: Slot, instance: Instance): Promise<void>;
      readonly audit: AuditLog;
    },
  ) {
    this.#options = options;
    this.#audit = find.audit;
    this.#clock = options.clock;
    this.#clients = new RateLimiter(options.policy.rate ?? defaultRate, options.clock);
    this.#slotOf = find.slotOf;
    this.#handlerOf = find.handlerOf;
    this.#wake = find.wake;
  }

  handle(request: ExtensionRequest): Promise<ExtensionResponse> {
    return this.#answer(request, () => {
      const slot = this.#slotOf(request.method);
      const found = slot?.current?.guest.description.ops.get(request.method);
      if (slot === undefined || found === undefined) return undefined;
      return { slot, target: { kind: 'op', name: request.method }, method: request.method, ...found };
    });
  }

  /** An action of the handler of one type of assets, called `asset TYPE ACTION` in policies and records. */
  asset(type: string, action: string, request: Omit<ExtensionRequest, 'method'>): Promise<ExtensionResponse> {
    const method = `asset.${type}.${action}`;
    return this.#answer({ ...request, method }, () => {
      const slot = this.#handlerOf(type);
      const found = slot?.current?.guest.description.assets.get(type);
      if (slot === undefined || found?.actions.has(action) !== true) return undefined;
      return { slot, target: { kind: 'asset', type, action }, method, needs: found.needs, proof: false };
    });
  }

  async #answer(request: ExtensionRequest, route: () => Route | undefined): Promise<ExtensionResponse> {
    const { metrics = silentMetrics } = this.#options;
    const found = route();
    const answer = await this.#answerBy(request, found);
    metrics.count('extension_calls_total', 1, { extension: found?.slot.id ?? '', status: answer.status });
    return answer;
  }

  async #answerBy(request: ExtensionRequest, found: Route | undefined): Promise<ExtensionResponse> {
    const { client, method } = request;
    const waitMs = this.#clients.take(client);
    if (waitMs > 0) return this.#limited(request, '', 'too many requests of this client', waitMs);
    if (!mayCall(this.#options.policy, client, method)) {
      return this.#denied(request, '', 'the policy does not let this client call this method');
    }
    if (found === undefined)
      return { status: 'method_not_found', detail: `no extension serves ${method.slice(0, 128)}` };
    const { slot } = found;
    const extensionWaitMs = this.#limiterOf(slot).take('');
    if (extensionWaitMs > 0)
      return this.#limited(request, slot.id, 'too many requests for this extension', extensionWaitMs);
    if (slot.gate.inside >= slot.serving().quotas.limits.concurrency) {
      return this.#limited(request, slot.id, 'too many calls at once', 50);
    }
    const { signal } = request;
    const stop = signal === undefined ? slot.life.signal : AbortSignal.any([slot.life.signal, signal]);
    try {
      await slot.gate.enter(stop);
    } catch (error) {
      return failure(error);
    }
    try {
      return await this.#run(request, found, stop);
    } finally {
      slot.usedMs = this.#clock.monotonicMs();
      slot.gate.leave();
    }
  }

  #limiterOf(slot: Slot): RateLimiter {
    const { callsPerSecond } = slot.serving().quotas.limits;
    slot.limiter ??= new RateLimiter({ perSecond: callsPerSecond, burst: callsPerSecond }, this.#clock);
    return slot.limiter;
  }

  async #run(request: ExtensionRequest, route: Route, signal: AbortSignal): Promise<ExtensionResponse> {
    const { slot, target, needs } = route;
    // Whoever waited at the gate may find another generation, or none, behind it.
    if (slot.state !== 'active' || slot.current === undefined) {
      return { status: 'failed', code: slot.state, detail: slot.reason ?? `the extension is ${slot.state}` };
    }
    const instance = slot.current;
    const missing = instance.broker.missing(needs);
    if (missing !== undefined)
      return this.#denied(request, slot.id, `needs ${missing}, which is not granted`);
    if (route.proof) {
      const refused = await this.#checkProof(request, slot.id, signal);
      if (refused !== undefined) return refused;
    }
    const { limits } = instance.quotas;
    if (instance.engine !== 'host' && instance.quotas.fuelLeft() < 1_000_000n) {
      return this.#limited(
        request,
        slot.id,
        'its share of the processor is used up',
        instance.quotas.fuelWaitMs(),
      );
    }
    const { client, params, proof, onProgress } = request;
    const deadlineMs = Math.min(request.deadlineMs ?? limits.deadlineMs, limits.deadlineMs);
    try {
      if (slot.isResting) await this.#wake(slot, instance);
      const result = await callInstance(
        instance,
        {
          target,
          params,
          needs,
          client,
          deadlineMs,
          signal,
          ...(route.proof ? { proof } : {}),
          ...(onProgress === undefined ? {} : { progress: onProgress }),
        },
        this.#clock,
      );
      slot.done++;
      return { status: 'success', result };
    } catch (error) {
      slot.failed++;
      const answer = failure(error);
      const detail = {
        method: request.method,
        client,
        status: answer.status,
        ...('code' in answer ? { code: answer.code } : {}),
      };
      this.#audit.append({ event: 'call.failed', extension: slot.id, detail });
      return answer;
    }
  }

  async #checkProof(
    request: ExtensionRequest,
    extension: string,
    signal: AbortSignal,
  ): Promise<ExtensionResponse | undefined> {
    const { method, client, params, proof } = request;
    const { consensus } = this.#options;
    let reason = 'the call carries no proof';
    if (consensus === undefined) reason = 'this host has no consensus to ask';
    else if (proof !== undefined && proof !== null) {
      try {
        const verdict = await consensus.check({ extension, method, client, params, proof, signal });
        if (verdict.ok) {
          this.#audit.append({ event: 'proof.accepted', extension, detail: { method, client } });
          return undefined;
        }
        ({ reason } = verdict);
      } catch (error) {
        reason = error instanceof Error ? error.message : 'the proof could not be checked';
      }
    }
    this.#audit.append({ event: 'proof.refused', extension, detail: { method, client, reason } });
    return { status: 'invalid_proof', detail: reason };
  }

  #denied({ method, client }: ExtensionRequest, extension: string, reason: string): ExtensionResponse {
    this.#audit.append({ event: 'request.denied', extension, detail: { method, client, reason } });
    return { status: 'permission_denied', detail: reason };
  }

  #limited(
    { method, client }: ExtensionRequest,
    extension: string,
    reason: string,
    waitMs: number,
  ): ExtensionResponse {
    const retryAfterMs = Math.max(1, Math.ceil(waitMs));
    this.#audit.append({ event: 'request.limited', extension, detail: { method, client, reason } });
    return { status: 'rate_limited', detail: reason, retryAfterMs };
  }
}

/** What went wrong in a call as an answer: an extension may say itself which of the refusals it is. */
function failure(error: unknown): ExtensionResponse {
  const detail = error instanceof Error ? error.message : String(error);
  if (error instanceof ExtensionError && error.failure.code === 'extension/ended') {
    return { status: 'failed', code: error.failure.reason, detail };
  }
  if (!(error instanceof ExtensionError || error instanceof GuestError))
    return { status: 'failed', code: 'cancelled', detail };
  switch (error.code) {
    case 'extension/permission-denied':
    case 'extension/revoked':
      return { status: 'permission_denied', detail };
    case 'extension/invalid-proof':
      return { status: 'invalid_proof', detail };
    case 'extension/rate-limited': {
      const retryAfterMs =
        error instanceof GuestError ? Math.max(1, Math.ceil(error.retryAfterMs ?? 1_000)) : 1_000;
      return { status: 'rate_limited', detail, retryAfterMs };
    }
    default:
      return { status: 'failed', code: error.code, detail };
  }
}
