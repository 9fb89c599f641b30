import type { Verdict } from '@hypermesh/core';
import { maxTokenBytes } from '../authority/grant.ts';
import { maxFrameBytes, maxRanges } from '../channel.ts';
import type { Words } from '../translation/translation.ts';
import {
  attachHeaderBytes,
  frameHeaderBytes,
  kinds,
  maxDataBytes,
  type OperationCode,
  operations,
  rangeBytes,
  requestHeaderBytes,
  version,
} from './layout.ts';
import { allocate } from './slab.ts';

/** Why a frame is none. `flood`: it is one, after more requests than a peer may leave unanswered. */
export type FrameReason =
  | 'size'
  | 'version'
  | 'kind'
  | 'count'
  | 'truncated'
  | 'trailing-bytes'
  | 'reserved'
  | 'operation'
  | 'ranges'
  | 'length'
  | 'id'
  | 'token'
  | 'status'
  | 'flood';

/** A request as it lies in its frame; nothing is copied. */
export interface Request {
  readonly operation: OperationCode;
  readonly handle: number;
  readonly id: number;
  /** Every request below this id has been answered or given up. */
  readonly floor: number;
  readonly frame: Buffer;
  /** Where the ranges (or the attach's own fields) start, and how many ranges there are. */
  readonly at: number;
  readonly ranges: number;
  /** Where the bytes after the ranges start. */
  readonly data: number;
  /** Bytes that the ranges name together. */
  readonly bytes: number;
}

/** A request to be put into a frame. */
export interface OutgoingRequest {
  readonly operation: OperationCode;
  readonly id: number;
  /** Ranges and data, or the attach's own fields. */
  readonly payload: Uint8Array;
  readonly ranges: number;
}

/** Puts requests into one frame. `handleOf` and `floor` are those of this moment. */
export function encodeRequests(
  requests: readonly OutgoingRequest[],
  floor: number,
  handleOf: (index: number) => number,
): Buffer {
  let size = frameHeaderBytes;
  for (const { payload } of requests) size += requestHeaderBytes + payload.length;
  const frame = allocate(size);
  frame[0] = version;
  frame[1] = kinds.requests;
  frame.writeUInt16BE(requests.length, 2);
  let at = frameHeaderBytes;
  for (const [index, { operation, id, payload, ranges }] of requests.entries()) {
    frame[at] = operation;
    frame[at + 1] = ranges;
    frame.writeUInt16BE(0, at + 2);
    frame.writeUInt32BE(handleOf(index), at + 4);
    frame.writeUInt32BE(Math.floor(id / 2 ** 32), at + 8);
    frame.writeUInt32BE(id >>> 0, at + 12);
    frame.writeUInt32BE(id - floor, at + 16);
    frame.set(payload, at + requestHeaderBytes);
    at += requestHeaderBytes + payload.length;
  }
  return frame;
}

/** Takes a frame of requests apart. Bounds every count and length before it is used. */
export function decodeRequests(
  bytes: Uint8Array,
): Verdict<{ readonly requests: readonly Request[] }, FrameReason> {
  if (bytes.length < frameHeaderBytes || bytes.length > maxFrameBytes) return refused('size');
  const frame = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (frame[0] !== version) return refused('version');
  if (frame[1] !== kinds.requests) return refused('kind');
  const count = frame.readUInt16BE(2);
  if (count < 1 || count > maxRanges) return refused('count');
  const requests: Request[] = [];
  let at = frameHeaderBytes;
  for (let index = 0; index < count; index += 1) {
    const request = requestAt(frame, at);
    if (typeof request === 'string') return refused(request);
    requests.push(request);
    at = endOf(request);
    if (at > frame.length) return refused('truncated');
  }
  return at === frame.length ? { ok: true, requests } : refused('trailing-bytes');
}

function requestAt(frame: Buffer, start: number): Request | FrameReason {
  if (start + requestHeaderBytes > frame.length) return 'truncated';
  const operation = frame[start] as OperationCode;
  const ranges = frame[start + 1] as number;
  if (frame.readUInt16BE(start + 2) !== 0) return 'reserved';
  const high = frame.readUInt32BE(start + 8);
  const id = high * 2 ** 32 + frame.readUInt32BE(start + 12);
  const floor = id - frame.readUInt32BE(start + 16);
  if (high >= 2 ** 21 || id < 1 || floor < 1) return 'id';
  const expected = rangesOf(operation);
  if (expected === undefined) return 'operation';
  if (ranges < expected.least || ranges > expected.most) return 'ranges';
  const at = start + requestHeaderBytes;
  const data = at + ranges * rangeBytes;
  if (data > frame.length) return 'truncated';
  let bytes = 0;
  for (let range = at; range < data; range += rangeBytes) bytes += frame.readUInt32BE(range + 16);
  if (bytes > maxDataBytes) return 'length';
  const isWord = operation === operations.cas64 || operation === operations.fetchAdd64;
  if (isWord && bytes !== 8) return 'length';
  if (operation === operations.attach) {
    if (at + attachHeaderBytes > frame.length) return 'truncated';
    if ((frame[at + 16] as number) > 1 || frame[at + 17] !== 0) return 'reserved';
    if (frame.readUInt16BE(at + 18) > maxTokenBytes) return 'token';
  }
  return { operation, handle: frame.readUInt32BE(start + 4), id, floor, frame, at, ranges, data, bytes };
}

function rangesOf(operation: OperationCode): { least: number; most: number } | undefined {
  switch (operation) {
    case operations.attach:
    case operations.detach:
      return { least: 0, most: 0 };
    case operations.read:
    case operations.write:
      return { least: 1, most: maxRanges };
    case operations.cas64:
    case operations.fetchAdd64:
      return { least: 1, most: 1 };
    default:
      operation satisfies never;
      return undefined;
  }
}

function endOf({ operation, data, bytes, frame, at }: Request): number {
  switch (operation) {
    case operations.write:
      return data + bytes;
    case operations.cas64:
      return data + 16;
    case operations.fetchAdd64:
      return data + 8;
    case operations.attach:
      return at + attachHeaderBytes + frame.readUInt16BE(at + 18);
    default:
      return data;
  }
}

/** The fields of an attach. */
export function attachFields({ frame, at }: Request): {
  readonly instance: string;
  readonly isResumed: boolean;
  readonly token: Uint8Array;
} {
  const length = frame.readUInt16BE(at + 18);
  return {
    instance: frame.toString('hex', at, at + 16),
    isResumed: frame[at + 16] === 1,
    token: frame.subarray(at + attachHeaderBytes, at + attachHeaderBytes + length),
  };
}

/** Writes one range. */
export function putRange(into: Buffer, at: number, address: Words, length: number): void {
  into.writeUInt32BE(address.w0, at);
  into.writeUInt32BE(address.w1, at + 4);
  into.writeUInt32BE(address.w2, at + 8);
  into.writeUInt32BE(address.w3, at + 12);
  into.writeUInt32BE(length, at + 16);
}

const refused = (reason: FrameReason) => ({ ok: false, reason }) as const;
