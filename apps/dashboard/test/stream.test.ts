import { expect, it } from 'vitest';
import { openEventStream } from '../src/data/stream.ts';
import { createFakeNode, settled } from './fake-node.ts';

async function openStream() {
  const node = createFakeNode();
  const stream = openEventStream(node.api, ['blocks', 'runs'], () => 5);
  await settled();
  return { node, stream };
}

it('one connection carries the topics of all listeners, and is live once it is open', async () => {
  const { node, stream } = await openStream();
  expect(stream.connection.value).toEqual({ state: 'connecting', sinceMs: 5 });
  node.opens();
  expect(stream.connection.value.state).toBe('live');
  expect(node.opened.map(({ topics }) => topics)).toEqual([['blocks', 'runs']]);
});

it('each listener hears its topics until it leaves', async () => {
  const { node, stream } = await openStream();
  const heard: string[] = [];
  const leave = stream.listen(['blocks'], ({ topic }) => heard.push(topic));
  await node.tells('blocks');
  await node.tells('runs');
  leave();
  await node.tells('blocks');
  expect(heard).toEqual(['blocks']);
});

it('a topic that nobody heard before is taken up where the stream was, with all others', async () => {
  const { node, stream } = await openStream();
  await node.tells('blocks');
  stream.listen(['logs'], () => undefined);
  stream.listen(['metrics'], () => undefined);
  await settled();
  expect(node.opened.map(({ topics, afterId }) => ({ topics, afterId }))).toEqual([
    { topics: ['blocks', 'runs'], afterId: undefined },
    { topics: ['blocks', 'runs', 'logs', 'metrics'], afterId: '1' },
  ]);
  expect(node.opened[0]?.signal.aborted).toBe(true);
});

it('a gap, and a connection that comes back after it was lost, have everything loaded anew', async () => {
  const { node, stream } = await openStream();
  let reloads = 0;
  stream.onGap(() => {
    reloads += 1;
  });
  node.opens();
  await node.tells('dropped', { reason: 'slow' });
  expect(reloads).toBe(1);
  node.opens(false);
  expect(stream.connection.value.state).toBe('lost');
  node.opens();
  expect([stream.connection.value.state, reloads]).toEqual(['live', 2]);
});

it('a hidden window lets its connection go and takes it up again where it was', async () => {
  const { node, stream } = await openStream();
  await node.tells('blocks');
  stream.pause(true);
  expect([stream.connection.value.state, node.opened[0]?.signal.aborted]).toEqual(['paused', true]);
  stream.pause(false);
  await settled();
  expect(node.opened[1]?.afterId).toBe('1');
});

it('a refusal is told with its reason, and nobody waits for the stream any longer', async () => {
  const { node, stream } = await openStream();
  const waiting = stream.opened();
  await node.refuses(
    Object.assign(new Error('no such token'), { failure: { code: 'node/unauthorized', status: 401 } }),
  );
  await waiting;
  expect(stream.connection.value).toMatchObject({
    state: 'refused',
    fault: { code: 'node/unauthorized', status: 401, message: 'no such token' },
  });
});
