import { type Log, utf8, type Verdict } from '@hypermesh/core';
import { type MeteredRunner, type MeteredSession, meter, type SessionCall } from '@hypermesh/metered-wasm';
import type { Broker } from '../broker/broker.ts';
import type { Quotas } from '../broker/quotas.ts';
import { ExtensionError } from '../errors.ts';
import type { JsonValue } from '../json.ts';
import type { PackageFiles } from '../package/rules.ts';
import { endedBy, type HostCall, readAnswer, requestOf } from './answer.ts';
import { readDescription } from './description.ts';
import { type Guest, type GuestCall, guestError, type Target } from './guest.ts';
import { MAX_TEXT, toWire } from './wire.ts';

const PAGE = 65_536;
const DESCRIBE = { fuel: 100_000_000n, deadlineMs: 10_000 };
/** How often a call is run again with the answers to what it asked. */
const MAX_ROUNDS = 64;

/** Parts of the strict sandbox that extensions share. */
export interface WasmParts {
  readonly runner: MeteredRunner;
  readonly broker: Broker;
  readonly quotas: Quotas;
  readonly log: Log;
  readonly signal?: AbortSignal | undefined;
}

function operationOf(target: Target): string {
  if (target.kind === 'asset') return `asset ${target.type} ${target.action}`;
  return `${target.kind} ${target.name}`;
}

/**
 * A module of hm-abi-1 under metering; its instance is kept between calls that end well. It has no way into the host:
 * where it needs a capability it ends with `{ calls }`, the broker makes them, and it is called again with all answers so
 * far. What it answers has to follow from its input alone: then it comes to the same point again, and knows more.
 */
export async function openWasm(
  id: string,
  { files, entry }: { readonly files: PackageFiles; readonly entry: string },
  parts: WasmParts,
): Promise<Verdict<{ guest: Guest }>> {
  const { runner, broker, quotas, log, signal } = parts;
  const memoryMaxPages = Math.min(65_536, Math.floor(quotas.limits.memoryBytes / PAGE));
  const metered = meter(files.get(entry) ?? new Uint8Array(), { memoryMaxPages });
  if (!metered.ok) return { ok: false, reason: `${metered.reason}: ${metered.detail}` };
  let { module } = metered;
  let session: MeteredSession | undefined;
  let memoryPages = 0;

  /** Through the instance that is kept; through a fresh one where there is no worker to keep it. */
  async function run(call: SessionCall) {
    if (session?.isOpen !== true) {
      session = undefined;
      const opened = await runner.open({ module, signal: call.signal });
      if (opened.ok) ({ session } = opened);
      else if (opened.reason.reason === 'busy') return runner.run({ module, ...call });
      else throw endedBy(id, 'denied', opened.reason.detail);
    }
    return session.call(call);
  }

  const input = new Uint8Array();
  const first = await run({ op: 'describe', input, ...DESCRIBE, maxOutputBytes: MAX_TEXT, signal }).catch(
    (error: unknown) => {
      if (!(error instanceof ExtensionError)) throw error;
      return { ok: false, reason: 'denied', detail: error.message } as const;
    },
  );
  const refuse = async (reason: string) => {
    await session?.[Symbol.asyncDispose]();
    return { ok: false, reason: `describe: ${reason}` } as const;
  };
  if (!first.ok) return refuse(`${first.reason}: ${first.detail}`);
  let said: unknown;
  try {
    said = JSON.parse(Buffer.from(first.output).toString('utf8'));
  } catch {
    return refuse('not JSON');
  }
  const described = readDescription(said);
  if (!described.ok) return refuse(described.reason);

  async function round(call: GuestCall, answers: readonly JsonValue[], untilMs: number) {
    const fuel = quotas.fuelLeft();
    const deadlineMs = Math.max(1, untilMs - performance.now());
    const text = toWire({ ...requestOf(call), granted: broker.granted, answers });
    // What a client gave is not the extension's doing: charged is what it asks again with.
    if (answers.length > 0) broker.chargeText(call.scope, text.length);
    const input = utf8(text);
    const op = operationOf(call.target);
    const startedMs = performance.now();
    const result = await run({
      op,
      input,
      fuel,
      deadlineMs,
      maxOutputBytes: MAX_TEXT,
      signal: call.signal,
    });
    quotas.spendFuel(result.fuelUsed, performance.now() - startedMs);
    if (result.ok) ({ memoryPages } = result);
    for (const line of result.log) log.info('extension.log', { extension: id, line: line.slice(0, 500) });
    if (result.ok) return readAnswer(id, Buffer.from(result.output).toString('utf8'));
    throw endedBy(id, result.reason === 'trap' ? 'error' : result.reason, result.detail);
  }

  const guest: Guest = {
    description: described.description,
    get memoryBytes() {
      return session?.isOpen === true ? memoryPages * PAGE : undefined;
    },
    async call(call) {
      const untilMs = performance.now() + call.deadlineMs;
      const answers: JsonValue[] = [];
      for (let rounds = 0; rounds < MAX_ROUNDS; rounds++) {
        const answer = await round(call, answers, untilMs);
        if (answer.kind === 'result') {
          if (answer.state !== undefined) call.state.value = answer.state;
          return answer.result;
        }
        answers.push(...(await Promise.all(answer.calls.map((each) => answerTo(broker, call, each)))));
      }
      throw endedBy(id, 'denied', `it asked the host in more than ${MAX_ROUNDS} rounds`);
    },
    async rest() {
      module = new Uint8Array();
      await session?.[Symbol.asyncDispose]();
      session = undefined;
    },
    async wake(found, until) {
      const again = meter(found.get(entry) ?? new Uint8Array(), { memoryMaxPages });
      if (!again.ok) throw endedBy(id, 'denied', `${again.reason}: ${again.detail}`);
      const opened = await runner.open({ module: again.module, signal: until });
      if (opened.ok) ({ session } = opened);
      else if (opened.reason.reason !== 'busy') throw endedBy(id, 'denied', opened.reason.detail);
      ({ module } = again);
    },
    async close() {
      await session?.[Symbol.asyncDispose]();
    },
  };
  return { ok: true, guest };
}

/** Makes one call to a capability for a strict guest; what goes wrong is its answer. */
export async function answerTo(
  broker: Broker,
  call: GuestCall,
  { capability, method, args }: HostCall,
): Promise<JsonValue> {
  try {
    const result = (await broker.invoke(call.scope, capability, method, args)) as JsonValue | undefined;
    // Before the guest sees it: what is no plain data is the host's mistake, and told as such.
    toWire(result);
    return { result: result ?? null };
  } catch (error) {
    const { code, message } = guestError(error);
    return { error: { code, detail: message } };
  }
}
