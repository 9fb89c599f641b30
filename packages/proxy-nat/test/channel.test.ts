import { once } from 'node:events';
import { createConnection } from 'node:net';
import { expect, test } from 'vitest';
import type { Channel } from '../src/index.ts';
import { connectTcp, listenTcp } from '../src/tcp/index.ts';
import { channelCompliance, createMemoryLink } from '../src/testing/index.ts';

async function tcpSubject() {
  const accepted = Promise.withResolvers<Channel>();
  const listener = await listenTcp({}, accepted.resolve);
  const client = await connectTcp({ port: listener.port });
  return { client, home: await accepted.promise, dispose: () => listener.close() };
}
const memorySubject = async () => ({ ...createMemoryLink(), dispose: async () => undefined });

test.each(channelCompliance(memorySubject).map(({ name, run }) => [name, run] as const))(
  'memory link: %s',
  (_, run) => run(),
);
test.each(channelCompliance(tcpSubject).map(({ name, run }) => [name, run] as const))('TCP: %s', (_, run) =>
  run(),
);

test('the suite catches a channel that joins small frames, and one that tells its close twice', async () => {
  const joins = async () => {
    const link = createMemoryLink();
    let held: Uint8Array | undefined;
    const send = (frame: Uint8Array) => {
      if (frame.length < 100 && held === undefined) {
        held = frame;
        return undefined;
      }
      const whole = held === undefined ? frame : Buffer.concat([held, frame]);
      held = undefined;
      return link.client.send(whole);
    };
    return { home: link.home, client: { ...link.client, send }, dispose: async () => undefined };
  };
  const closesTwice = async () => {
    const { client, home } = createMemoryLink();
    const start: Channel['start'] = (sink) =>
      home.start({ ...sink, closed: () => [sink.closed(), sink.closed()] });
    return { client, home: { ...home, start }, dispose: async () => undefined };
  };
  for (const broken of [joins, closesTwice]) {
    const limit = (run: () => Promise<void>) =>
      Promise.race([run(), new Promise((_, reject) => setTimeout(() => reject(new Error('hangs')), 200))]);
    const ends = await Promise.allSettled(channelCompliance(broken).map(({ run }) => limit(run)));
    expect(ends.some(({ status }) => status === 'rejected')).toBe(true);
  }
});

test.each([
  ['a length of zero', Buffer.from([0, 0, 0, 0])],
  ['a length above the bound', Buffer.from([0x7f, 0xff, 0xff, 0xff])],
])('a TCP peer that sends %s is cut off', async (_, bytes) => {
  const closed = Promise.withResolvers<void>();
  const frames: Uint8Array[] = [];
  await using listener = await listenTcp({}, (channel) =>
    channel.start({ frame: (frame) => frames.push(frame), closed: closed.resolve }),
  );
  const socket = createConnection({ host: '::1', port: listener.port });
  await once(socket, 'connect');
  socket.write(bytes);
  await closed.promise;
  expect(frames).toEqual([]);
  socket.destroy();
});

test('dialling a port where nothing listens is refused with a code', async () => {
  const listener = await listenTcp({}, () => undefined);
  await listener.close();
  await expect(connectTcp({ port: listener.port })).rejects.toMatchObject({
    failure: { code: 'proxy-nat/channel', reason: 'connect' },
  });
});
