/**
 * Frames of the memory protocol, version 1. Numbers are big-endian, values in memory little-endian.
 *
 *   frame    u8 version = 1 · u8 kind · u16 count of items (1 to 64) · items
 *   request  u8 operation · u8 ranges · u16 zero · u32 handle · u32 id high · u32 id low · u32 behind
 *            attach:     16 bytes instance · u8 resume · u8 zero · u16 length · token
 *            detach:     nothing
 *            read:       ranges x (16 bytes address · u32 length)
 *            write:      the same, then the bytes of all ranges
 *            cas64:      one range of 8 bytes · 8 bytes expected · 8 bytes desired
 *            fetchAdd64: one range of 8 bytes · 8 bytes delta
 *   answer   u8 status (0 or a fault) · 3 zero bytes · u32 id high · u32 id low · u32 length · data
 *            attach:     u32 handle · u32 rights · 16 bytes address · u32 size high · u32 size low · mapping record
 *            read:       the bytes of all ranges;  cas64: u8 swapped · 7 zero bytes · 8 bytes before
 *            fetchAdd64: 8 bytes before;           Moved: the new mapping record
 *            other faults: u8 1 where a copy of the request was applied before, else 0; nothing to an attach
 */
export const version = 1;
/** Kinds of frames. */
export const kinds = { requests: 1, answers: 2 } as const;
/** Operations by their codes. */
export const operations = { attach: 1, detach: 2, read: 3, write: 4, cas64: 5, fetchAdd64: 6 } as const;
/** One operation's code. */
export type OperationCode = (typeof operations)[keyof typeof operations];

export const frameHeaderBytes = 4;
export const requestHeaderBytes = 20;
export const rangeBytes = 20;
export const answerHeaderBytes = 16;
export const attachHeaderBytes = 20;
export const attachAnswerBytes = 32;

/** Most bytes that the ranges of one request name together: its answer fits a frame. */
export const maxDataBytes: number = 1024 * 1024 - 4096;

/** Requests of one client that may be unanswered at once: ids from the oldest unanswered one on. */
export const windowRequests = 1024;

/** Whether an operation changes memory, so that it must not be applied twice. */
export const changesMemory = (operation: OperationCode): boolean =>
  operation === operations.write || operation === operations.cas64 || operation === operations.fetchAdd64;
