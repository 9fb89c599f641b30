import type { Verdict } from '@hypermesh/core';
import { type Broker, type CallScope, MAX_HOST_TEXT } from '../broker/broker.ts';
import type { Quotas } from '../broker/quotas.ts';
import { ExtensionError } from '../errors.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import type { PackageFiles } from '../package/rules.ts';
import type { VerifiedPackage } from '../sign/verify.ts';
import type { Guest, Target } from '../tiers/guest.ts';
import type { Turnstile } from './queue.ts';

/** One generation of an extension: its guest with the broker and the accounts that belong to it. */
export interface Instance {
  /** Without its files: those are the guest's, who lets them go while it rests. */
  readonly verified: Omit<VerifiedPackage, 'files'>;
  /** The same files again, checked against what was signed. */
  reread(signal: AbortSignal): Promise<Verdict<{ files: PackageFiles }>>;
  readonly guest: Guest;
  readonly broker: Broker;
  readonly quotas: Quotas;
  readonly engine: 'host' | 'wasm' | 'quickjs';
  readonly config: JsonObject;
  readonly state: { value: JsonValue };
  /** Only in `strict`: one run at a time, so that memory is exact and state has one writer. */
  readonly turnstile?: Turnstile;
}

/** What of an instance is called, by whom, and for how long. */
export interface InstanceCall {
  readonly target: Target;
  readonly params?: unknown;
  readonly needs: CallScope['needs'];
  readonly client?: string;
  readonly proof?: unknown;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  readonly progress?: (event: JsonValue) => void;
}

function nameOf(target: Target): string {
  return target.kind === 'asset' ? `${target.type} ${target.action}` : target.name;
}

/** Calls into an instance; ends by the deadline in every tier. */
export async function callInstance(
  instance: Instance,
  call: InstanceCall,
  clock: { schedule(delayMs: number, task: () => void): () => void },
): Promise<unknown> {
  const { guest, quotas, config, state, turnstile, verified } = instance;
  const { target, params, needs, client = '', proof, deadlineMs, progress = () => undefined } = call;
  const extension = verified.manifest.id;
  const deadline = new AbortController();
  const cancel = clock.schedule(deadlineMs, () =>
    deadline.abort(
      new ExtensionError({
        code: 'extension/ended',
        extension,
        reason: 'deadline',
        detail: `not done after ${deadlineMs} ms`,
      }),
    ),
  );
  // By hand: a composite signal costs more than the rest of a call.
  const { signal } = deadline;
  const stop = () => deadline.abort(call.signal.reason);
  if (call.signal.aborted) stop();
  else call.signal.addEventListener('abort', stop, { once: true });
  const scope: CallScope = {
    method: nameOf(target),
    client,
    needs,
    hasProof: proof !== undefined,
    hostCalls: quotas.limits.hostCalls,
    hostText: MAX_HOST_TEXT,
  };
  const startedMs = performance.now();
  const run = () =>
    guest.call({
      target,
      params,
      scope,
      proof,
      config,
      state,
      deadlineMs: Math.max(1, deadlineMs - (performance.now() - startedMs)),
      signal,
      progress,
    });
  try {
    return await (turnstile === undefined ? run() : turnstile.pass(signal, run));
  } finally {
    cancel();
    call.signal.removeEventListener('abort', stop);
  }
}
