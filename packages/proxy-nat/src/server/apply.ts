import type { AnswerWriter } from '../wire/answers.ts';
import { operations } from '../wire/layout.ts';
import type { Request } from '../wire/requests.ts';
import type { Memory } from './memory.ts';

/** Where the bytes of a request's range lie in memory. */
export type PlaceOf = (range: number) => number;

const nothing = new Uint8Array();

/**
 * Does what an admitted request asks, wholly within one turn, and writes its answer. This is the instant at which the
 * request takes effect. Returns the answer's data where the request must not be applied again.
 */
export type Apply = (memory: Memory, request: Request, placeOf: PlaceOf, answers: AnswerWriter) => Uint8Array;

/** Applies reads, writes and atomics. */
export const apply: Apply = ({ bytes, words }, request, placeOf, answers) => {
  const { operation, id, frame, at, ranges, data } = request;
  switch (operation) {
    case operations.read: {
      let into = answers.begin(id, 0, request.bytes);
      for (let range = 0; range < ranges; range += 1) {
        const place = placeOf(range);
        const length = frame.readUInt32BE(at + range * 20 + 16);
        answers.frame.set(bytes.subarray(place, place + length), into);
        into += length;
      }
      return nothing;
    }
    case operations.write: {
      let from = data;
      for (let range = 0; range < ranges; range += 1) {
        const length = frame.readUInt32BE(at + range * 20 + 16);
        bytes.set(frame.subarray(from, from + length), placeOf(range));
        from += length;
      }
      answers.begin(id, 0, 0);
      return nothing;
    }
    case operations.cas64: {
      const expected = frame.readBigUInt64LE(data);
      const before = Atomics.compareExchange(
        words,
        placeOf(0) / 8,
        expected,
        frame.readBigUInt64LE(data + 8),
      );
      const answer = Buffer.alloc(16);
      answer[0] = before === expected ? 1 : 0;
      answer.writeBigUInt64LE(before, 8);
      answers.frame.set(answer, answers.begin(id, 0, 16));
      return answer;
    }
    case operations.fetchAdd64: {
      const before = Atomics.add(words, placeOf(0) / 8, frame.readBigUInt64LE(data));
      const answer = Buffer.alloc(8);
      answer.writeBigUInt64LE(before);
      answers.frame.set(answer, answers.begin(id, 0, 8));
      return answer;
    }
    default:
      throw new TypeError(`operation ${operation} is not applied to memory`);
  }
};

/** Bytes of data in the answer to a request that succeeds. */
export function answerBytes({ operation, bytes }: Request): number {
  if (operation === operations.read) return bytes;
  if (operation === operations.cas64) return 16;
  return operation === operations.fetchAdd64 ? 8 : 0;
}
