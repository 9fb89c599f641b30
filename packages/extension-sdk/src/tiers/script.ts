import { type Log, utf8, type Verdict } from '@hypermesh/core';
import type { QuickJs, ScriptSession, ScriptValue } from '@hypermesh/metered-wasm/quickjs';
import type { Broker } from '../broker/broker.ts';
import type { Quotas } from '../broker/quotas.ts';
import type { PackageFiles } from '../package/rules.ts';
import { endedBy, readAnswer, readHostCall, requestOf } from './answer.ts';
import { readDescription } from './description.ts';
import { DRIVER_FILE, driverSource, GUEST_API_FILE, GUEST_API_SOURCE } from './driver.ts';
import { type Guest, type GuestCall, guestError } from './guest.ts';
import { answerTo } from './wasm.ts';
import { fromWire, MAX_TEXT, toWire } from './wire.ts';

const PAGE = 65_536;
const noCall = toWire({ error: { code: 'error', detail: 'no call to the host' } });
/** What loading a script's modules may take: fuel, and time. */
const OPEN = { fuel: 4_000_000_000n, deadlineMs: 15_000 };

/** Parts of the strict sandbox for scripts. */
export interface ScriptParts {
  readonly quickjs: QuickJs;
  readonly broker: Broker;
  readonly quotas: Quotas;
  readonly log: Log;
  readonly nowMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * An ES module in QuickJS, which itself runs metered. Its instance is kept between calls; one that had to be ended is
 * opened again for the next call. What it must keep belongs into `ctx.state`.
 */
export async function openScript(
  id: string,
  { files, entry }: { readonly files: PackageFiles; readonly entry: string },
  parts: ScriptParts,
): Promise<Verdict<{ guest: Guest }>> {
  const { quickjs, broker, quotas, log, nowMs, signal } = parts;
  if (files.has(DRIVER_FILE))
    return { ok: false, reason: `${DRIVER_FILE} is not a name for a file of a package` };
  let program = programOf(files, entry);
  const memoryPages = Math.min(65_536, Math.floor(quotas.limits.memoryBytes / PAGE));
  let running: GuestCall | undefined;
  let session: ScriptSession | undefined;

  const invoke = async (input: ScriptValue | undefined): Promise<ScriptValue> => {
    if (running === undefined || typeof input !== 'string') return noCall;
    const call = running;
    try {
      broker.chargeText(call.scope, input.length);
      const wanted = readHostCall(fromWire(input));
      if (wanted === undefined) return noCall;
      const answer = toWire(await answerTo(broker, call, wanted));
      broker.chargeText(call.scope, answer.length);
      return answer;
    } catch (error) {
      const { code, message } = guestError(error);
      return toWire({ error: { code, detail: message } });
    }
  };

  async function open(until?: AbortSignal): Promise<ScriptSession> {
    if (session?.isOpen) return session;
    session = undefined;
    const opened = await quickjs.open({
      files: program,
      entry: DRIVER_FILE,
      ...OPEN,
      memoryPages,
      clockMs: nowMs,
      randomSeed: crypto.getRandomValues(new Uint8Array(32)),
      host: { 'hm.invoke': invoke },
      ...(until === undefined ? {} : { signal: until }),
    });
    if (!opened.ok) throw endedBy(id, opened.reason, opened.detail);
    session = opened.session;
    return session;
  }

  async function ask(
    name: string,
    input: string | undefined,
    limits: { fuel: bigint; deadlineMs: number; signal?: AbortSignal },
  ) {
    const opened = await open(limits.signal);
    const result = await opened.call(name, input, { ...limits, maxOutputBytes: MAX_TEXT });
    for (const line of result.log) log.info('extension.log', { extension: id, line: line.slice(0, 500) });
    return result;
  }

  let said: Awaited<ReturnType<typeof ask>>;
  try {
    said = await ask('describe', undefined, { ...OPEN, ...(signal === undefined ? {} : { signal }) });
  } catch (error) {
    signal?.throwIfAborted();
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
  const refuse = async (reason: string) => {
    await session?.[Symbol.asyncDispose]();
    return { ok: false, reason: `describe: ${reason}` } as const;
  };
  if (!said.ok) return refuse(`${said.reason}: ${said.detail}`);
  const described = describedIn(said.output);
  if (!described.ok) return refuse(described.reason);

  const guest: Guest = {
    description: described.description,
    get memoryBytes() {
      return session?.isOpen === true ? session.memoryPages * PAGE : undefined;
    },
    // One call at a time: whoever opens this guest queues them.
    async call(call) {
      running = call;
      try {
        const fuel = quotas.fuelLeft();
        const { needs } = call.scope;
        const allowed = needs === 'all' ? broker.granted : [...needs];
        const text = toWire({ ...requestOf(call), granted: broker.granted, allowed });
        const startedMs = performance.now();
        const result = await ask('invoke', text, { fuel, deadlineMs: call.deadlineMs, signal: call.signal });
        quotas.spendFuel(result.fuelUsed, performance.now() - startedMs);
        if (!result.ok) throw endedBy(id, result.reason, result.detail);
        if (typeof result.output !== 'string') throw endedBy(id, 'bad-answer', 'the answer is not a text');
        const answer = readAnswer(id, result.output);
        if (answer.kind === 'calls') throw endedBy(id, 'bad-answer', 'a script calls the host at once');
        if (answer.state !== undefined) call.state.value = answer.state;
        return answer.result;
      } finally {
        running = undefined;
      }
    },
    async rest() {
      program = new Map();
      await session?.[Symbol.asyncDispose]();
      session = undefined;
    },
    async wake(found, until) {
      program = programOf(found, entry);
      try {
        await open(until);
      } catch (error) {
        program = new Map();
        throw error;
      }
    },
    async close() {
      await session?.[Symbol.asyncDispose]();
      session = undefined;
    },
  };
  return { ok: true, guest };
}

/** The files of a package with what stands between them and the host. */
function programOf(files: PackageFiles, entry: string): PackageFiles {
  const own = [DRIVER_FILE, utf8(driverSource(entry))] as const;
  return new Map([[GUEST_API_FILE, utf8(GUEST_API_SOURCE)], ...files, own]);
}

/** What a guest says of itself; the code that writes it down is the guest's, too. */
function describedIn(output: ScriptValue | undefined): ReturnType<typeof readDescription> {
  if (typeof output !== 'string') return { ok: false, reason: 'not a text' };
  try {
    return readDescription(fromWire(output));
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}
