import { utf8 } from '@hypermesh/core';
import { createSeededRandom } from '@hypermesh/core/testing';
import { expect, test } from 'vitest';
import { createBlock } from '../src/engine/block.ts';
import { createInbox } from '../src/engine/inbox.ts';
import { SIMPLEX_RULES } from '../src/engine/rules.ts';
import { createEngineState, type EngineConfig } from '../src/engine/state.ts';
import { step } from '../src/engine/step.ts';
import { encodeMessage, type WireMessage } from '../src/engine/wire.ts';
import { createMesh, until } from './support/mesh.ts';
import { SAMPLE, sampleBlock } from './support/samples.ts';

/** Three honest validators, and what the fourth sends in the place of its own. */
async function withBadPeer(attack: (say: (bytes: Uint8Array) => void) => void): Promise<void> {
  await using mesh = createMesh(4, { mempoolTxs: 400 });
  const bad = mesh.hub.transport(3);
  const stop = bad.listen({ message() {}, connected() {} });
  await Promise.all(mesh.members.slice(0, 3).map(({ node }) => node.start()));
  attack((bytes) => {
    for (let to = 0; to < 3; to += 1) bad.send(to, bytes);
  });
  for (let i = 0; i < 6; i += 1) await mesh.members[i % 3]?.node.submit(utf8(`good ${i}`));
  const honest = mesh.members.slice(0, 3);
  await until(() =>
    honest.every(({ app }) => app.applied.filter((text) => text.startsWith('good')).length === 6),
  );
  for (const { node } of honest) expect(node.status().failure).toBeUndefined();
  stop();
}

const random = createSeededRandom('bad peer');
const vote = (view: number, block = 'ab'.repeat(32)): WireMessage => ({
  type: 'vote',
  vote: { kind: 'notarize', view, block, signer: 3, signature: random.bytes(64) },
});
const say = (message: WireMessage): Uint8Array => encodeMessage(message, 4);

test.each<[string, (index: number) => Uint8Array]>([
  ['garbage', () => random.bytes(1 + random.below(300))],
  ['half messages', (i) => say(vote(i)).subarray(0, 50)],
  ['huge lengths', () => Uint8Array.of(8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)],
  ['votes with false signatures', (i) => say(vote(1 + (i % 30)))],
  ['votes far ahead', (i) => say(vote(1_000_000 + i))],
  [
    'certificates with false signatures',
    (i) =>
      say({
        type: 'certificate',
        certificate: {
          kind: 'finalize',
          view: 5 + i,
          block: 'cd'.repeat(32),
          signers: [0, 1, 2],
          signatures: [1, 2, 3].map(() => random.bytes(64)),
        },
      }),
  ],
  [
    'blocks out of turn',
    (i) =>
      say({ type: 'block', block: createBlock({ ...sampleBlock().header, view: 1 + i, height: 1 + i }, []) }),
  ],
  [
    'questions',
    (i) =>
      say(i % 2 === 0 ? { type: 'get-finalized', height: 1 } : { type: 'get-certificates', from: 1, to: 60 }),
  ],
  ['statuses', (i) => say({ type: 'status', view: i, finalizedView: 0, height: 0 })],
  [
    'transactions',
    (i) => say({ type: 'txs', txs: Array.from({ length: 50 }, (_, j) => utf8(`spam ${i} ${j}`)) }),
  ],
])('a peer that floods with %s does not keep the others from going on', async (_, message) => {
  await withBadPeer((send) => {
    for (let index = 0; index < 1_500; index += 1) send(message(index));
  });
});

test('a silent validator costs its turns and no more', () => withBadPeer(() => {}));

test('what waits from one peer is bounded, and the others are served in between', () => {
  const handled: number[] = [];
  const later: (() => void)[] = [];
  const inbox = createInbox(
    { maxMessages: 100, maxBytes: 1_000 },
    (from) => handled.push(from),
    (task) => later.push(task),
  );
  for (let index = 0; index < 500; index += 1) inbox.push(3, new Uint8Array(4));
  inbox.push(1, new Uint8Array(900));
  inbox.push(1, new Uint8Array(200));
  expect(inbox.waiting).toBe(101);
  expect(inbox.dropped).toBe(401);
  return Promise.resolve().then(() => {
    expect(handled.indexOf(1)).toBeLessThan(3);
    for (const task of later) task();
    expect(inbox.waiting).toBe(0);
  });
});

test('no flood of votes and blocks makes the engine remember more than its bounds', () => {
  const config: EngineConfig = {
    validators: 4,
    me: 0,
    chain: SAMPLE.chain,
    validatorsHash: sampleBlock().header.validatorsHash,
    genesis: { id: 'aa'.repeat(32), hash: new Uint8Array(32), height: 0, view: 0, timeMs: 1, stateHeight: 0 },
    scheme: SAMPLE.schemes[0] as (typeof SAMPLE.schemes)[number],
    rules: SIMPLEX_RULES,
    timeouts: { leaderMs: 1, advanceMs: 1, heartbeatMs: 0, retryMs: 1, spreadMs: 1 },
    viewAhead: 32,
  };
  let state = step(createEngineState(config), { type: 'start' }).state;
  for (let index = 0; index < 5_000; index += 1) {
    const view = 1 + (index % 200);
    const block = createBlock({ ...sampleBlock().header, view, height: index + 1, proposer: 3 }, []);
    state = step(state, { type: 'message', from: 3, message: { type: 'block', block } }).state;
    const flood = vote(view, block.id);
    if (flood.type !== 'txs') state = step(state, { type: 'message', from: 3, message: flood }).state;
    state = step(state, { type: 'message', from: 3, message: { type: 'get-block', id: block.id } }).state;
  }
  expect(state.rounds.size).toBeLessThanOrEqual(40);
  expect(state.blocks.size).toBeLessThanOrEqual(2 * 33);
  expect(state.wantedBlocks.size).toBeLessThanOrEqual(64);
});

test('a step leaves the state it was given as it was', () => {
  const config: EngineConfig = {
    validators: 1,
    me: 0,
    chain: SAMPLE.chain,
    validatorsHash: sampleBlock().header.validatorsHash,
    genesis: { id: 'aa'.repeat(32), hash: new Uint8Array(32), height: 0, view: 0, timeMs: 1, stateHeight: 0 },
    scheme: SAMPLE.schemes[0] as (typeof SAMPLE.schemes)[number],
    rules: SIMPLEX_RULES,
    timeouts: { leaderMs: 1, advanceMs: 1, heartbeatMs: 0, retryMs: 1, spreadMs: 1 },
    viewAhead: 32,
  };
  const started = step(createEngineState(config), { type: 'start' });
  const block = createBlock({ ...sampleBlock().header, view: 1, height: 1, proposer: 0 }, []);
  const input = { type: 'proposed', view: 1, block } as const;
  const snapshot = structuredClone({ ...started.state, config: undefined });
  const first = step(started.state, input);
  const second = step(started.state, input);
  expect({ ...started.state, config: undefined }).toEqual(snapshot);
  expect(second).toEqual(first);
  expect(first.effects[0]?.type).toBe('persist');
});
