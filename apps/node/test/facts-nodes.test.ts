import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient, type Result } from '@hypermesh/client';
import { decodeProof, decodeTransaction, encodeTransaction } from '@hypermesh/consensus';
import { decodeFinalityProof, verifyFinality } from '@hypermesh/consensus/light';
import { tamper } from '@hypermesh/consensus/testing';
import { fromHex, toHex } from '@hypermesh/core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { dataDirectory } from '../src/data-directory.ts';
import { readChain } from '../src/identity.ts';
import { openGenesis } from '../src/mesh/founding.ts';
import { writeEchoPackage } from './echo-package.ts';
import { hypermesh, type RunningNode, startNode } from './processes.ts';
import { temporaryDirectory } from './support.ts';

// Processes and proofs take their time on a machine that is busy with other things.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const folder = temporaryDirectory();
const directoryOf = (name: string) => dataDirectory(join(folder.path, name));
const data = (name: string) => ['--data', directoryOf(name).path];
const nodes = {} as Record<'amber' | 'birch', RunningNode>;
const stopping = new AbortController();
const heard: { topic: string; data: unknown }[] = [];

/** Two nodes, and a listener at the first one's API from its first second on. */
beforeAll(async () => {
  const made = await hypermesh('init', ...data('amber'), '--name', 'amber', '--validators', '2');
  expect(made.code, made.stderr).toBe(0);
  nodes.amber = await startNode(directoryOf('amber').path);
  const { url } = JSON.parse(readFileSync(directoryOf('amber').apiAddress, 'utf8')) as { url: string };
  const client = createClient({ url, token: readFileSync(directoryOf('amber').apiToken, 'utf8').trim() });
  void (async () => {
    const topics = ['blocks', 'runs', 'transfers', 'links', 'trust', 'assets', 'packages', 'wallet'] as const;
    for await (const event of client.events(topics, { signal: stopping.signal })) heard.push(event);
  })().catch(() => undefined);
  const [invitation = ''] = (await hypermesh('invite', ...data('amber'), '--json')).json()[
    'invitations'
  ] as string[];
  const joined = await hypermesh('join', invitation, ...data('birch'), '--name', 'birch');
  expect(joined.code, joined.stderr).toBe(0);
  nodes.birch = await startNode(directoryOf('birch').path);
  await nodes.amber.call('final', { height: 2 });
});

afterAll(async () => {
  stopping.abort();
  await Promise.all(Object.values(nodes).map((node) => node[Symbol.asyncDispose]()));
  folder[Symbol.dispose]();
});

/** Asks until the answer is as it should be: there is no event for it, or it is this answer that is tested. */
async function eventually<T>(ask: () => Promise<T>, isSo: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (isSo(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const operations = (params: object = {}) => nodes.birch.call<Result<'operations'>>('operations', params);

describe('names of a mesh', () => {
  it('resolve to records that its authority signed, on every node, without a restart [trustchain-06]', async () => {
    const list = () => nodes.birch.call<Result<'names'>>('names');
    const { names } = await eventually(list, (found) => found.names.length === 5);
    expect(names.map(({ name }) => name).sort()).toEqual([
      'assets',
      'caesar',
      'catalog',
      'hypermesh',
      'trust',
    ]);
    const found = await nodes.birch.call<Result<'resolve'>>('resolve', { name: 'http3://caesar/history' });
    expect(found).toMatchObject({ page: '/wallet', path: '/history', state: 'valid', ownerIs: 'authority' });
    expect(found.nodes.map(({ name }) => name)).toEqual(['amber', 'birch']);
    const nobody = nodes.birch.call('resolve', { name: 'http3://nobody' });
    await expect(nobody).rejects.toMatchObject({ code: 'node/not-found' });
    const wrong = nodes.birch.call('resolve', { name: 'https://caesar' });
    await expect(wrong).rejects.toMatchObject({ code: 'node/bad-flag' });
  });
});

describe('the ledger', () => {
  it('tells its state, its validators and its blocks in pages', async () => {
    const summary = await eventually(
      () => nodes.amber.call<Result<'ledger'>>('ledger'),
      ({ indexedHeight, height }) => indexedHeight === height && height > 4,
    );
    expect(summary).toMatchObject({ profile: 'localhost', validators: 2, quorum: 2, faultsTolerated: 0 });
    expect(summary.finality?.samples).toBeGreaterThan(0);
    const { validators, window } = await nodes.amber.call<Result<'validators'>>('validators');
    expect(validators.map(({ name }) => name).sort()).toEqual(['amber', 'birch']);
    expect(validators.reduce((sum, { proposed }) => sum + proposed, 0)).toBe(window);
    const seen: number[] = [];
    for (let before: number | undefined; ; ) {
      const page = await nodes.amber.call<Result<'blocks'>>('blocks', { limit: 2, before });
      seen.push(...page.blocks.map(({ height }) => height));
      if (page.next === null) break;
      before = page.next;
    }
    expect(seen).toEqual(Array.from({ length: seen.length }, (_, at) => seen.length - at));
    const block = await nodes.amber.call<Result<'block'>>('block', { height: 1 });
    expect(block).toMatchObject({ height: 1, signers: expect.arrayContaining(['amber', 'birch']) });
    const above = nodes.amber.call('block', { height: 999_999 });
    await expect(above).rejects.toMatchObject({ code: 'node/not-found' });
  });

  it('shows of an operation what each leg proved, checked again here', async () => {
    const { operations: found, kinds } = await eventually(
      () => operations({ kind: 'name.publish' }),
      (page) => page.operations.length > 0,
    );
    expect(kinds.find(({ kind }) => kind === 'asset.register')?.count).toBeGreaterThan(0);
    const [first] = found;
    expect(first).toMatchObject({ by: 'amber', code: 'ok' });
    const shown = await nodes.birch.call<Result<'operation'>>('operation', { id: first?.id });
    expect(shown.proof).toMatchObject({ ok: true, signature: 'valid' });
    const { space, stake, work, time } = shown.proof.legs ?? {};
    expect(space).toMatchObject({ ok: true, scheme: 'plot-v1', challenges: 16, needed: 6 });
    expect(space?.answers.length).toBeGreaterThanOrEqual(6);
    expect(space?.answers[0]).toMatchObject({ k: 18, quality: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(stake).toMatchObject({ ok: true, power: '1000000', status: 'bonded' });
    expect(work).toMatchObject({ ok: true, memoryKib: 4096, binds: { operation: first?.id } });
    expect(time).toMatchObject({ ok: true, iterations: 2 ** 16 });
    expect(time?.anchorAgeMs).toBeGreaterThanOrEqual(0);
    expect(shown.body).toContain('hypermesh-name');
    const { operations: mine } = await operations({ account: 'birch', limit: 200 });
    expect(new Set(mine.map(({ by }) => by))).toEqual(new Set(['birch']));
    await expect(operations({ account: 'nobody' })).rejects.toMatchObject({ code: 'node/not-found' });
    await expect(operations({ before: '../x' })).rejects.toMatchObject({ code: 'node/bad-flag' });
  });

  it('gives a proof of a block that holds without it', async () => {
    const { proof } = await nodes.birch.call<Result<'proof'>>('proof', { height: 2 });
    const bytes = fromHex(proof);
    const decoded = decodeFinalityProof(bytes.ok ? bytes.bytes : new Uint8Array());
    const { genesis, chainId } = openGenesis(readFileSync(directoryOf('birch').genesis), 'genesis');
    const validators = genesis.members.map(({ key }) => ({ publicKey: key }));
    expect(decoded.ok && verifyFinality(decoded.proof, { chain: chainId, validators }).ok).toBe(true);
  });
});

describe('the commands', () => {
  it('take a proof away that is checked without any node, and refuse it with one bit altered', async () => {
    const file = join(folder.path, 'block-2.proof');
    const { operations: found } = await operations({ limit: 1 });
    const [newest] = found;
    const shown = await hypermesh(
      'ledger',
      'operation',
      newest?.id ?? '',
      '--out',
      file,
      ...data('birch'),
      '--json',
    );
    expect(shown.json(), shown.stderr).toMatchObject({ ok: true, status: 'valid', proof: { ok: true } });
    const away = [
      '--genesis',
      directoryOf('amber').genesis,
      '--data',
      join(folder.path, 'nowhere'),
      '--json',
    ];
    const held = await hypermesh('ledger', 'verify', file, ...away);
    expect(held.code, held.stderr).toBe(0);
    expect(held.json()).toMatchObject({
      ok: true,
      height: newest?.height,
      operation: { index: newest?.index },
    });
    const bytes = readFileSync(file);
    bytes[bytes.length - 100] = (bytes.at(-100) ?? 0) ^ 1;
    writeFileSync(file, bytes);
    const altered = await hypermesh('ledger', 'verify', file, ...away);
    expect(altered.code).toBe(1);
    expect(altered.json()).toMatchObject({ ok: false });
  });

  it.each([
    [['ledger', 'status'], 'finality'],
    [['ledger', 'blocks', '--limit', '2'], 'amber'],
    [['ledger', 'block', '1'], 'final by the votes of'],
    [['ledger', 'operations', '--kind', 'name.publish', '--by', 'amber'], 'name.publish by amber: ok'],
    [['ledger', 'validators'], 'A quorum is 2 of 2'],
    [['trust', 'show'], 'Root       SHA256:'],
    [['trust', 'certificates'], 'birch: until'],
    [['trust', 'log'], 'the place of each entry hold'],
    [['trust', 'proof', '0'], 'is in the log of'],
    [['trust', 'names'], 'http3://catalog'],
    [['trust', 'resolve', 'http3://trust'], 'leads to /trust'],
  ])('hypermesh %s tells it in words', async (words, expected) => {
    const told = await hypermesh(...words, ...data('birch'));
    expect(told.code, told.stderr).toBe(0);
    expect(told.stdout).toContain(expected);
  });
});

describe('a run', () => {
  let lease: string;

  it('is told by both sides, with log, receipt, output and cost', async () => {
    const path = join(folder.path, 'package');
    writeEchoPackage(path);
    await nodes.amber.call('publish', { folder: path });
    const ran = await nodes.amber.call<Result<'run'>>('run', { spec: 'echo', on: 'birch' });
    lease = ran.lease;
    const asked = await nodes.amber.call<Result<'runs'>>('runs', { role: 'asked' });
    expect(asked.runs).toMatchObject([
      {
        lease,
        status: 'ended',
        package: 'echo@1.2.3',
        with: 'birch',
        exit: 'ok',
        fuel: ran.fuel,
        charge: ran.charge,
      },
    ]);
    const executed = await nodes.birch.call<Result<'runs'>>('runs', { role: 'executed' });
    expect(executed.runs).toMatchObject([
      { lease, with: 'amber', exit: 'ok', fuel: ran.fuel, charge: ran.charge },
    ]);
    const record = await nodes.amber.call<Result<'run-record'>>('run-record', { lease });
    expect(record).toMatchObject({
      output: { text: 'the same bytes again', isCut: false, digest: ran.outputDigest },
      receipt: { exit: 'ok', fuel: ran.fuel, type: 'vm.wasm' },
      proofs: { space: 'valid', stake: 'valid', work: 'valid', time: 'valid' },
      settlement: { status: 'held', held: ran.escrow },
      canRerun: true,
    });
    await nodes.amber.call('settle', { lease });
    const after = await nodes.amber.call<Result<'run-record'>>('run-record', { lease });
    expect(after.settlement).toMatchObject({ status: 'settled', charged: ran.charge });
    await expect(nodes.amber.call('run-record', { lease: 'nothing' })).rejects.toMatchObject({
      code: 'node/not-found',
    });
  });

  it('is executed once more from what was kept of it, and compared', async () => {
    const again = await nodes.amber.call<Result<'rerun'>>('rerun', { lease, on: 'birch' });
    expect(again).toMatchObject({ lease, by: 'birch', matches: true });
    const record = await nodes.amber.call<Result<'run-record'>>('run-record', { lease });
    expect(record.reexecution).toMatchObject({ by: 'birch', matches: true });
    await expect(nodes.birch.call('rerun', { lease })).rejects.toMatchObject({ code: 'node/not-found' });
    const theirs = await nodes.birch.call<Result<'run-record'>>('run-record', { lease });
    expect(theirs).toMatchObject({ canRerun: false, rerunNote: expect.stringContaining('asked for it') });
  });

  it('moved content that both sides tell alike', async () => {
    const { recent } = await nodes.birch.call<Result<'transfers'>>('transfers');
    const moved = recent.filter(
      ({ state, peers }) => state === 'done' && peers.some(({ name }) => name === 'amber'),
    );
    expect(moved.map(({ name }) => name)).toContain('echo@1.2.3');
    for (const { chunksRefused, bytesHere, bytes } of moved) {
      expect(chunksRefused).toBe(0);
      expect(bytesHere).toBe(bytes);
    }
    const { uploads } = await nodes.amber.call<Result<'transfers'>>('transfers');
    const sent = uploads.find(({ name }) => name === 'birch');
    expect(sent?.fetches).toBeGreaterThan(0);
    expect(sent?.bytes).toBeGreaterThanOrEqual(moved.reduce((sum, { bytesMoved }) => sum + bytesMoved, 0));
  });
});

describe('links and trust', () => {
  it('tell who is linked how, since when, how far and with how many bytes', async () => {
    const topology = await eventually(
      () => nodes.amber.call<Result<'topology'>>('topology'),
      ({ members }) => members.some(({ rttMs }) => rttMs !== null),
    );
    expect(topology).toMatchObject({ scope: 'own-links', self: { name: 'amber' } });
    const birch = topology.members.find(({ name }) => name === 'birch');
    expect(birch).toMatchObject({ connected: true, carrier: 'quic', kem: 'X25519+ML-KEM-768', pq: true });
    expect(birch?.rttMs).toBeGreaterThan(0);
    expect(birch?.bytesIn).toBeGreaterThan(1_000);
    expect(birch?.bytesOut).toBeGreaterThan(1_000);
    expect(birch?.sinceMs).toBeGreaterThan(0);
  });

  it('shows the root, the own chain, and the certificate that each member showed', async () => {
    const trust = await nodes.birch.call<Result<'trust'>>('trust');
    const [root] = readChain(directoryOf('amber').root);
    expect(trust.root.notAfterMs).toBe(root?.notAfterMs);
    expect(trust.authority.founder).toBe('amber');
    expect(trust.self.chain).toHaveLength(3);
    for (const { certificate, nodeId } of trust.members)
      expect(certificate).toMatchObject({ nodeId, key: 'p256', alternativeKey: 'ml-dsa-65' });
    expect(trust.revocations).toEqual({ unreadable: 0, lists: [], revoked: [] });
  });

  it('reads the log from another node and proves each entry and its growth', async () => {
    const before = await nodes.birch.call<Result<'trust-log'>>('trust-log', { limit: 1 });
    expect(before).toMatchObject({ verified: true, origin: 'hypermesh.online/log' });
    expect(before.size).toBeGreaterThan(1);
    expect(before.next).toBe(before.size - 1);
    const second = join(folder.path, 'second');
    writeEchoPackage(second, '1.3.0');
    await nodes.amber.call('publish', { folder: second });
    const proof = await nodes.birch.call<Result<'trust-proof'>>('trust-proof', {
      index: 0,
      since: before.checkpoint,
    });
    expect(proof).toMatchObject({ index: 0, inclusion: 'verified', kind: 'certificate' });
    expect(proof.size).toBeGreaterThan(before.size);
    expect(proof.consistency).toMatchObject({ from: before.size, size: proof.size, verdict: 'verified' });
    const own = await nodes.amber.call<Result<'trust-log'>>('trust-log');
    expect(own.root).toBe(proof.root);
    expect(own.entries.map(({ kind }) => kind)).toContain('bundle');
    await expect(nodes.birch.call('trust-proof', { index: 9_999 })).rejects.toMatchObject({
      code: 'node/not-found',
    });
    const forged = before.checkpoint.replace(/\n\d+\n/, '\n1\n');
    await expect(nodes.birch.call('trust-proof', { index: 0, since: forged })).rejects.toMatchObject({
      code: 'node/bad-flag',
    });
  });
});

describe('an operation that nobody waits for', () => {
  const prepare = async () => {
    const { transaction } = await nodes.birch.call<Result<'prepare-lease'>>('prepare-lease', {
      spec: 'echo',
      on: 'amber',
    });
    const bytes = fromHex(transaction);
    const decoded = bytes.ok ? decodeTransaction(bytes.bytes) : undefined;
    const proof = decoded?.ok ? decodeProof(decoded.encoded.proof) : undefined;
    if (decoded?.ok !== true || proof?.ok !== true) throw new Error('no transaction');
    return { transaction, operation: decoded.operation, proof: proof.proof };
  };
  const hand = (transaction: string) =>
    nodes.birch.call<Result<'submit'>>('submit', { transaction, wait: false });
  const statusOf = (id: string) => nodes.birch.call<Result<'operation-status'>>('operation-status', { id });

  it('goes from pending to valid, or to invalid with the leg, also over a crash [consensus-10]', async () => {
    const { transaction, operation, proof } = await prepare();
    const altered = toHex(encodeTransaction({ operation, proof: tamper.time(proof) }));
    const refused = await hand(altered);
    expect(refused.status).toBe('pending');
    const decided = await eventually(
      () => statusOf(refused.id),
      ({ status }) => status !== 'pending',
    );
    expect(decided).toMatchObject({ status: 'invalid', leg: 'time', reason: 'altered' });
    await expect(statusOf('bafynothing')).rejects.toMatchObject({ code: 'node/not-found' });
    // The same operation under a proof that holds has the same id, and its own outcome.
    expect(await hand(transaction)).toEqual({ id: refused.id, status: 'pending' });
    const taken = await eventually(
      () => statusOf(refused.id),
      ({ status }) => status !== 'pending',
    );
    expect(taken).toMatchObject({ status: 'valid', height: expect.any(Number) });

    const next = await prepare();
    const accepted = await hand(next.transaction);
    expect(accepted.status).toBe('pending');
    await nodes.birch.end('SIGKILL');
    nodes.birch = await startNode(directoryOf('birch').path);
    const valid = await eventually(
      () => statusOf(accepted.id),
      ({ status }) => status !== 'pending',
    );
    expect(valid).toMatchObject({ status: 'valid', kind: 'lease.commit' });
    const { operations: newest } = await eventually(
      () => operations({ limit: 5 }),
      (page) => page.operations.some((each) => each.id === accepted.id),
    );
    expect(newest.find((each) => each.id === accepted.id)).toMatchObject({
      by: 'birch',
      height: valid.height,
    });
  });

  it('and all else that happened was told live', async () => {
    await vi.waitFor(() => {
      const topics = new Set(heard.map(({ topic }) => topic));
      expect([...topics].sort()).toEqual([
        'assets',
        'blocks',
        'links',
        'packages',
        'runs',
        'trust',
        'wallet',
      ]);
    }, 30_000);
    const runs = heard
      .filter(({ topic }) => topic === 'runs')
      .map(({ data: run }) => (run as { status: string }).status);
    expect(runs.slice(0, 2)).toEqual(['running', 'ended']);
    const links = heard.filter(({ topic }) => topic === 'links').map(({ data: link }) => link);
    expect(links.filter((link) => (link as { type: string }).type === 'open').length).toBeGreaterThan(1);
    const { members } = await nodes.amber.call<Result<'topology'>>('topology');
    expect(members.find(({ name }) => name === 'birch')?.reconnects).toBeGreaterThan(0);
  });
});
