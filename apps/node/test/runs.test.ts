import { encodeTransaction, type FinalityProof } from '@hypermesh/consensus';
import { encodeFinalityProof } from '@hypermesh/consensus/light';
import { tamper } from '@hypermesh/consensus/testing';
import { type CanonicalValue, utf8 } from '@hypermesh/core';
import type { Peer } from '@hypermesh/stoq';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { textOfPeer } from '../src/mesh/members.ts';
import { defaultTerms, encodeLeaseTerms, type LeaseTerms } from '../src/run/lease.ts';
import {
  encodeExecuteAsk,
  encodeReexecuteAsk,
  executeRequest,
  reexecuteRequest,
} from '../src/run/protocol.ts';
import { openUsedLeases } from '../src/run/used-leases.ts';
import { echo, garbage, memoryBomb, spin, trap } from './guests.ts';
import { failureOf } from './support.ts';
import { openThreeMembers, type ThreeMembers } from './three-members.ts';

// Processes and proofs take their time on a machine that is busy with other things.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const { signal } = new AbortController();
const tell = () => undefined;
let mesh: ThreeMembers;
let members: ThreeMembers['members'];
let ledgers: ThreeMembers['ledgers'];
let packages: ThreeMembers['packages'];
let runs: ThreeMembers['runs'];
let sessions: ThreeMembers['sessions'];
let started: ThreeMembers['started'];
let echoDocument: LeaseTerms['document'];

beforeAll(async () => {
  mesh = await openThreeMembers();
  ({ members, ledgers, packages, runs, sessions, started } = mesh);
});

afterAll(() => mesh[Symbol.asyncDispose]());

const request = (spec: string, change: object = {}) => ({
  spec,
  executor: members.cedar.nodeId,
  auditor: members.amber.nodeId,
  fuel: 1_000_000n,
  memoryPages: 16,
  deadlineMs: 10_000,
  ...change,
});

const termsOf = (change: Partial<LeaseTerms> = {}): LeaseTerms => ({
  ...defaultTerms,
  executor: members.cedar.nodeId,
  package: 'echo@1.0.0',
  document: echoDocument,
  dependencies: {},
  fuel: 1_000_000n,
  memoryPages: 16,
  deadlineMs: 10_000,
  price: 10n,
  allocation: 'public',
  ...change,
});

let leases = 0;
const lease = (terms: LeaseTerms): CanonicalValue => ({
  key: `lease-${++leases}`,
  value: encodeLeaseTerms(terms),
});

async function askedOf(
  session: Peer,
  transaction: Uint8Array,
  proof: FinalityProof | Uint8Array = new Uint8Array(),
): Promise<string> {
  const bytes = proof instanceof Uint8Array ? proof : encodeFinalityProof(proof);
  const answer = await session.request(executeRequest, encodeExecuteAsk({ v: 1, transaction, proof: bytes }));
  if (answer.ok) return 'ran';
  const detail = textOfPeer(answer.body);
  return `${answer.code ?? answer.reason}${detail === '' ? '' : `: ${detail}`}`;
}

describe('a run', () => {
  beforeAll(async () => {
    await mesh.publishGuest('echo', echo);
    echoDocument = (await packages.birch.resolve('echo')).document;
  });

  it('of a WebAssembly program starts after its four proofs, is metered, and another node finds the same [executors-01]', async () => {
    started.length = 0;
    const outcome = await runs.run(request('echo'), tell, signal);
    expect(outcome).toMatchObject({
      package: 'echo@1.0.0',
      node: 'cedar',
      exit: 'ok',
      outputText: 'input of echo',
      reexecutedBy: 'amber',
      matches: true,
      proofs: { space: 'valid', stake: 'valid', work: 'valid', time: 'valid' },
    });
    expect(BigInt(outcome.fuel)).toBeGreaterThan(0n);
    expect(BigInt(outcome.fuel)).toBeLessThan(1_000_000n);
    expect(started).toEqual(['cedar']);
    expect(mesh.usedLeases.has(outcome.lease)).toBe(true);
  });

  it.each<[string, Uint8Array, object, string]>([
    ['loops for ever ends out of its fuel', spin, {}, 'out-of-fuel'],
    [
      'grows its memory for ever ends at the pages that were leased',
      memoryBomb,
      { fuel: 10n ** 9n },
      'memory',
    ],
    ['has fuel for years ends at its deadline', spin, { fuel: 10n ** 15n, deadlineMs: 200 }, 'deadline'],
    ['ends itself says so', trap, {}, 'error'],
    ['is no module is denied before it begins', garbage, {}, 'denied'],
  ])('of a program that %s, and the node serves the next', async (words, module, limits, exit) => {
    const name = `guest-that-${words.split(' ', 3).join('-')}`;
    await mesh.publishGuest(name, module);
    const outcome = await runs.run(request(name, limits), tell, signal);
    expect(outcome).toMatchObject({ exit, outputDigest: null, reexecutedBy: null, matches: false });
    if (exit === 'out-of-fuel') expect(outcome.fuel).toBe('1000000');
    expect((await runs.run(request('echo'), tell, signal)).exit).toBe('ok');
  });

  it('of a node that answers another output than its receipt names is not believed', async () => {
    mesh.behaviour.isLying = true;
    const failure = await failureOf(() => runs.run(request('echo'), tell, signal));
    mesh.behaviour.isLying = false;
    expect(failure).toMatchObject({ code: 'node/refused', by: members.cedar.nodeId });
    expect(failure.message).toContain('the output is not the one that its receipt names');
  });

  it('keeps its result when the second node cannot be had', async () => {
    const nobody = members.birch.nodeId;
    const outcome = await runs.run(request('echo', { auditor: nobody }), tell, signal);
    expect(outcome).toMatchObject({
      exit: 'ok',
      outputText: 'input of echo',
      reexecutedBy: null,
      matches: false,
    });
    expect(outcome.reexecution).toContain('Cannot reach');
  });
});

describe('the executing node starts nothing', () => {
  async function startsNothing(attempt: () => Promise<string>): Promise<string> {
    const before = started.length;
    const answer = await attempt();
    expect(started.length).toBe(before);
    return answer;
  }

  it.each(['space', 'stake', 'work', 'time'] as const)(
    'for a lease whose %s leg was altered, and neither ledger nor node accepts it [consensus-01]',
    async (leg) => {
      const { operation, proof } = await ledgers.birch.prepare('lease.commit', lease(termsOf()));
      const altered = encodeTransaction({ operation, proof: tamper[leg](proof) });
      const byLedger = await failureOf(() => ledgers.birch.submit(altered));
      expect(byLedger).toMatchObject({ code: 'node/operation-refused', leg });
      expect(await startsNothing(() => askedOf(sessions.birch, altered))).toMatch(`proof-refused: ${leg}: `);
      const failure = await failureOf(() =>
        runs.execute(members.cedar.nodeId, altered, undefined, { deadlineMs: 1000 }, signal),
      );
      expect(failure).toMatchObject({ code: 'node/operation-refused', leg });
    },
  );

  it('for garbage, for nothing, and for a proof that belongs to another operation', async () => {
    const ask = async (body: Uint8Array) => {
      const answer = await sessions.birch.request(executeRequest, body);
      return answer.ok ? 'ran' : answer.code;
    };
    for (const body of [new Uint8Array(), utf8('garbage'), new Uint8Array(2_000_000)]) {
      expect(await startsNothing(async () => String(await ask(body)))).toBe('malformed');
    }
    expect(await startsNothing(() => askedOf(sessions.birch, utf8('no transaction')))).toMatch(/^malformed/);
    const [one, other] = [
      await ledgers.birch.prepare('lease.commit', lease(termsOf())),
      await ledgers.birch.prepare('lease.commit', lease(termsOf())),
    ];
    const swapped = encodeTransaction({ operation: one.operation, proof: other.proof });
    expect(await startsNothing(() => askedOf(sessions.birch, swapped))).toMatch(/^proof-refused: /);
  });

  it('for a lease with four good proofs that is not final, whatever finality is claimed', async () => {
    const transaction = encodeTransaction(await ledgers.birch.prepare('lease.commit', lease(termsOf())));
    expect(await startsNothing(() => askedOf(sessions.birch, transaction))).toMatch(/^not-final/);
    expect(await startsNothing(() => askedOf(sessions.birch, transaction, utf8('final, I swear')))).toMatch(
      /^not-final/,
    );
    const other = await ledgers.birch.act('package.install', { key: 'echo@1.0.0', value: 1 });
    expect(await startsNothing(() => askedOf(sessions.birch, transaction, other.proof))).toMatch(
      /^not-final/,
    );
    const bytes = encodeFinalityProof(other.proof).slice();
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    expect(await startsNothing(() => askedOf(sessions.birch, other.transaction, bytes))).toMatch(
      /^not-final/,
    );
  });

  it('for a final operation that is no lease, for another’s lease, and for a lease of another node', async () => {
    const install = await ledgers.birch.act('package.install', { key: 'echo@1.0.0', value: 2 });
    expect(await startsNothing(() => askedOf(sessions.birch, install.transaction, install.proof))).toBe(
      'no-lease: package.install',
    );
    const mine = await ledgers.birch.act('lease.commit', lease(termsOf()));
    expect(await startsNothing(() => askedOf(sessions.amber, mine.transaction, mine.proof))).toBe(
      'not-your-lease',
    );
    const elsewhere = await ledgers.birch.act(
      'lease.commit',
      lease(termsOf({ executor: members.amber.nodeId })),
    );
    expect(await startsNothing(() => askedOf(sessions.birch, elsewhere.transaction, elsewhere.proof))).toBe(
      'not-my-lease',
    );
  });

  it.each<[string, Partial<LeaseTerms>, string]>([
    ['more fuel than it lends', { fuel: 10n ** 15n + 1n }, 'over-limits: at most 1000000000000000 fuel'],
    ['more memory than it lends', { memoryPages: 257 }, 'over-limits: at most 256 pages of memory'],
    ['a price below what it asks', { price: 9n }, 'price-too-low: at least 10 for 1,000,000 fuel'],
    ['no time at all', { deadlineMs: 0 }, 'over-limits: each limit must be above 0'],
    [
      'a package that nobody published',
      { package: 'nothing@1.0.0' },
      'no-package: There is no nothing@1.0.0',
    ],
    ['another document than the one that was leased', { package: 'other@1.0.0' }, 'another-document'],
  ])('for a lease of %s', async (_, change, answer) => {
    if (change.package === 'other@1.0.0') await mesh.publishGuest('other', spin);
    const { transaction, proof } = await ledgers.birch.act('lease.commit', lease(termsOf(change)));
    expect(await startsNothing(() => askedOf(sessions.birch, transaction, proof))).toBe(answer);
  });

  it('for a lease whose terms are no terms, which the ledger refuses already', async () => {
    const commit = (value: CanonicalValue) => () =>
      ledgers.birch.act('lease.commit', { key: 'no-terms', value });
    expect(await failureOf(commit('please'))).toMatchObject({ leg: 'ledger', reason: 'bad-body' });
    expect(await failureOf(commit(utf8('please')))).toMatchObject({ leg: 'ledger', reason: 'bad-terms' });
  });

  it('twice for one lease, not even when asked at once or after a restart', async () => {
    const { transaction, proof, id } = await ledgers.birch.act('lease.commit', lease(termsOf()));
    const before = started.length;
    mesh.behaviour.gate = { missing: 3, open: Promise.withResolvers() };
    const answers = await Promise.all([1, 2, 3].map(() => askedOf(sessions.birch, transaction, proof)));
    mesh.behaviour.gate = undefined;
    expect(answers.sort()).toEqual(['lease-used', 'lease-used', 'ran']);
    expect(started.length).toBe(before + 1);
    expect(await startsNothing(() => askedOf(sessions.birch, transaction, proof))).toBe('lease-used');
    expect(openUsedLeases(mesh.usedLeasesPath).use(id)).toBe(false);
  });

  it('beyond the runs that one member may have at once', async () => {
    await mesh.publishGuest('slow', spin);
    const { document } = await packages.birch.resolve('slow');
    const slow = { package: 'slow@1.0.0', document, fuel: 10n ** 15n, deadlineMs: 400 };
    const final = [];
    for (let count = 0; count < 5; count++)
      final.push(await ledgers.birch.act('lease.commit', lease(termsOf(slow))));
    const answers = await Promise.all(
      final.map(({ transaction, proof }) => askedOf(sessions.birch, transaction, proof)),
    );
    expect(answers.filter((answer) => answer === 'busy')).toHaveLength(1);
    expect(answers.filter((answer) => answer === 'ran')).toHaveLength(4);
  });

  it('again for a receipt that is malformed, or beyond what it lends', async () => {
    const ask = async (change: object) => {
      const body = {
        v: 1,
        package: 'echo@1.0.0',
        document: termsOf().document,
        dependencies: {},
        memoryPages: 16,
        deadlineMs: 1000,
      };
      const question = encodeReexecuteAsk({ ...body, receipt: utf8('no receipt'), ...change } as never);
      const answer = await sessions.birch.request(reexecuteRequest, question);
      return answer.ok ? 'ran' : answer.code;
    };
    expect(await ask({})).toBe('malformed');
  });
});
