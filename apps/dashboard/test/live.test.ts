import type { Result } from '@hypermesh/client';
import { expect, it } from 'vitest';
import { createLiveStore, type Keeping } from '../src/data/live.ts';
import { openEventStream } from '../src/data/stream.ts';
import { createFakeNode, createFakeTiming, settled } from './fake-node.ts';

type Invitations = Result<'invitations'>;

async function openStore() {
  const node = createFakeNode();
  const timing = createFakeTiming();
  const stream = openEventStream(node.api, ['blocks'], timing.nowMs);
  const store = createLiveStore(node.api, stream, timing);
  let count = 0;
  node.answers(async () => ({ invitations: [`answer ${++count}`] }));
  await settled();
  const hold = (keeping: Partial<Keeping<Invitations>> = {}) =>
    store.hold('invitations', {}, { topics: ['blocks'], ...keeping });
  return { node, timing, store, hold };
}

const words = (live: { readonly answer: { readonly value: { readonly value?: Invitations } } }) =>
  live.answer.value.value?.invitations[0];

it('asks once the events flow, so that nothing changes unheard in between', async () => {
  const { node, hold } = await openStore();
  const live = hold();
  await settled();
  expect([node.calls.length, live.answer.value.isLoading]).toEqual([0, true]);
  node.opens();
  await settled();
  expect([words(live), live.answer.value.isLoading]).toEqual(['answer 1', false]);
});

it('those who ask the same share one question and one answer', async () => {
  const { node, hold } = await openStore();
  const [first, second] = [hold(), hold()];
  node.opens();
  await settled();
  expect([node.calls.length, words(first), words(second)]).toEqual([1, 'answer 1', 'answer 1']);
});

it('asks again after an event, and however many come, no sooner than it may', async () => {
  const { node, timing, hold } = await openStore();
  const live = hold({ everyMs: 300 });
  node.opens();
  await settled();
  for (let event = 0; event < 50; event++) await node.tells('blocks');
  await timing.passes(299);
  expect(words(live)).toBe('answer 1');
  await timing.passes(1);
  expect([words(live), node.calls.length]).toEqual(['answer 2', 2]);
});

it('an event while a question is under way leads to one more question', async () => {
  const { node, timing, hold } = await openStore();
  const gate = Promise.withResolvers<object>();
  node.answers(() => gate.promise);
  hold();
  node.opens();
  await settled();
  await node.tells('blocks');
  expect(node.calls.length).toBe(1);
  node.answers(async () => ({ invitations: ['after the event'] }));
  gate.resolve({ invitations: ['before the event'] });
  await settled();
  await timing.passes(300);
  expect(node.calls.length).toBe(2);
});

it('an event that says enough changes the answer without a question', async () => {
  const { node, hold } = await openStore();
  const live = hold({ fold: (value, { data }) => ({ invitations: [...value.invitations, String(data)] }) });
  node.opens();
  await settled();
  await node.tells('blocks', 'from the event');
  expect(live.answer.value.value?.invitations).toEqual(['answer 1', 'from the event']);
  expect(node.calls.length).toBe(1);
});

it('a fault stands beside the last answer, and a later answer takes it away', async () => {
  const { node, timing, hold } = await openStore();
  const live = hold();
  node.opens();
  await settled();
  node.answers(() =>
    Promise.reject(
      Object.assign(new Error('no'), {
        code: 'node/refused',
        failure: { code: 'node/refused', next: 'wait' },
      }),
    ),
  );
  live.refresh();
  await timing.passes(300);
  expect(live.answer.value).toMatchObject({
    value: { invitations: ['answer 1'] },
    fault: { code: 'node/refused', next: 'wait' },
  });
  node.answers(async () => ({ invitations: ['again'] }));
  live.refresh();
  await timing.passes(300);
  expect(live.answer.value.fault).toBeUndefined();
  expect(words(live)).toBe('again');
});

it('after something was done, what is shown is asked again, and what nobody shows is not', async () => {
  const { node, timing, store, hold } = await openStore();
  const live = hold();
  node.opens();
  await settled();
  store.refresh();
  await timing.passes(300);
  expect(words(live)).toBe('answer 2');
  live.release();
  store.refresh();
  await timing.passes(300);
  expect(node.calls.length).toBe(2);
});

it('an answer that nobody holds is kept for a minute, then forgotten', async () => {
  const { node, timing, hold } = await openStore();
  hold().release();
  node.opens();
  await settled();
  await timing.passes(59_000);
  const again = hold();
  expect(words(again)).toBe('answer 1');
  again.release();
  await timing.passes(60_000);
  expect(words(hold())).toBeUndefined();
});

it('what is gone is shown no more, and what only cannot be asked for stays beside the fault', async () => {
  const { node, timing, hold } = await openStore();
  const live = hold();
  node.opens();
  await settled();
  const failWith = (status: number) =>
    node.answers(() => Promise.reject(Object.assign(new Error('no'), { status })));
  failWith(500);
  await node.tells('blocks');
  await timing.passes(300);
  expect([words(live), live.answer.value.fault?.status]).toEqual(['answer 1', 500]);
  failWith(404);
  await node.tells('blocks');
  await timing.passes(300);
  expect([live.answer.value.value, live.answer.value.fault?.status]).toEqual([undefined, 404]);
});

it('what a person did is asked for soon, however seldom events may ask', async () => {
  const { node, timing, store, hold } = await openStore();
  const live = hold({ everyMs: 60_000 });
  node.opens();
  await settled();
  await node.tells('blocks');
  await timing.passes(1_000);
  expect(words(live)).toBe('answer 1');
  store.refresh();
  await timing.passes(0);
  expect(words(live)).toBe('answer 2');
  await timing.passes(60_000);
  expect(node.calls.length).toBe(2);
});
