import type { Metrics } from '@hypermesh/core';
import type { Channel } from '../channel.ts';
import { type Fault, faultCode } from '../faults.ts';
import type { Translation } from '../translation/translation.ts';
import { type AnswerWriter, createAnswerWriter, maxAnswers } from '../wire/answers.ts';
import {
  answerHeaderBytes,
  changesMemory,
  maxDataBytes,
  operations,
  windowRequests,
} from '../wire/layout.ts';
import { attachFields, decodeRequests, type FrameReason, type Request } from '../wire/requests.ts';
import { createAccessCounts } from './access-counts.ts';
import { addressAt, admit, standing } from './admission.ts';
import { type Apply, answerBytes } from './apply.ts';
import { type HeldGrant, type Session, settle } from './grants.ts';
import type { Memory } from './memory.ts';

/** What the lanes of one home share. */
export interface LaneParts {
  readonly memory: Memory;
  readonly translation: Translation;
  readonly apply: Apply;
  readonly limits: {
    readonly queuedRequests: number;
    readonly queuedBytes: number;
    readonly attaches: number;
  };
  readonly metrics: Metrics;
  nowMs(): number;
  /** Runs the rest of a long queue in a later turn. */
  defer(task: () => void): void;
  /** Checks a token and finds its session; slow, as it may ask a ledger. */
  attach(fields: ReturnType<typeof attachFields>): Promise<Session | { fault: Fault; moved?: Uint8Array }>;
  /** The answer's data to an attach that gave this handle. */
  welcome(session: Session, handle: number): Uint8Array;
  /** Hears of a frame that is none; the channel is closed. */
  refused(reason: FrameReason): void;
}

interface Waiting {
  readonly request: Request;
  /** Whose request it is; without a fault it was admitted and counts as in flight. */
  readonly session: Session | undefined;
  readonly fault: Fault | undefined;
}

const nothing = new Uint8Array();
const empty = Buffer.alloc(0);
/** Frames of answers that one turn makes at most, so that one peer does not hold up the others. */
const framesPerTurn = 4;
const mostHandles = 256;
/** Requests beyond `queuedRequests` that wait to be refused: a client has no more of them, copies included. Then the channel is closed. */
const mostRefused = 2 * windowRequests;
/** Places that were answered and are still in the queue before it is moved up. */
const mostAnswered = 1_024;

/** One channel that is served. */
export interface Lane {
  /** Whether an admitted request under the grant waits here. */
  holds(held: HeldGrant): boolean;
  /** Drops what waits, unapplied, and closes the channel. */
  close(): void;
}

/** Serves one channel: admits what arrives at once, applies it in order, answers in frames. */
export function openLane(channel: Channel, parts: LaneParts, onClosed: () => void): Lane {
  const { memory, translation, apply, limits } = parts;
  const sessions = new Map<number, Session>();
  const queue: Waiting[] = [];
  let head = 0;
  let queuedBytes = 0;
  let isRunning = false;
  let isClosed = false;
  let attaching = 0;
  let lastHandle = 0;

  function arrive(request: Request): void {
    if (request.operation === operations.attach) {
      if (attaching >= limits.attaches || sessions.size >= mostHandles)
        put({ request, session: undefined, fault: 'Busy' });
      else attach(request).catch(close);
      return;
    }
    const session = sessions.get(request.handle);
    if (request.operation === operations.detach) {
      if (session !== undefined && sessions.delete(request.handle)) session.channels -= 1;
      put({ request, session: undefined, fault: undefined });
      return;
    }
    const fault = session === undefined ? 'StaleGeneration' : faultOf(session, request);
    if (fault !== undefined || session === undefined) {
      put({ request, session, fault });
      return;
    }
    session.held.inFlight += 1;
    session.held.usedBytes += request.bytes;
    session.held.usedOperations += 1;
    put({ request, session, fault: undefined });
  }

  function faultOf({ held, window }: Session, request: Request): Fault | undefined {
    const now = { translation, nowMs: parts.nowMs() };
    if (queue.length - head >= limits.queuedRequests || queuedBytes > limits.queuedBytes) return 'Busy';
    const isKnown = changesMemory(request.operation) && typeof window.known(request.id) !== 'string';
    return isKnown ? standing(held, now) : admit(held, request, now);
  }

  function put({ request, session, fault }: Waiting): void {
    // What is not applied needs no more of its frame, which may be large.
    const isApplied = session !== undefined && fault === undefined;
    queue.push({ request: isApplied ? request : { ...request, frame: empty }, session, fault });
    queuedBytes += request.bytes;
  }

  /** Applies what waits, in frames; between turns and while the channel is full the queue stays. */
  function run(frames = framesPerTurn): void {
    let left = frames;
    while (head < queue.length && !isClosed) {
      if (left === 0) {
        parts.defer(() => run());
        return;
      }
      left -= 1;
      const settled: HeldGrant[] = [];
      const room = channel.send(answerSome(settled));
      for (const held of settled) settle(held);
      if (room !== undefined) {
        room.then(() => run(), close);
        return;
      }
    }
    queue.length = 0;
    head = 0;
    isRunning = false;
  }

  function answerSome(settled: HeldGrant[]): Buffer {
    let capacity = 0;
    for (let at = head; at < queue.length && at < head + maxAnswers && capacity < maxDataBytes; at += 1)
      capacity += answerHeaderBytes + sizeOf(queue[at] as Waiting);
    const answers = createAnswerWriter(capacity);
    const counts = createAccessCounts();
    while (head < queue.length) {
      const waiting = queue[head] as Waiting;
      if (!answers.hasRoom(sizeOf(waiting))) break;
      head += 1;
      queuedBytes -= waiting.request.bytes;
      counts.add(waiting.request, waiting.fault);
      if (waiting.fault !== undefined) refuse(waiting, waiting.fault, answers);
      else if (waiting.session === undefined) answers.begin(waiting.request.id, 0, 0);
      else {
        applyOnce(waiting.session, waiting.request, answers);
        settled.push(waiting.session.held);
      }
    }
    counts.tell(parts.metrics);
    if (head > mostAnswered) {
      queue.splice(0, head);
      head = 0;
    }
    return answers.finish();
  }

  function sizeOf({ request, session, fault }: Waiting): number {
    if (fault === 'Moved') return session?.held.moved?.length ?? 0;
    if (fault !== undefined) return 1;
    return session === undefined ? 0 : answerBytes(request);
  }

  /** Tells a fault, and whether an earlier copy of the request has been applied all the same. */
  function refuse({ request, session }: Waiting, fault: Fault, answers: AnswerWriter): void {
    const isApplied =
      changesMemory(request.operation) && typeof session?.window.known(request.id) === 'object';
    const told = request.operation === operations.attach ? nothing : Uint8Array.of(isApplied ? 1 : 0);
    const data = fault === 'Moved' ? (session?.held.moved ?? nothing) : told;
    answers.frame.set(data, answers.begin(request.id, faultCode(fault), data.length));
  }

  function applyOnce(session: Session, request: Request, answers: AnswerWriter): void {
    const place = (range: number) => translation.placeOf(session.held.slot, addressAt(request, range));
    session.window.raise(request.floor);
    if (!changesMemory(request.operation)) {
      apply(memory, request, place, answers);
      return;
    }
    const known = session.window.known(request.id);
    if (known === 'new') session.window.keep(request.id, apply(memory, request, place, answers));
    else if (known === 'stale') answers.begin(request.id, faultCode('Busy'), 0);
    else answers.frame.set(known, answers.begin(request.id, 0, known.length));
  }

  async function attach(request: Request): Promise<void> {
    attaching += 1;
    try {
      await answerAttach(request);
    } finally {
      attaching -= 1;
    }
  }

  /** Ends when the channel has room again, so that a peer which takes no answers cannot pile them up. */
  async function answerAttach(request: Request): Promise<void> {
    const answer = (status: number, data: Uint8Array) => {
      const answers = createAnswerWriter(answerHeaderBytes + data.length);
      answers.frame.set(data, answers.begin(request.id, status, data.length));
      return channel.send(answers.finish());
    };
    const found = await parts.attach(attachFields(request));
    if (isClosed) return;
    if ('fault' in found) {
      await answer(faultCode(found.fault), found.moved ?? nothing);
      return;
    }
    let handle = [...sessions].find(([, session]) => session === found)?.[0];
    if (handle === undefined) {
      handle = ++lastHandle;
      found.channels += 1;
      sessions.set(handle, found);
    }
    await answer(0, parts.welcome(found, handle));
  }

  function close(): void {
    if (isClosed) return;
    isClosed = true;
    for (; head < queue.length; head += 1) {
      const { session, fault } = queue[head] as Waiting;
      if (session !== undefined && fault === undefined) settle(session.held);
    }
    for (const session of sessions.values()) session.channels -= 1;
    sessions.clear();
    channel.close();
    onClosed();
  }

  channel.start({
    frame(bytes) {
      if (isClosed) return;
      const decoded = decodeRequests(bytes);
      if (!decoded.ok) {
        parts.refused(decoded.reason);
        close();
        return;
      }
      for (const request of decoded.requests) arrive(request);
      if (queue.length - head > limits.queuedRequests + mostRefused) {
        parts.refused('flood');
        close();
        return;
      }
      if (isRunning || head === queue.length) return;
      isRunning = true;
      run();
    },
    closed: close,
  });
  return {
    holds: (held) =>
      queue.some(({ session, fault }, at) => at >= head && fault === undefined && session?.held === held),
    close,
  };
}
