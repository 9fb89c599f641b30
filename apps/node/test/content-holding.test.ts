import { type ContentRoot, cidOf, silentLog } from '@hypermesh/core';
import { createManualClock } from '@hypermesh/core/testing';
import { type RequestHandler, refuse, type StoqNode } from '@hypermesh/stoq';
import { expect, it } from 'vitest';
import { serveHolding } from '../src/content/holding.ts';
import { contentMessages } from '../src/content/protocol.ts';

const root = cidOf(Buffer.from('x'), 'dag-cbor', 'blake3-256') as ContentRoot;

/** A node that is asked by one member, and whose fetches never end by themselves. */
function asked() {
  const clock = createManualClock();
  let handler: RequestHandler | undefined;
  const stoq = {
    handle(_: string, given: RequestHandler) {
      handler = given;
      return () => {};
    },
  } as Partial<StoqNode> as StoqNode;
  serveHolding(stoq, {
    limits: { maxBytes: 100, maxStoreBytes: 150, atOnce: 2 },
    clock,
    log: silentLog,
    storeBytes: () => 0,
    keep: (_, { signal }) =>
      new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
      ),
  });
  const context = { signal: new AbortController().signal, peer: { id: 'member', identity: {} } };
  const ask = async (size: number) =>
    handler?.(contentMessages.holdAsk.encode({ root, size }), context as never);
  return { clock, ask };
}

it('a member that never brings what it asks to have held gives its place back in ten minutes', async () => {
  const { clock, ask } = asked();
  const held = [ask(60), ask(60)];
  expect(await ask(1)).toEqual(refuse('busy'));
  clock.advance(600_000);
  expect(await Promise.all(held)).toEqual([refuse('not-fetched'), refuse('not-fetched')]);
});

it('what is promised to those that run counts as stored', async () => {
  const { ask } = asked();
  const first = ask(100);
  expect(await ask(60)).toEqual(refuse('full'));
  expect(first).toBeInstanceOf(Promise);
});
