import { encodeTransaction, operationIdOf } from '@hypermesh/consensus';
import { createProofFixture, type ProofFixture } from '@hypermesh/consensus/testing';
import { silentLog } from '@hypermesh/core';
import { systemClock } from '@hypermesh/core/node';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeFolder } from '../src/data-directory.ts';
import { NodeError } from '../src/errors.ts';
import { openJournal } from '../src/facts/journal.ts';
import { openSubmissions, type SubmissionFacts } from '../src/ledger/submissions.ts';
import { failureOf, temporaryDirectory, until } from './support.ts';

const directory = temporaryDirectory();
let fixture: ProofFixture;
let transaction: Uint8Array;
let id: string;
let files = 0;
let path: string;

beforeAll(async () => {
  makeFolder(directory.path);
  fixture = await createProofFixture({ seed: 'submissions' });
  transaction = encodeTransaction(fixture);
  id = operationIdOf(fixture.operation);
});
beforeEach(() => {
  path = `${directory.path}/journal-${files++}.sqlite`;
});
afterAll(() => directory[Symbol.dispose]());

/** A ledger that answers when it is told to. */
function ledgerThat(record?: { height: number; code: string }) {
  const asked: PromiseWithResolvers<{ height: number }>[] = [];
  let known = record;
  return {
    asked,
    knows: (now: { height: number; code: string }) => {
      known = now;
    },
    port: {
      submit(_: Uint8Array, signal?: AbortSignal) {
        const waiting = Promise.withResolvers<{ height: number }>();
        asked.push(waiting);
        signal?.addEventListener('abort', () => waiting.reject(signal.reason));
        return waiting.promise as never;
      },
      ledger: { operation: () => known },
    },
  };
}

function open(ledger: ReturnType<typeof ledgerThat>) {
  const heard: SubmissionFacts[] = [];
  const journal = openJournal(path, (reason) => {
    throw new Error(reason);
  });
  const submissions = openSubmissions(journal, {
    ...{ ledger: ledger.port, clock: systemClock, log: silentLog },
    onChange: (facts) => heard.push(facts),
  });
  return {
    submissions,
    heard,
    async [Symbol.asyncDispose]() {
      await submissions[Symbol.asyncDispose]();
      journal.close();
    },
  };
}

const refusedBy = (leg: string, reason: string) =>
  new NodeError({ code: 'node/operation-refused', leg, reason, next: '' }, reason);

describe('an operation that is handed in and not waited for', () => {
  it('is pending, then valid with its block [consensus-10]', async () => {
    const ledger = ledgerThat();
    await using node = open(ledger);
    expect(node.submissions.accept(transaction)).toMatchObject({
      id,
      status: 'pending',
      kind: 'asset.register',
    });
    expect(node.submissions.accept(transaction).status).toBe('pending');
    await until(() => ledger.asked.length > 0);
    expect(node.submissions.status(id)?.status).toBe('pending');
    ledger.asked[0]?.resolve({ height: 7 });
    await until(() => node.submissions.status(id)?.status === 'valid');
    expect(node.submissions.status(id)).toMatchObject({ height: 7 });
    expect(node.heard.map(({ status }) => status)).toEqual(['pending', 'valid']);
    expect(ledger.asked).toHaveLength(1);
  });

  it.each([
    ['space', 'wrong-answer'],
    ['stake', 'bad-vrf'],
    ['work', 'too-easy'],
    ['time', 'stale'],
    ['binding', 'bad-signature'],
    ['ledger', 'not-owner'],
  ])('is pending, then invalid with the leg %s and why [consensus-10]', async (leg, reason) => {
    const ledger = ledgerThat();
    await using node = open(ledger);
    node.submissions.accept(transaction);
    await until(() => ledger.asked.length > 0);
    ledger.asked[0]?.reject(refusedBy(leg, reason));
    await until(() => node.submissions.status(id)?.status === 'invalid');
    expect(node.submissions.status(id)).toMatchObject({ leg, reason });
  });

  it('goes on after the node stopped in the midst of it, and after it began again twice', async () => {
    const first = ledgerThat();
    {
      await using node = open(first);
      node.submissions.accept(transaction);
      await until(() => first.asked.length > 0);
    }
    const second = ledgerThat();
    {
      await using node = open(second);
      expect(node.submissions.status(id)?.status).toBe('pending');
      await until(() => second.asked.length > 0);
      second.asked[0]?.reject(refusedBy('time', 'stale'));
      await until(() => node.submissions.status(id)?.status === 'invalid');
    }
    const third = ledgerThat();
    await using node = open(third);
    expect(node.submissions.status(id)).toMatchObject({ status: 'invalid', leg: 'time', reason: 'stale' });
    expect(third.asked).toHaveLength(0);
  });

  it('that became final while the node was down is valid at once', async () => {
    const first = ledgerThat();
    {
      await using node = open(first);
      node.submissions.accept(transaction);
      await until(() => first.asked.length > 0);
    }
    const second = ledgerThat({ height: 12, code: 'ok' });
    await using node = open(second);
    await until(() => node.submissions.status(id)?.status === 'valid');
    expect(node.submissions.status(id)?.height).toBe(12);
    expect(second.asked).toHaveLength(0);
  });

  it('whose number is taken by itself is valid, not a replay', async () => {
    const ledger = ledgerThat();
    await using node = open(ledger);
    node.submissions.accept(transaction);
    await until(() => ledger.asked.length > 0);
    ledger.knows({ height: 3, code: 'ok' });
    ledger.asked[0]?.reject(refusedBy('time', 'replayed'));
    await until(() => node.submissions.status(id)?.status !== 'pending');
    expect(node.submissions.status(id)).toMatchObject({ status: 'valid', height: 3 });
  });

  it('is handed in again while the ledger has no room', async () => {
    const ledger = ledgerThat();
    await using node = open(ledger);
    node.submissions.accept(transaction);
    await until(() => ledger.asked.length > 0);
    ledger.asked[0]?.reject(new Error('full'));
    await until(() => ledger.asked.length > 1);
    expect(node.submissions.status(id)?.status).toBe('pending');
  });

  it('is refused where it is none; what was never handed in is not known', async () => {
    await using node = open(ledgerThat());
    const failure = await failureOf(() => node.submissions.accept(Uint8Array.of(1, 2)));
    expect(failure).toMatchObject({ code: 'node/bad-flag', flag: 'transaction' });
    expect(node.submissions.status('bafy')).toBeUndefined();
  });
});
