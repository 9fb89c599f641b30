import { addressOf } from '../authority/signed.ts';
import { ProxyNatError } from '../errors.ts';
import { type Words, wordsOf } from '../translation/translation.ts';
import {
  attachAnswerBytes,
  maxDataBytes,
  type OperationCode,
  operations,
  rangeBytes,
} from '../wire/layout.ts';
import { createLink, type Link, type MemoryClientPorts, type Patience } from './link.ts';
import { checkRanges, encodeRange, encodeRanges, planRequests, type Range } from './plan.ts';
import type { Attachment } from './requests.ts';

/** How one access may be given up. */
export interface AccessOptions {
  /** Aborting rejects with `proxy-nat/cancelled`; an access that was sent may still take effect. */
  readonly signal?: AbortSignal;
}

/**
 * A region of another node, by offsets from its base, bytes. Accesses of one turn share a frame; up to 1,024 are on the
 * way at once, and they may take effect in any order until they are answered. Each rejects with `proxy-nat/fault`.
 */
export interface RemoteMemory {
  readonly address: bigint;
  readonly sizeBytes: number;
  /** Bits of `rights`. */
  readonly rights: number;
  /** The home's signed mapping record. */
  readonly mapping: Uint8Array;
  /** Reads bytes. Whole pages are never torn; the bytes are the caller's. */
  read(offset: number, length: number, options?: AccessOptions): Promise<Uint8Array>;
  /** Writes bytes; they are copied before this returns. What lies in one page is written in one instant. */
  write(offset: number, bytes: Uint8Array, options?: AccessOptions): Promise<void>;
  /** Reads many ranges, 64 a request. Ranges of one request are read in one instant. */
  readv(ranges: readonly Range[], options?: AccessOptions): Promise<Uint8Array[]>;
  /** Writes many ranges, 64 a request. */
  writev(
    parts: readonly { readonly offset: number; readonly bytes: Uint8Array }[],
    options?: AccessOptions,
  ): Promise<void>;
  /** Swaps the 8 bytes at an offset divisible by 8 where they hold `expected`; little-endian, modulo 2^64. */
  cas64(
    offset: number,
    change: { readonly expected: bigint; readonly desired: bigint },
    options?: AccessOptions,
  ): Promise<{ readonly isSwapped: boolean; readonly before: bigint }>;
  /** Adds to the 8 bytes at an offset divisible by 8; what was there before. Modulo 2^64, so -1n subtracts 1. */
  fetchAdd64(offset: number, delta: bigint, options?: AccessOptions): Promise<bigint>;
  /** Resolves when everything asked before has been answered; nothing asked later takes effect before that. */
  fence(): Promise<void>;
  /** Gives the region back; what is unanswered fails. */
  detach(): void;
}

/** A client of one home. */
export interface MemoryClient {
  /** Attaches with a token. Rejects with `proxy-nat/fault` where the home refuses it, `Unreachable` after the deadline. */
  attach(token: Uint8Array, options?: AccessOptions): Promise<RemoteMemory>;
  /** Fails what is unanswered and closes the channel. */
  close(): void;
}

/** Makes a client of one home; its channel opens with the first attach and again after it was lost. */
export function createMemoryClient(ports: MemoryClientPorts, patience: Partial<Patience> = {}): MemoryClient {
  const full = { deadlineMs: 10_000, resendMs: 1_000, pauseMs: 20, ...patience };
  const link = createLink(ports, full);
  return {
    async attach(token, { signal } = {}) {
      signal?.throwIfAborted();
      const attachment = link.attach(token);
      const cancel = ports.clock.schedule(full.deadlineMs, () => link.giveUp(attachment, 'Unreachable'));
      const abort = () => link.giveUp(attachment, undefined);
      signal?.addEventListener('abort', abort, { once: true });
      try {
        return remoteMemory(link, attachment, await attachment.answered.promise);
      } finally {
        cancel();
        signal?.removeEventListener('abort', abort);
      }
    },
    close: () => link.close(),
  };
}

function remoteMemory(link: Link, attachment: Attachment, welcome: Uint8Array): RemoteMemory {
  if (welcome.length < attachAnswerBytes) {
    link.detach(attachment);
    throw new ProxyNatError(
      { code: 'proxy-nat/channel', reason: 'answer' },
      'the home gives no valid answer',
    );
  }
  const view = new DataView(welcome.buffer, welcome.byteOffset, welcome.length);
  const address = addressOf(welcome.subarray(8, 24));
  const base: Words = wordsOf(address);

  /** One range in one request, without the arrays: what most accesses are. */
  function accessOne(
    operation: OperationCode,
    range: Range,
    { answerBytes, data }: { answerBytes: number; data?: Uint8Array },
  ): Promise<Uint8Array> {
    const payload = encodeRange(base, range, data?.length ?? 0);
    if (data !== undefined) payload.set(data, rangeBytes);
    return link.ask(attachment, { operation, payload, ranges: 1, answerBytes, bytes: range.length }).answered
      .promise;
  }

  async function access(
    operation: OperationCode,
    ranges: readonly Range[],
    {
      answerBytes,
      data = [],
      signal,
    }: { answerBytes: number; data?: readonly Uint8Array[]; signal: AbortSignal | undefined },
  ): Promise<Uint8Array> {
    signal?.throwIfAborted();
    const dataBytes = data.reduce((sum, { length }) => sum + length, 0);
    const payload = encodeRanges(base, ranges, dataBytes);
    let at = ranges.length * rangeBytes;
    for (const bytes of data) {
      payload.set(bytes, at);
      at += bytes.length;
    }
    const bytes = ranges.reduce((sum, { length }) => sum + length, 0);
    const asked = link.ask(attachment, { operation, payload, ranges: ranges.length, answerBytes, bytes });
    if (signal === undefined) return asked.answered.promise;
    const abort = () => link.abandon(asked);
    signal.addEventListener('abort', abort, { once: true });
    return asked.answered.promise.finally(() => signal.removeEventListener('abort', abort));
  }

  async function readv(ranges: readonly Range[], { signal }: AccessOptions = {}): Promise<Uint8Array[]> {
    checkRanges(ranges);
    const plan = planRequests(ranges);
    const answers = await Promise.all(
      plan.map((part) => {
        const answerBytes = part.reduce((sum, { length }) => sum + length, 0);
        return access(operations.read, part, { answerBytes, signal });
      }),
    );
    const only = answers.length === 1 ? answers[0] : undefined;
    const all = only ?? Buffer.concat(answers);
    let at = 0;
    return ranges.map(({ length }) => {
      at += length;
      return all.subarray(at - length, at);
    });
  }

  async function writev(
    parts: readonly { readonly offset: number; readonly bytes: Uint8Array }[],
    { signal }: AccessOptions = {},
  ): Promise<void> {
    const ranges = parts.map(({ offset, bytes }) => ({ offset, length: bytes.length }));
    checkRanges(ranges);
    const all = parts.length === 1 ? parts[0]?.bytes : Buffer.concat(parts.map(({ bytes }) => bytes));
    let at = 0;
    await Promise.all(
      planRequests(ranges).map((part) => {
        const length = part.reduce((sum, range) => sum + range.length, 0);
        const data = all?.subarray(at, at + length) ?? new Uint8Array();
        at += length;
        return access(operations.write, part, { answerBytes: 0, data: [data], signal });
      }),
    );
  }

  const word = (...values: readonly bigint[]): Uint8Array => {
    const bytes = Buffer.allocUnsafe(8 * values.length);
    for (const [index, value] of values.entries())
      bytes.writeBigUInt64LE(BigInt.asUintN(64, value), index * 8);
    return bytes;
  };
  const wordAt = (bytes: Uint8Array, at: number): bigint =>
    new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getBigUint64(at, true);

  return {
    address,
    sizeBytes: view.getUint32(24) * 2 ** 32 + view.getUint32(28),
    rights: view.getUint32(4),
    mapping: Uint8Array.from(welcome.subarray(attachAnswerBytes)),
    async read(offset, length, options) {
      const range = { offset, length };
      checkRanges([range]);
      if (options?.signal === undefined && length <= maxDataBytes)
        return accessOne(operations.read, range, { answerBytes: length });
      const [bytes = new Uint8Array()] = await readv([{ offset, length }], options);
      return bytes;
    },
    async write(offset, bytes, options) {
      const range = { offset, length: bytes.length };
      checkRanges([range]);
      if (options?.signal !== undefined || bytes.length > maxDataBytes)
        await writev([{ offset, bytes }], options);
      else await accessOne(operations.write, range, { answerBytes: 0, data: bytes });
    },
    readv,
    writev,
    async cas64(offset, { expected, desired }, { signal } = {}) {
      const range = [{ offset, length: 8 }];
      checkRanges(range);
      const data = [word(expected, desired)];
      const answer = await access(operations.cas64, range, { answerBytes: 16, data, signal });
      return { isSwapped: answer[0] === 1, before: wordAt(answer, 8) };
    },
    async fetchAdd64(offset, delta, { signal } = {}) {
      const range = [{ offset, length: 8 }];
      checkRanges(range);
      const answer = await access(operations.fetchAdd64, range, {
        answerBytes: 8,
        data: [word(delta)],
        signal,
      });
      return wordAt(answer, 0);
    },
    fence: () => link.fence(),
    detach: () => link.detach(attachment),
  };
}
