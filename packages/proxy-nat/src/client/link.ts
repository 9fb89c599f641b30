import { type Clock, type Random, toHex } from '@hypermesh/core';
import { type Channel, maxFrameBytes, maxRanges } from '../channel.ts';
import { faultError, ProxyNatError } from '../errors.ts';
import { type Fault, faultOf } from '../faults.ts';
import { decodeAnswers } from '../wire/answers.ts';
import {
  answerHeaderBytes,
  attachHeaderBytes,
  changesMemory,
  frameHeaderBytes,
  operations,
  requestHeaderBytes,
  windowRequests,
} from '../wire/layout.ts';
import { encodeRequests } from '../wire/requests.ts';
import type { Attachment, PendingRequest } from './requests.ts';

/** What a client works with. */
export interface MemoryClientPorts {
  /** Opens a channel to the home; called again when one has closed. Rejects where it cannot. */
  readonly connect: (signal: AbortSignal) => Promise<Channel>;
  readonly clock: Clock;
  /** Cryptographic: the client's instance id comes from it. */
  readonly random: Random;
}

/** How patient a client is. */
export interface Patience {
  /** Until an access fails as `Unreachable` or `Busy`, milliseconds; 10,000 unless told. */
  readonly deadlineMs: number;
  /** Until an unanswered request is sent again, milliseconds, doubling each time; 1,000 unless told. */
  readonly resendMs: number;
  /** Pause after `Busy` and after a channel that could not be opened, milliseconds; 20 unless told. */
  readonly pauseMs: number;
}

/** Carries requests to a home and their answers back, over one channel at a time. */
export interface Link {
  attach(token: Uint8Array): Attachment;
  detach(attachment: Attachment): void;
  /** Ends an attachment that was never answered: with a fault, or as cancelled. */
  giveUp(attachment: Attachment, fault: Fault | undefined): void;
  ask(
    attachment: Attachment,
    request: Pick<PendingRequest, 'operation' | 'payload' | 'ranges' | 'answerBytes' | 'bytes'>,
  ): PendingRequest;
  /** Fails a request that its caller gave up. */
  abandon(request: PendingRequest): void;
  /** Resolves when every request so far is answered; later ones are not sent before. */
  fence(): Promise<void>;
  close(): void;
}

/** Makes a link. It opens its channel with the first attach. */
export function createLink({ connect, clock, random }: MemoryClientPorts, patience: Patience): Link {
  const instance = random.bytes(16);
  const pending = new Map<number, PendingRequest>();
  const attachments = new Set<Attachment>();
  const attaching = new Map<number, Attachment>();
  const fences: { readonly below: number; readonly passed: () => void }[] = [];
  const ended = new AbortController();
  let queue: PendingRequest[] = [];
  let channel: Channel | undefined;
  let isConnecting = false;
  let isBlocked = false;
  let isFlushing = false;
  let isTicking = false;
  let lastId = 0;

  const floor = (): number => {
    for (const id of pending.keys()) return id;
    return lastId + 1;
  };

  function open(): void {
    if (channel !== undefined || isConnecting || ended.signal.aborted) return;
    isConnecting = true;
    connect(ended.signal).then(
      (opened) => {
        isConnecting = false;
        if (ended.signal.aborted) opened.close();
        else use(opened);
      },
      () => {
        clock.schedule(patience.pauseMs, () => {
          isConnecting = false;
          if (pending.size > 0 || attachments.size > 0) open();
        });
      },
    );
  }

  function use(opened: Channel): void {
    channel = opened;
    isBlocked = false;
    opened.start({
      frame: (bytes) => {
        if (channel === opened) receive(bytes);
      },
      closed: () => {
        if (channel === opened) lose();
      },
    });
    for (const attachment of attachments) sendAttach(attachment);
  }

  /** The channel is gone: everything unanswered is sent again under its number once a new one stands. */
  function lose(): void {
    channel = undefined;
    attaching.clear();
    for (const attachment of attachments) attachment.handle = 0;
    for (const request of pending.values()) if (request.sent > 0) requeue(request);
    queue.sort((a, b) => a.id - b.id);
    if (pending.size > 0 || [...attachments].some(({ isKnown }) => !isKnown)) open();
  }

  function requeue(request: PendingRequest): void {
    if (request.isQueued) return;
    request.isQueued = true;
    queue.push(request);
  }

  function sendAttach(attachment: Attachment): void {
    if (attachment.lost !== undefined || channel === undefined) return;
    const { token, isKnown } = attachment;
    const payload = Buffer.alloc(attachHeaderBytes + token.length);
    payload.set(instance);
    payload[16] = isKnown ? 1 : 0;
    payload.writeUInt16BE(token.length, 18);
    payload.set(token, attachHeaderBytes);
    const id = ++lastId;
    attaching.set(id, attachment);
    const request = { operation: operations.attach, id, payload, ranges: 0 };
    void channel.send(encodeRequests([request], id, () => 0));
    tickLater();
    const again = channel;
    clock.schedule(patience.resendMs, () => {
      if (attaching.delete(id) && attachment.handle === 0 && channel === again) sendAttach(attachment);
    });
  }

  function flushSoon(): void {
    if (isFlushing) return;
    isFlushing = true;
    queueMicrotask(() => {
      isFlushing = false;
      flush();
    });
  }

  function flush(): void {
    if (queue.length === 0) return;
    if (channel === undefined) {
      open();
      return;
    }
    while (queue.length > 0 && !isBlocked && channel !== undefined) {
      const batch = takeBatch();
      if (batch.length === 0) return;
      const sentMs = clock.monotonicMs();
      for (const request of batch) {
        request.isQueued = false;
        request.sent += 1;
        request.sentMs = sentMs;
      }
      const used: Channel = channel;
      const room = used.send(encodeRequests(batch, floor(), (at) => batch[at]?.attachment.handle ?? 0));
      if (room === undefined) continue;
      isBlocked = true;
      const unblock = () => {
        if (channel !== used) return;
        isBlocked = false;
        flush();
      };
      room.then(unblock, unblock);
    }
  }

  /** What goes into the next frame: in order, up to 64 ranges and a frame's bytes each way, none beyond window or fence. */
  function takeBatch(): PendingRequest[] {
    const limit = Math.min(floor() + windowRequests, fences[0]?.below ?? Number.POSITIVE_INFINITY);
    const batch: PendingRequest[] = [];
    const rest: PendingRequest[] = [];
    let there = frameHeaderBytes;
    let back = frameHeaderBytes;
    let ranges = 0;
    let at = 0;
    for (; at < queue.length; at += 1) {
      const request = queue[at] as PendingRequest;
      if (!pending.has(request.id)) continue;
      if (request.id >= limit || request.attachment.handle === 0) {
        rest.push(request);
        continue;
      }
      there += requestHeaderBytes + request.payload.length;
      back += answerHeaderBytes + request.answerBytes;
      ranges += request.ranges;
      const isFull = there > maxFrameBytes || back > maxFrameBytes || ranges > maxRanges;
      if (batch.length > 0 && isFull) break;
      batch.push(request);
    }
    queue = rest.length === 0 ? queue.slice(at) : [...rest, ...queue.slice(at)];
    return batch;
  }

  function receive(bytes: Uint8Array): void {
    const decoded = decodeAnswers(bytes);
    if (!decoded.ok) {
      breakOff();
      return;
    }
    for (const { id, status, data } of decoded.answers) {
      const fault = status === 0 ? undefined : faultOf(status);
      const attachment = attaching.get(id);
      if (attachment !== undefined) {
        attaching.delete(id);
        attached(attachment, fault, data);
        continue;
      }
      const request = pending.get(id);
      if (request === undefined) continue;
      if (fault === 'Busy') pause(request);
      else if (fault !== undefined) refuse(request, fault, data);
      else if (data.length !== request.answerBytes) fail(request, 'Integrity');
      else settle(request).resolve(data);
    }
    passFences();
    if (queue.length > 0) flush();
  }

  function attached(attachment: Attachment, fault: Fault | undefined, data: Uint8Array): void {
    if (fault === 'Busy') {
      clock.schedule(patience.pauseMs, () => sendAttach(attachment));
      return;
    }
    if (fault !== undefined) {
      attachment.lost = fault;
      attachments.delete(attachment);
      const moved = fault === 'Moved' ? toHex(data) : undefined;
      attachment.answered.reject(faultError(fault, 'no', moved));
      for (const request of pending.values())
        if (request.attachment === attachment) fail(request, fault, moved);
      return;
    }
    attachment.handle = data.length < 4 ? 0 : Buffer.from(data.buffer, data.byteOffset, 4).readUInt32BE(0);
    attachment.isKnown = true;
    attachment.answered.resolve(data);
  }

  /** The other end does not speak the protocol: nothing that it says counts, and nothing is asked of it again. */
  function breakOff(): void {
    const broken = channel;
    channel = undefined;
    for (const request of pending.values()) fail(request, 'Integrity');
    for (const attachment of attachments) attachment.answered.reject(faultError('Integrity', 'no'));
    attachments.clear();
    attaching.clear();
    broken?.close();
    passFences();
  }

  function settle(request: PendingRequest): PromiseWithResolvers<Uint8Array> {
    pending.delete(request.id);
    return request.answered;
  }

  /** Fails a request by the home's own answer to it: to its first copy, that shows that nothing was applied. */
  function refuse(request: PendingRequest, fault: Fault, data: Uint8Array): void {
    const mapping = fault === 'Moved' ? toHex(data) : undefined;
    const wasApplied = fault !== 'Moved' && data[0] === 1;
    const effect = changesMemory(request.operation) && request.sent > 1 ? 'unknown' : 'no';
    settle(request).reject(faultError(fault, wasApplied ? 'yes' : effect, mapping));
  }

  /** Fails a request without an answer to it: if it was ever sent, it may have been applied. */
  function fail(request: PendingRequest, fault: Fault, mapping?: string): void {
    const isUnknown = changesMemory(request.operation) && request.sent > 0;
    settle(request).reject(faultError(fault, isUnknown ? 'unknown' : 'no', mapping));
  }

  function pause(request: PendingRequest): void {
    request.isBusy = true;
    clock.schedule(patience.pauseMs, () => {
      if (!pending.has(request.id)) return;
      requeue(request);
      flush();
    });
  }

  function passFences(): void {
    for (let next = fences[0]; next !== undefined && floor() >= next.below; next = fences[0]) {
      fences.shift();
      next.passed();
    }
  }

  /** One timer watches all requests, as long as there are any. */
  function tickLater(): void {
    if (isTicking) return;
    isTicking = true;
    clock.schedule(Math.max(1, patience.resendMs / 2), tick);
  }

  function tick(): void {
    isTicking = false;
    const nowMs = clock.monotonicMs();
    for (const request of pending.values()) {
      const againMs = request.sentMs + patience.resendMs * 2 ** Math.min(request.sent - 1, 3);
      if (nowMs >= request.deadlineMs) fail(request, request.isBusy ? 'Busy' : 'Unreachable');
      else if (request.sent > 0 && nowMs >= againMs) requeue(request);
    }
    passFences();
    flush();
    if (pending.size > 0) tickLater();
  }

  return {
    attach(token) {
      const answered = Promise.withResolvers<Uint8Array>();
      answered.promise.catch(() => undefined);
      const attachment: Attachment = { token, handle: 0, isKnown: false, lost: undefined, answered };
      attachments.add(attachment);
      if (channel === undefined) open();
      else sendAttach(attachment);
      answered.promise.then(flushSoon, () => undefined);
      return attachment;
    },
    detach(attachment) {
      if (!attachments.delete(attachment)) return;
      attachment.lost = 'StaleGeneration';
      for (const request of pending.values())
        if (request.attachment === attachment) fail(request, 'StaleGeneration');
      const { handle } = attachment;
      const request = { operation: operations.detach, id: ++lastId, payload: new Uint8Array(), ranges: 0 };
      if (handle !== 0) void channel?.send(encodeRequests([request], floor(), () => handle));
    },
    giveUp(attachment, fault) {
      if (attachment.isKnown || !attachments.delete(attachment)) return;
      const cancelled = new ProxyNatError({ code: 'proxy-nat/cancelled' }, 'the attach was given up');
      attachment.answered.reject(fault === undefined ? cancelled : faultError(fault, 'no'));
    },
    ask(attachment, request) {
      if (ended.signal.aborted) throw new ProxyNatError({ code: 'proxy-nat/closed' }, 'the client is closed');
      if (attachment.lost !== undefined) throw faultError(attachment.lost, 'no');
      const asked: PendingRequest = {
        ...request,
        id: ++lastId,
        attachment,
        deadlineMs: clock.monotonicMs() + patience.deadlineMs,
        sent: 0,
        sentMs: 0,
        isQueued: true,
        isBusy: false,
        answered: Promise.withResolvers<Uint8Array>(),
      };
      pending.set(asked.id, asked);
      queue.push(asked);
      flushSoon();
      tickLater();
      return asked;
    },
    abandon(request) {
      if (!pending.has(request.id)) return;
      settle(request).reject(new ProxyNatError({ code: 'proxy-nat/cancelled' }, 'the access was given up'));
      passFences();
    },
    fence() {
      if (pending.size === 0) return Promise.resolve();
      return new Promise((passed) => fences.push({ below: lastId + 1, passed }));
    },
    close() {
      if (ended.signal.aborted) return;
      ended.abort();
      const used = channel;
      channel = undefined;
      for (const request of pending.values()) fail(request, 'Unreachable');
      for (const attachment of attachments) attachment.answered.reject(faultError('Unreachable', 'no'));
      attachments.clear();
      passFences();
      used?.close();
    },
  };
}
