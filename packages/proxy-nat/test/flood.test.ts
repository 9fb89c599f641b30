import type { Log } from '@hypermesh/core';
import { expect, test } from 'vitest';
import type { Channel, ChannelSink } from '../src/index.ts';
import { operations, rangeBytes } from '../src/wire/layout.ts';
import { encodeRequests } from '../src/wire/requests.ts';
import { openHome } from './support.ts';

/** A peer that sends what it likes and takes no answer: how many were handed to it, and whether it was cut off. */
function deafPeer() {
  let sink: ChannelSink | undefined;
  const state = { sent: 0, isClosed: false };
  const home: Channel = {
    start: (given) => {
      sink = given;
    },
    send() {
      state.sent += 1;
      return new Promise(() => undefined);
    },
    close() {
      state.isClosed = true;
    },
  };
  return { home, state, ask: (frame: Uint8Array) => sink?.frame(frame) };
}

const requests = (operation: 1 | 2 | 3, payload: Uint8Array, ranges = 0) =>
  encodeRequests(
    Array.from({ length: 64 }, (_, at) => ({ operation, id: at + 1, payload, ranges })),
    1,
    () => 7,
  );

/** A token that is none, in an attach that is well-formed. */
const badAttach = Buffer.concat([Buffer.alloc(19), Buffer.of(1), Buffer.alloc(1)]);

test.each([
  ['reads under no grant', requests(operations.read, Buffer.alloc(rangeBytes), 1)],
  ['detaches', requests(operations.detach, Buffer.alloc(0))],
  ['attaches', requests(operations.attach, badAttach)],
])('a peer that floods with %s and takes no answers is cut off', async (_, frame) => {
  const reasons: unknown[] = [];
  const heard = (message: string, fields?: object) => reasons.push([message, fields]);
  const log = { debug() {}, info() {}, warn: heard, error() {} } as unknown as Log;
  const { server, lend } = openHome({ limits: { queuedRequests: 128 } }, { log });
  lend();
  const { home, state, ask } = deafPeer();
  server.serve(home, 'eve');
  for (let sent = 0; sent < 200; sent += 1) {
    ask(frame);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(state.isClosed).toBe(true);
  expect(state.sent).toBeLessThan(32);
  expect(reasons).toContainEqual(['memory.frame-refused', { peer: 'eve', reason: 'flood' }]);
});

test('a client that keeps its channel busy without a pause is served', async () => {
  const { lend, client } = openHome();
  const { token } = lend().grant({ grantee: 'bob' });
  const bob = client('bob');
  const memory = await bob.attach(token);
  const writes = Array.from({ length: 20_000 }, (_, at) => memory.fetchAdd64((at % 512) * 8, 1n));
  await Promise.all(writes);
  expect(await memory.fetchAdd64(0, 0n)).toBe(40n);
  bob.close();
});
