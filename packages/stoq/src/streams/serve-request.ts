import type { Clock } from '@hypermesh/core';
import { StoqError } from '../errors.ts';
import type { StreamFault } from '../events.ts';
import type { Limits } from '../limits.ts';
import type { ByteReader } from './byte-reader.ts';
import { type AnswerStatus, encodeAnswer, MAX_DEADLINE_MS } from './request.ts';
import type { SealedStream } from './sealed-stream.ts';
import { readName } from './wire.ts';

/** A handler's own no, which the requester receives as `refused` with code and body. */
export interface Refusal {
  readonly refusal: { readonly code: string; readonly body: Uint8Array };
}

/** Makes a refusal. `code` is 1 to 64 characters of `a-z 0-9 - . /`, meant for programs. */
export function refuse(code: string, body: Uint8Array = new Uint8Array()): Refusal {
  if (!/^[a-z0-9./-]{1,64}$/.test(code)) {
    throw new StoqError({
      code: 'stoq/bad-argument',
      argument: 'code',
      expected: '1 to 64 of a-z 0-9 - . /',
    });
  }
  return { refusal: { code, body } };
}

/** What a handler may know about the call that it answers. */
export interface CallContext {
  /** Aborted when the requester cancels, the deadline passes or the session ends: the answer is no longer wanted. */
  readonly signal: AbortSignal;
  /** What the requester allows, milliseconds from the arrival of the header. */
  readonly deadlineMs: number;
}

/** Answers one request; its answer is `Uint8Array` or `refuse(…)`. What it throws reaches the requester as `handler-failed` alone. */
type CallHandler = (
  body: Uint8Array,
  context: CallContext,
) => Uint8Array | Refusal | Promise<Uint8Array | Refusal>;

/** What serving needs from its session. */
export interface ServeSetting {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly isBusy: boolean;
  /** Reserves bytes of this peer's share; false when it is used up. */
  readonly reserve: (bytes: number) => boolean;
  readonly release: (bytes: number) => void;
  /** Counts a handler that runs on after its stream has ended among the peer's streams, until it settles. */
  readonly outlived: (handler: Promise<unknown>) => void;
  readonly handlerOf: (name: string) => CallHandler | undefined;
  readonly fault: (fault: StreamFault, name?: string) => void;
}

/** After its answer a requester closes its side; one that does not within this time is cut off. */
const LINGER_MS = 10_000;

/** Serves one request stream from behind its type byte to its end; `headerRead` is called once the header is whole. */
export async function serveRequest(
  stream: SealedStream,
  reader: ByteReader,
  setting: ServeSetting & { readonly headerRead: () => void },
): Promise<void> {
  const { limits, clock, fault } = setting;
  const name = await readName(reader);
  const deadlineMs = Math.min(await reader.uint(4), MAX_DEADLINE_MS);
  const maxBytes = Math.min(await reader.uint(4), limits.requestBytes);
  const length = await reader.uint(4);
  setting.headerRead();
  const refuseWith = async (status: AnswerStatus, why: StreamFault) => {
    fault(why, name);
    await stream.write(encodeAnswer(status, '', new Uint8Array()), true);
    // A body may still be under way: it is read away, so that its sender comes to read the answer.
    void stream.discard(2 * limits.requestBytes);
    await linger(stream, clock, fault, name);
  };
  if (name === undefined) return refuseWith('protocol', 'bad-header');
  if (length > limits.requestBytes) return refuseWith('too-large', 'too-large');
  const handler = setting.handlerOf(name);
  if (handler === undefined) return refuseWith('unknown-name', 'unknown-name');
  if (setting.isBusy || !setting.reserve(length)) return refuseWith('busy', 'busy');

  let held = length;
  let running: Promise<unknown> | undefined;
  const controller = new AbortController();
  const late = Promise.withResolvers<'deadline'>();
  const stopTimer = clock.schedule(deadlineMs, () => late.resolve('deadline'));
  try {
    const body = await Promise.race([reader.take(length), late.promise]);
    if (body === 'deadline') {
      stream.reset();
      return fault('deadline', name);
    }
    if (reader.hasBuffered) {
      stream.reset();
      return fault('unexpected-bytes', name);
    }
    const called = call(handler, body);
    running = called.finally(() => {
      running = undefined;
    });
    const outcome = await Promise.race([late.promise, cancelled(stream), called]);
    controller.abort();
    if (outcome === 'reset') return fault('reset', name);
    if (outcome === 'unexpected-bytes') {
      stream.reset();
      return fault('unexpected-bytes', name);
    }
    // The deadline holds for the sending too: a requester that does not read must not keep the answer here.
    if (outcome !== 'deadline') void late.promise.then(() => stream.reset());
    // An answer that the requester does not read is as much its share as the body that it sent.
    const more = Math.max(0, Math.min(bodyOf(outcome).length, maxBytes) - held);
    const isBusy = !setting.reserve(more);
    if (!isBusy) held += more;
    await stream.write(answerOf(isBusy ? 'busy' : outcome, maxBytes), true);
    if (isBusy) fault('busy', name);
    if (outcome === 'handler-failed') fault(outcome, name);
  } finally {
    stopTimer();
    controller.abort();
    // Whoever asks and resets, over and over, must not have more handlers at work than streams.
    if (running !== undefined) setting.outlived(running.then(() => setting.release(held)));
    else setting.release(held);
  }
  await linger(stream, clock, fault, name);

  async function call(
    answer: CallHandler,
    body: Uint8Array,
  ): Promise<Uint8Array | Refusal | 'handler-failed'> {
    try {
      const given = await answer(body, { signal: controller.signal, deadlineMs });
      return given instanceof Uint8Array || given.refusal.body instanceof Uint8Array
        ? given
        : 'handler-failed';
    } catch {
      // The requester learns the status alone; what went wrong is for the handler's own log.
      return 'handler-failed';
    }
  }
}

/** Resolves only when the requester gives up or breaks the protocol; a half-close waits for its answer. */
async function cancelled(stream: SealedStream): Promise<'reset' | 'unexpected-bytes'> {
  const how = await stream.finished();
  return how === 'ended' ? new Promise(() => {}) : how;
}

const NONE = new Uint8Array();
type Outcome = Uint8Array | Refusal | 'handler-failed' | 'deadline' | 'busy';

function bodyOf(outcome: Outcome): Uint8Array {
  if (typeof outcome === 'string') return NONE;
  return 'refusal' in outcome ? outcome.refusal.body : outcome;
}

function answerOf(outcome: Outcome, maxBytes: number): Uint8Array {
  if (typeof outcome === 'string') return encodeAnswer(outcome, '', NONE);
  const body = bodyOf(outcome);
  if (body.length > maxBytes) return encodeAnswer('too-large', '', NONE);
  return 'refusal' in outcome
    ? encodeAnswer('refused', outcome.refusal.code, body)
    : encodeAnswer('ok', '', body);
}

async function linger(
  stream: SealedStream,
  clock: Clock,
  fault: ServeSetting['fault'],
  name: string | undefined,
): Promise<void> {
  const stop = clock.schedule(LINGER_MS, () => {
    fault('lingering', name);
    stream.reset();
  });
  await stream.done;
  stop();
}
