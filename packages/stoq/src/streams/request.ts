import type { Clock } from '@hypermesh/core';
import { hasCode } from '@hypermesh/core';
import { StoqError } from '../errors.ts';
import { uint } from '../session/reader.ts';
import { ByteReader } from './byte-reader.ts';
import type { SealedStream } from './sealed-stream.ts';
import { encodeName, STREAM_TYPE } from './wire.ts';

/** Why a request has no answer. Stable public API. */
export type RequestReason =
  | 'refused'
  | 'unknown-name'
  | 'handler-failed'
  | 'deadline'
  | 'cancelled'
  | 'too-large'
  | 'busy'
  | 'closed'
  | 'protocol';

/** How a request ended; `code` and `body` of a `refused` one are the handler's own. */
export type RequestResult =
  | { readonly ok: true; readonly body: Uint8Array }
  | {
      readonly ok: false;
      readonly reason: RequestReason;
      readonly code?: string;
      readonly body?: Uint8Array;
    };

/** Options of one request. */
export interface RequestOptions {
  readonly signal?: AbortSignal;
  /** How long the answer may take, at both ends, milliseconds; at most a day. Default 30 000. */
  readonly deadlineMs?: number;
  /** Largest answer that is taken, at most 10 MB, which is the default. */
  readonly maxBytes?: number;
}

/** Longest deadline: a day. Timers of 2^31 ms and more would fire at once. */
export const MAX_DEADLINE_MS = 86_400_000;

/** Answers' first byte; a number is never given to another status. */
const STATUS = [
  'ok',
  'refused',
  'unknown-name',
  'handler-failed',
  'deadline',
  'too-large',
  'busy',
  'protocol',
] as const;
export type AnswerStatus = (typeof STATUS)[number];

/** What a request needs from its session. */
export interface RequestSetting {
  readonly open: () => Promise<SealedStream>;
  readonly clock: Clock;
  /** The 10 MB cap, or less. */
  readonly capBytes: number;
}

/** Sends a request and collects its answer. Resolves in every case but misuse; deadline and cancellation reset the stream. */
export async function sendRequest(
  { open, clock, capBytes }: RequestSetting,
  call: { readonly name: string; readonly body: Uint8Array },
  options: RequestOptions = {},
): Promise<RequestResult> {
  const { signal } = options;
  const deadlineMs = Math.min(options.deadlineMs ?? 30_000, MAX_DEADLINE_MS);
  const maxBytes = Math.min(options.maxBytes ?? capBytes, capBytes);
  for (const [argument, value] of Object.entries({ deadlineMs, maxBytes })) {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new StoqError({ code: 'stoq/bad-argument', argument, expected: 'a non-negative integer' });
    }
  }
  const head = Buffer.concat([
    Uint8Array.of(STREAM_TYPE.request),
    encodeName(call.name),
    uint(deadlineMs, 4),
    uint(maxBytes, 4),
    uint(call.body.length, 4),
  ]);
  if (call.body.length > capBytes) return { ok: false, reason: 'too-large' };
  if (signal?.aborted) return { ok: false, reason: 'cancelled' };

  const { promise, resolve } = Promise.withResolvers<RequestResult>();
  let stream: SealedStream | undefined;
  let isOver = false;
  const end = (result: RequestResult) => {
    if (isOver) return;
    isOver = true;
    if (!result.ok && (result.reason === 'deadline' || result.reason === 'cancelled')) stream?.reset();
    resolve(result);
  };
  const onAbort = () => end({ ok: false, reason: 'cancelled' });
  const stopTimer = clock.schedule(deadlineMs, () => end({ ok: false, reason: 'deadline' }));
  signal?.addEventListener('abort', onAbort, { once: true });

  const exchange = async (): Promise<RequestResult> => {
    stream = await open();
    if (isOver) stream.reset();
    // One record for the common small request: header and body together. An answer may come before a long body is out.
    let isSent = false;
    stream.write(call.body.length === 0 ? head : Buffer.concat([head, call.body])).then(
      () => {
        isSent = true;
      },
      () => stream?.reset(),
    );
    const result = await readAnswer(new ByteReader(stream), maxBytes);
    if (isSent && (result.ok || result.reason !== 'too-large')) {
      stream.closeCarrier().catch(() => stream?.reset());
    } else {
      stream.reset();
    }
    return result;
  };
  exchange().then(end, (error: unknown) => {
    stream?.reset();
    end({ ok: false, reason: hasCode(error, 'stoq/protocol') ? 'protocol' : 'closed' });
  });
  try {
    return await promise;
  } finally {
    stopTimer();
    signal?.removeEventListener('abort', onAbort);
  }
}

async function readAnswer(reader: ByteReader, maxBytes: number): Promise<RequestResult> {
  const status = STATUS[await reader.uint(1)];
  const code = Buffer.from(await reader.take(await reader.uint(1))).toString('latin1');
  const length = await reader.uint(4);
  if (status === undefined) throw new StoqError({ code: 'stoq/protocol', detail: 'unknown answer status' });
  if (length > maxBytes) return { ok: false, reason: 'too-large' };
  const body = await reader.take(length);
  if (await reader.hasMore())
    throw new StoqError({ code: 'stoq/protocol', detail: 'bytes behind an answer' });
  if (status === 'ok') return { ok: true, body };
  return status === 'refused' ? { ok: false, reason: status, code, body } : { ok: false, reason: status };
}

/** `u8 status`, `u8 length` and code, `u32 length` and body. */
export function encodeAnswer(status: AnswerStatus, code: string, body: Uint8Array): Uint8Array {
  return Buffer.concat([
    Uint8Array.of(STATUS.indexOf(status), code.length),
    Buffer.from(code, 'latin1'),
    uint(body.length, 4),
    body,
  ]);
}
