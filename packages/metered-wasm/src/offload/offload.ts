import { type CheckVerdict, checkMetered } from '../check/check.ts';
import { type MeterVerdict, meter } from '../meter/meter.ts';
import { type MeterOptions, resolveLimits } from '../options.ts';
import { converse, Workers } from '../run/workers.ts';
import type { OffloadRequest } from './worker.ts';

/** Modules up to so many bytes are worked on in the caller's thread: that takes less than a worker's start. */
const INLINE_BYTES = 16_384;
const IDLE_MS = 2_000;
const KEPT_BYTES = 131_072;

let shared: Workers | undefined;

async function offload<Answer extends object>(
  request: OffloadRequest,
  signal: AbortSignal | undefined,
): Promise<Answer | 'deadline' | 'host-memory'> {
  shared ??= new Workers({
    entry: '@hypermesh/metered-wasm/offload-worker',
    workers: 1,
    stackMb: 4,
    idleMs: IDLE_MS,
    heapMb: 1_024,
  });
  const workers = shared;
  const size = request.bytes.length;
  const worker = await workers.acquire(signal);
  worker.ref();
  let isClean = false;
  try {
    signal?.throwIfAborted();
    const answer = await converse<Answer>(worker, request, {
      transfer: [request.bytes.buffer as ArrayBuffer],
      signal,
      isClosed: () => false,
    });
    // Its heap has grown by many times the module: it goes with the worker.
    isClean = typeof answer !== 'string' && size <= KEPT_BYTES;
    return answer;
  } finally {
    if (isClean) workers.release(worker);
    else void workers.discard(worker);
  }
}

/**
 * `meter`, off the caller's thread for any but small modules: some 0.15 s a megabyte there. The bytes are copied before
 * the call returns. Rejects when aborted.
 */
export async function meterInWorker(
  bytes: Uint8Array,
  options: MeterOptions = {},
  signal?: AbortSignal,
): Promise<MeterVerdict> {
  const { maxBytes } = resolveLimits(options);
  if (!(bytes instanceof Uint8Array) || bytes.length <= INLINE_BYTES || bytes.length > maxBytes) {
    return meter(bytes, options);
  }
  const request: OffloadRequest = { work: 'meter', bytes: new Uint8Array(bytes), options };
  const answer = await offload<{ verdict: MeterVerdict }>(request, signal);
  if (typeof answer !== 'string') return answer.verdict;
  return { ok: false, reason: 'too-large', detail: 'the worker that meters has no memory left' };
}

/** `checkMetered`, off the caller's thread like `meterInWorker`; takes over `bytes` and gives them back. */
export async function checkInWorker(
  bytes: Uint8Array,
  options: MeterOptions,
  signal?: AbortSignal,
): Promise<{ readonly verdict: CheckVerdict; readonly bytes: Uint8Array }> {
  if (bytes.length <= INLINE_BYTES) return { verdict: checkMetered(bytes, options), bytes };
  const answer = await offload<{ verdict: CheckVerdict; bytes: Uint8Array }>(
    { work: 'check', bytes, options },
    signal,
  );
  if (typeof answer !== 'string') return answer;
  const detail = 'the worker that checks has no memory left';
  return { verdict: { ok: false, reason: 'too-large', detail }, bytes: new Uint8Array() };
}
