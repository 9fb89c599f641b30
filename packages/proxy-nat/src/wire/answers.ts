import type { Verdict } from '@hypermesh/core';
import { maxFrameBytes } from '../channel.ts';
import { faults } from '../faults.ts';
import { answerHeaderBytes, frameHeaderBytes, kinds, version } from './layout.ts';
import type { FrameReason } from './requests.ts';
import { allocate } from './slab.ts';

/** One answer. `data` of a decoded one is a view of its frame. */
export interface Answer {
  readonly id: number;
  /** 0, or the code of a fault. */
  readonly status: number;
  readonly data: Uint8Array;
}

/** Most answers of one frame. */
export const maxAnswers = 64;

/** Builds one frame of answers; data are written in place, so that a page is copied once. */
export interface AnswerWriter {
  readonly count: number;
  /** Starts an answer with room for `length` bytes of data and says where in `frame` they go. */
  begin(id: number, status: number, length: number): number;
  readonly frame: Buffer;
  /** Whether one more answer with `length` bytes of data has room. */
  hasRoom(length: number): boolean;
  /** The bytes of the frame. Nothing may be begun afterwards. */
  finish(): Buffer;
}

/** Makes a writer for a frame of at most `capacity` bytes, cut down to `maxFrameBytes`. */
export function createAnswerWriter(capacity: number): AnswerWriter {
  const frame = allocate(Math.min(capacity + frameHeaderBytes, maxFrameBytes));
  let at = frameHeaderBytes;
  let count = 0;
  return {
    frame,
    get count() {
      return count;
    },
    hasRoom: (length) => count < maxAnswers && at + answerHeaderBytes + length <= frame.length,
    begin(id, status, length) {
      frame.writeUInt32BE(status * 2 ** 24, at);
      frame.writeUInt32BE(Math.floor(id / 2 ** 32), at + 4);
      frame.writeUInt32BE(id >>> 0, at + 8);
      frame.writeUInt32BE(length, at + 12);
      const data = at + answerHeaderBytes;
      at = data + length;
      count += 1;
      return data;
    },
    finish() {
      frame[0] = version;
      frame[1] = kinds.answers;
      frame.writeUInt16BE(count, 2);
      return frame.subarray(0, at);
    },
  };
}

/** Takes a frame of answers apart. */
export function decodeAnswers(
  bytes: Uint8Array,
): Verdict<{ readonly answers: readonly Answer[] }, FrameReason> {
  if (bytes.length < frameHeaderBytes || bytes.length > maxFrameBytes) return refused('size');
  const frame = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (frame[0] !== version) return refused('version');
  if (frame[1] !== kinds.answers) return refused('kind');
  const count = frame.readUInt16BE(2);
  if (count < 1 || count > maxAnswers) return refused('count');
  const answers: Answer[] = [];
  let at = frameHeaderBytes;
  for (let index = 0; index < count; index += 1) {
    if (at + answerHeaderBytes > frame.length) return refused('truncated');
    const status = frame[at] as number;
    if (status > faults.length) return refused('status');
    if ((frame.readUInt32BE(at) & 0xff_ffff) !== 0) return refused('reserved');
    const high = frame.readUInt32BE(at + 4);
    const id = high * 2 ** 32 + frame.readUInt32BE(at + 8);
    if (high >= 2 ** 21 || id < 1) return refused('id');
    const start = at + answerHeaderBytes;
    at = start + frame.readUInt32BE(at + 12);
    if (at > frame.length) return refused('truncated');
    answers.push({ id, status, data: frame.subarray(start, at) });
  }
  return at === frame.length ? { ok: true, answers } : refused('trailing-bytes');
}

const refused = (reason: FrameReason) => ({ ok: false, reason }) as const;
