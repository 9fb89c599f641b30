import type { IncomingMessage, ServerResponse } from 'node:http';
import { misfitOf, type Schema } from '@hypermesh/client/routes';
import { toJson } from '../cli/output.ts';
import { type EventStream, sendJson, startEvents } from './answers.ts';
import type { Progress } from './methods/method.ts';
import { problemOf, refuseCall } from './problem.ts';
import type { Named } from './router.ts';
import type { Access } from './tokens.ts';

/** Progress that waits for a slow reader at most; the oldest goes. */
const mostWaiting = 32;
/** A call that has said nothing for so long begins its stream all the same, so that its caller sees it live. */
const quietMs = 1_000;

/** What a handler needs to know of its caller. */
export interface Caller {
  readonly signal: AbortSignal;
  readonly access: Access;
  readonly progress: (progress: Progress) => void;
}

/** What a call is answered with. */
interface Terms {
  readonly signal: AbortSignal;
  readonly access: Access;
  /** Whether the answer is held against its schema. */
  readonly isChecked: boolean;
}

/** Answers a call whole, as JSON. */
export async function answerWhole(
  response: ServerResponse,
  entry: Named<unknown>,
  work: (caller: Caller) => Promise<unknown>,
  { signal, access, isChecked }: Terms,
): Promise<void> {
  const answer = await work({ signal, access, progress: () => undefined });
  if (isChecked) checkAnswer(entry, answer);
  sendJson(response, 200, answer);
}

/**
 * Answers a call as a stream: its progress, then one `result` or `error`. What fails before there was any progress is thrown, and answered like any
 * other failure.
 */
export async function answerStreamed(
  response: ServerResponse,
  entry: Named<unknown>,
  work: (caller: Caller) => Promise<unknown>,
  { signal, access, isChecked }: Terms,
): Promise<void> {
  const waiting: Progress[] = [];
  let stream: EventStream | undefined;
  let pumping: Promise<void> = Promise.resolve();
  let isPumping = false;
  const begin = () => {
    stream ??= startEvents(response);
    return stream;
  };
  const pump = async () => {
    const open = begin();
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      await open.send({ name: 'progress', data: next });
    isPumping = false;
  };
  const quiet = setTimeout(begin, quietMs);
  try {
    const answer = await work({
      signal,
      access,
      progress(progress) {
        waiting.push(progress);
        if (waiting.length > mostWaiting) waiting.shift();
        if (isPumping) return;
        isPumping = true;
        pumping = pump();
      },
    });
    if (isChecked) checkAnswer(entry, answer);
    await pumping;
    await begin().send({ name: 'result', data: answer });
  } catch (error) {
    await pumping;
    if (stream === undefined) throw error;
    const { status, error: problem } = problemOf(error);
    await stream.send({ name: 'error', data: { error: { status, ...problem } } });
  } finally {
    clearTimeout(quiet);
    stream?.end();
  }
}

/** Whether a caller would rather have a stream. */
export const wantsStream = ({ headers }: IncomingMessage): boolean =>
  (headers.accept ?? '').split(',').some((type) => type.trim().startsWith('text/event-stream'));

/** Throws where an answer is not what the table says of it. */
function checkAnswer({ id, route }: Named<unknown>, answer: unknown): void {
  const misfit = misfitOf(route.output as unknown as Schema, JSON.parse(toJson(answer)));
  if (misfit === undefined) return;
  throw refuseCall(
    { code: 'node/answer-differs', route: id, path: misfit.path, next: 'correct the route or its handler' },
    `The answer of ${id} is not what its schema says: ${misfit.path} must be ${misfit.expected}`,
  );
}
