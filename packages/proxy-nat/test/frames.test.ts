import fc from 'fast-check';
import { expect, test } from 'vitest';
import { maxFrameBytes } from '../src/index.ts';
import { createMemoryLink } from '../src/testing/index.ts';
import { createAnswerWriter, decodeAnswers } from '../src/wire/answers.ts';
import { operations } from '../src/wire/layout.ts';
import { decodeRequests, encodeRequests, putRange } from '../src/wire/requests.ts';
import { openHome } from './support.ts';

const read = (length = 8): Buffer => {
  const payload = Buffer.alloc(20);
  putRange(payload, 0, { w0: 1, w1: 2, w2: 3, w3: 4 }, length);
  return encodeRequests([{ operation: operations.read, id: 7, payload, ranges: 1 }], 5, () => 9);
};
const changed = (frame: Buffer, at: number, ...bytes: number[]): Buffer => {
  const copy = Buffer.from(frame);
  copy.set(bytes, at);
  return copy;
};
const answer = (): Buffer => {
  const answers = createAnswerWriter(64);
  answers.frame.set([1, 2, 3], answers.begin(2 ** 40 + 5, 0, 3));
  return Buffer.from(answers.finish());
};

test('requests and answers come out of their frames as they went in', () => {
  const decoded = decodeRequests(read());
  expect(decoded.ok && decoded.requests[0]).toMatchObject({
    operation: operations.read,
    handle: 9,
    id: 7,
    floor: 5,
    ranges: 1,
    bytes: 8,
  });
  const back = decodeAnswers(answer());
  expect(back.ok && back.answers.map(({ id, status, data }) => [id, status, [...data]])).toEqual([
    [2 ** 40 + 5, 0, [1, 2, 3]],
  ]);
});

const huge = Buffer.alloc(4);
huge.writeUInt32BE(0xffff_ffff);
test.each<[string, Buffer, string]>([
  ['nothing', Buffer.alloc(0), 'size'],
  ['three bytes', Buffer.alloc(3), 'size'],
  ['more than a megabyte', Buffer.alloc(maxFrameBytes + 1, 1), 'size'],
  ['another version', changed(read(), 0, 2), 'version'],
  ['answers', changed(read(), 1, 2), 'kind'],
  ['no request', changed(read(), 2, 0, 0), 'count'],
  ['65 requests', changed(read(), 2, 0, 65), 'count'],
  ['one request fewer than it says', changed(read(), 2, 0, 2), 'truncated'],
  ['an unknown operation', changed(read(), 4, 99), 'operation'],
  ['a read of no range', changed(read(), 5, 0), 'ranges'],
  ['a read of 65 ranges', changed(read(), 5, 65), 'ranges'],
  ['an atomic of two ranges', changed(read(), 4, operations.cas64, 2), 'ranges'],
  ['a reserved bit', changed(read(), 7, 1), 'reserved'],
  ['an id above 2^53', changed(read(), 12, 0xff), 'id'],
  ['id 0', changed(read(), 16, 0, 0, 0, 0), 'id'],
  ['a floor below 1', changed(read(), 20, 0, 0, 0, 9), 'id'],
  ['a range of 4 GiB', changed(read(), 40, ...huge), 'length'],
  ['an atomic of 9 bytes', changed(read(9), 4, operations.fetchAdd64), 'length'],
  ['an atomic without its value', changed(read(), 4, operations.fetchAdd64), 'truncated'],
  ['a write without its bytes', changed(read(), 4, operations.write), 'truncated'],
  ['a byte too many', Buffer.concat([read(), Buffer.alloc(1)]), 'trailing-bytes'],
  ['a byte too few', read().subarray(0, -1), 'truncated'],
  ['an attach with a reserved bit', attach((frame) => changed(frame, 24 + 17, 1)), 'reserved'],
  ['an attach that resumes twice', attach((frame) => changed(frame, 24 + 16, 2)), 'reserved'],
  ['an attach with a token that is too long', attach((frame) => changed(frame, 24 + 18, 0xff)), 'token'],
  ['an attach without its token', attach((frame) => changed(frame, 24 + 18, 0, 9)), 'truncated'],
])('a frame of requests with %s is refused', (_, frame, reason) => {
  expect(decodeRequests(frame)).toEqual({ ok: false, reason });
});

function attach(change: (frame: Buffer) => Buffer): Buffer {
  const request = { operation: operations.attach, id: 1, payload: Buffer.alloc(20), ranges: 0 };
  return change(encodeRequests([request], 1, () => 0));
}

test.each<[string, Buffer, string]>([
  ['nothing', Buffer.alloc(0), 'size'],
  ['requests', changed(answer(), 1, 1), 'kind'],
  ['another version', changed(answer(), 0, 0), 'version'],
  ['no answer', changed(answer(), 2, 0, 0), 'count'],
  ['an unknown status', changed(answer(), 4, 13), 'status'],
  ['a reserved bit', changed(answer(), 5, 1), 'reserved'],
  ['an id above 2^53', changed(answer(), 8, 0xff), 'id'],
  ['a length beyond its end', changed(answer(), 16, 0, 0, 0, 4), 'truncated'],
  ['a length before its end', changed(answer(), 16, 0, 0, 0, 2), 'trailing-bytes'],
  ['a header that is cut', answer().subarray(0, 12), 'truncated'],
])('a frame of answers with %s is refused', (_, frame, reason) => {
  expect(decodeAnswers(frame)).toEqual({ ok: false, reason });
});

test('no bytes make a decoder throw or read beyond its frame', () => {
  const near = fc
    .tuple(fc.constantFrom(read(), answer()), fc.nat(60), fc.nat(255))
    .map(([frame, at, value]) => changed(frame, at % frame.length, value));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), near), (bytes) => {
      for (const decoded of [decodeRequests(bytes), decodeAnswers(bytes)])
        expect(typeof decoded.ok === 'boolean').toBe(true);
    }),
    { numRuns: 3_000 },
  );
});

test('a home closes the channel of a peer that sends what is no frame, and serves the others on', async () => {
  const { server, lend, client } = openHome();
  const link = createMemoryLink();
  server.serve(link.home, 'mallory');
  const closed = new Promise<void>((resolve) =>
    link.client.start({ frame: () => undefined, closed: resolve }),
  );
  void link.client.send(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
  await closed;
  const memory = await client('bob').attach(lend().grant({ grantee: 'bob' }).token);
  expect((await memory.read(0, 4)).length).toBe(4);
});

test('a client fails everything with Integrity when the home answers what is no frame', async () => {
  const { client } = openHome();
  void client;
  const { createMemoryClient } = await import('../src/index.ts');
  const { systemClock, systemRandom } = await import('@hypermesh/core/node');
  const link = createMemoryLink();
  link.home.start({ frame: () => void link.home.send(Buffer.from('no frame')), closed: () => undefined });
  const asking = createMemoryClient({
    connect: async () => link.client,
    clock: systemClock,
    random: systemRandom,
  });
  await expect(asking.attach(Buffer.from('token'))).rejects.toMatchObject({
    failure: { fault: 'Integrity' },
  });
});
