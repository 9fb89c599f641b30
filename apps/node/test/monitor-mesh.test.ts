import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { decodeProof, decodeTransaction, encodeTransaction } from '@hypermesh/consensus';
import { tamper } from '@hypermesh/consensus/testing';
import { fromHex, toHex } from '@hypermesh/core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { metricTable } from '../src/monitor/table/index.ts';
import type { NodeStatus } from '../src/status.ts';
import { writeEchoPackage } from './echo-package.ts';
import { type FourProcesses, type Name, names, openFourProcesses } from './four-processes.ts';
import { hypermesh, startNode } from './processes.ts';

// Processes and proofs take their time on a machine that is busy with other things.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly count?: number;
}
/** Numbers of one node, as its API gives them. */
class Snapshot {
  readonly #metrics: ReadonlyMap<string, readonly Series[]>;

  constructor(metrics: readonly { readonly name: string; readonly series: readonly Series[] }[]) {
    this.#metrics = new Map(metrics.map(({ name, series }) => [name, series]));
  }

  /** What the series of a metric come to that have these labels; of a histogram how often it observed. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
    const found = this.#metrics.get(`hypermesh_${name}`);
    if (found === undefined) throw new Error(`there is no ${name}`);
    return found
      .filter((one) => Object.entries(labels).every(([label, value]) => one.labels[label] === value))
      .reduce((sum, { value, count }) => sum + (count ?? value), 0);
  }
}

let mesh: FourProcesses;
const ranFuel = { of: 0n };
const node = (name: Name) => mesh.nodes[name];
const look = async (name: Name) =>
  new Snapshot((await node(name).call<{ metrics: never[] }>('metrics')).metrics);
const lookAtAll = async () =>
  Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await look(name)] as const)),
  ) as Record<Name, Snapshot>;
/** Bytes of chunks on a node's disk, and how many there are. */
function onDisk(name: Name) {
  const chunks = join(mesh.directoryOf(name).content, 'chunks');
  const sizes = readdirSync(chunks).map((file) => statSync(join(chunks, file)).size);
  return { chunks: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}
const allAt = async (height: unknown) => {
  for (const name of names) await node(name).call('final', { height });
};

beforeAll(async () => {
  mesh = await openFourProcesses();
  await allAt(1);
});
afterAll(() => mesh?.[Symbol.asyncDispose]());

describe('the counters of four nodes', () => {
  let before: Record<Name, Snapshot>;
  const added = async (name: Name, metric: string, labels?: Readonly<Record<string, string>>) =>
    (await look(name)).sum(metric, labels) - before[name].sum(metric, labels);
  let lease = '';
  beforeAll(async () => {
    before = await lookAtAll();
  });

  it('of content equal what lies on the disks [node-04]', async () => {
    // One package of known files, held by two more, installed by the one that lacks it.
    const path = join(mesh.folder, 'package');
    writeEchoPackage(path);
    const files = ['program.wasm', 'input.txt'].map((file) => statSync(join(path, file)).size);
    const size = files.reduce((sum, one) => sum + one, 0);
    const published = await node('amber').call('publish', { folder: path });
    expect(published).toMatchObject({ copies: 2 });
    // The files, and what is signed and proved of them: each a content of its own.
    const kept = onDisk('amber').bytes;
    expect(kept).toBeGreaterThan(size);
    expect(await added('amber', 'content_bytes_total', { origin: 'published' })).toBe(kept);
    await allAt(published['height']);
    const lacking = names.find((name) => onDisk(name).chunks === 0);
    if (lacking === undefined) throw new Error('all four have it already');
    const wireBefore = await added(lacking, 'content_wire_bytes_total');
    const installed = await node(lacking).call<{ bytesMoved: number }>('install', { specs: ['echo@^1.0.0'] });
    expect(installed.bytesMoved).toBeGreaterThan(size);
    // What is signed and proved of the package came too.
    expect((await added(lacking, 'content_wire_bytes_total')) - wireBefore).toBeGreaterThanOrEqual(
      installed.bytesMoved,
    );
    for (const name of names.slice(1)) {
      const { chunks, bytes } = onDisk(name);
      expect(await added(name, 'content_chunks_fetched_total')).toBe(chunks);
      expect(await added(name, 'content_bytes_total', { origin: 'fetched' })).toBe(bytes);
      expect(await added(name, 'content_fetches_total', { outcome: 'ok' })).toBeGreaterThan(0);
      expect(await added(name, 'content_chunks_refused_total')).toBe(0);
      expect(await added(name, 'content_pins_total', { action: 'pin' })).toBeGreaterThan(0);
    }
    const served = await Promise.all(names.map((name) => added(name, 'content_served_bytes_total')));
    // A chunk may be asked of two; what is late is not kept.
    expect(served.reduce((sum, one) => sum + one, 0)).toBeGreaterThanOrEqual(3 * size);
    const sound = { state: 'sound' };
    const soundBefore = await added('amber', 'content_chunks_scrubbed_total', sound);
    const scrubbed = await node('amber').call('scrub');
    expect(scrubbed).toMatchObject({ chunks: onDisk('amber').chunks });
    const soundNow = await added('amber', 'content_chunks_scrubbed_total', sound);
    expect(soundNow - soundBefore).toBe(onDisk('amber').chunks);
  });

  it('of runs equal what their receipts say [node-04]', async () => {
    // One that ends well and is repeated by another, one that runs out of fuel.
    const ran = await node('birch').call<{ fuel: string; lease: string }>('run', {
      spec: 'echo',
      on: 'cedar',
      audit: 'delta',
    });
    const short = await node('birch').call<{ fuel: string; exit: string }>('run', {
      spec: 'echo',
      on: 'cedar',
      audit: 'delta',
      fuel: 1,
    });
    expect(short.exit).toBe('out-of-fuel');
    ({ lease } = ran);
    ranFuel.of = BigInt(ran.fuel) + BigInt(short.fuel);
    expect(await added('cedar', 'runs_total', { type: 'vm.wasm', exit: 'ok' })).toBe(1);
    expect(await added('cedar', 'runs_total', { type: 'vm.wasm', exit: 'out-of-fuel' })).toBe(1);
    expect(await added('cedar', 'runs_total')).toBe(2);
    expect(await added('cedar', 'runs_fuel_total')).toBe(Number(ranFuel.of));
    expect(await added('cedar', 'run_asks_total', { outcome: 'executed' })).toBe(2);
    expect(await added('cedar', 'assets_commits_total', { outcome: 'granted' })).toBe(2);
    expect(await added('delta', 'runs_reexecuted_total')).toBe(1);
  });

  it('of lent memory equal the accesses, in number and bytes [node-04]', async () => {
    const lent = await node('delta').call<{ address: string }>('memory-lend', { bytes: 4096 });
    const { address } = lent;
    const granted = await node('delta').call('memory-grant', { address, to: 'amber' });
    await allAt(granted['height']);
    for (let i = 0; i < 3; i += 1)
      await node('amber').call('memory-write', { address, bytes: '00'.repeat(64) });
    for (let i = 0; i < 5; i += 1) await node('amber').call('memory-read', { address, length: 32 });
    await node('amber').call('memory-add', { address, delta: 5 });
    const accesses = (operation: string) => ({ operation, outcome: 'ok' });
    expect(await added('delta', 'memory_accesses_total', accesses('write'))).toBe(3);
    expect(await added('delta', 'memory_accesses_total', accesses('read'))).toBe(5);
    expect(await added('delta', 'memory_accesses_total', accesses('fetchAdd64'))).toBe(1);
    expect(await added('delta', 'memory_bytes_total', { operation: 'write' })).toBe(3 * 64);
    expect(await added('delta', 'memory_bytes_total', { operation: 'read' })).toBe(5 * 32);
    expect((await look('delta')).sum('memory_lent_bytes')).toBe(4096);
  });

  it('of value are the same on all four, and equal what was paid [node-04]', async () => {
    // Two transfers, one of more than there is, and a settlement.
    for (let i = 0; i < 2; i += 1) await node('birch').call('transfer', { to: 'delta', amount: 1000 });
    await expect(
      node('birch').call('transfer', { to: 'delta', amount: '9'.repeat(18) }),
    ).rejects.toMatchObject({ failure: { leg: 'ledger', reason: 'insufficient-funds' } });
    const settled = await node('cedar').call('settle', { lease });
    await allAt(settled['height']);
    for (const name of names) {
      const operations = (kind: string, code: string) =>
        added(name, 'ledger_operations_total', { kind, code });
      expect(await operations('value.transfer', 'ok')).toBe(2);
      expect(await operations('value.transfer', 'insufficient-funds')).toBe(1);
      expect(await operations('lease.commit', 'ok')).toBe(2);
      expect(await operations('lease.settle', 'ok')).toBe(1);
      expect(await operations('memory.export', 'ok')).toBe(1);
    }
    expect(await added('birch', 'consensus_refused_total', { leg: 'ledger' })).toBe(1);
  });

  it('of proofs name the leg that was altered [node-04]', async () => {
    // Each leg once, handed in at birch.
    const { transaction } = await node('birch').call<{ transaction: string }>('prepare-lease', {
      spec: 'echo',
      on: 'cedar',
    });
    const bytes = fromHex(transaction);
    const opened = bytes.ok ? decodeTransaction(bytes.bytes) : bytes;
    const proof = opened.ok ? decodeProof(opened.encoded.proof) : opened;
    if (!opened.ok || !proof.ok) throw new Error('the node prepared no transaction');
    for (const leg of ['space', 'stake', 'work', 'time'] as const) {
      const altered = encodeTransaction({ operation: opened.operation, proof: tamper[leg](proof.proof) });
      await expect(node('birch').call('submit', { transaction: toHex(altered) })).rejects.toMatchObject({
        failure: { leg },
      });
      expect(await added('birch', 'consensus_proofs_checked_total', { leg, outcome: 'refused' })).toBe(1);
      expect(await added('birch', 'consensus_refused_total', { leg })).toBe(1);
    }
  });

  it('of blocks and operations equal what stands on the ledger from its first block on [node-04]', async () => {
    const after = await lookAtAll();
    for (const name of names) {
      const { ledger } = await node(name).call<NodeStatus>('status');
      const one = after[name];
      expect(one.sum('consensus_height')).toBeLessThanOrEqual(ledger?.height ?? 0);
      const blocks = one.sum('consensus_blocks_total');
      expect(Math.abs(blocks - one.sum('consensus_height'))).toBeLessThanOrEqual(2);
      // One that was ordered twice is refused the second time, before it is looked at as an operation.
      const done = { code: 'ok' };
      expect(one.sum('consensus_transactions_total', done)).toBe(one.sum('ledger_operations_total', done));
      expect(one.sum('consensus_finality_seconds')).toBeGreaterThan(0);
      expect(one.sum('stoq_sessions', { class: 'member' })).toBeGreaterThanOrEqual(3);
      expect(one.sum('consensus_validators_reachable')).toBe(4);
      expect(one.sum('metrics_dropped_total')).toBe(0);
      expect(one.sum('log_lines_total')).toBeGreaterThan(3);
      expect(one.sum('extensions', { state: 'active' })).toBeGreaterThan(0);
      expect(one.sum('api_requests_total', { route: 'metrics', status: '200' })).toBeGreaterThan(5);
    }
    const appended = after.amber.sum('trust_log_appends_total');
    expect(after.amber.sum('trust_certificates_issued_total')).toBe(3);
    // The certificates of those who joined, and what was published.
    expect(appended).toBeGreaterThanOrEqual(3 + 1);
  });

  it('each moved in this run, or say why they did not', async () => {
    const all = await lookAtAll();
    const still = metricTable
      .filter(({ name }) => {
        const short = name.replace('hypermesh_', '');
        return names.every((one) => all[one].sum(short) === 0);
      })
      .map(({ name }) => name.replace('hypermesh_', ''));
    expect(still.filter((name) => !(name in quietHere))).toEqual([]);
  });

  it('come as text for Prometheus with the token that only reads, and count the same', async () => {
    const { api, token, readToken } = apiOf('cedar');
    const answer = await fetch(`${api}/metrics`, { headers: { authorization: `Bearer ${readToken}` } });
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const text = await answer.text();
    expect(text).toMatch(/^# HELP hypermesh_/);
    expect(text).toContain(`\nhypermesh_runs_fuel_total ${ranFuel.of}\n`);
    expect(token).not.toBe(readToken);
    expect((await fetch(`${api}/metrics`)).status).toBe(401);
    const accept = { authorization: `Bearer ${readToken}`, accept: 'application/openmetrics-text' };
    expect(await (await fetch(`${api}/metrics`, { headers: accept })).text()).toMatch(/\n# EOF\n$/);
  });
});

describe('a node that watches itself', () => {
  const ask = (fromMs: number) =>
    node('cedar').call<{ times: number[]; series: { name: string; values: (number | null)[] }[] }>(
      'metrics-history',
      {
        series: ['hypermesh_process_resident_bytes', 'hypermesh_consensus_blocks_total'],
        fromMs,
        stepMs: 10_000,
      },
    );

  it('tells of an alert by its own rule: in status, in the log, by events and by the command line', async () => {
    const heard = await listen('cedar', 'alerts');
    const when = [{ metric: 'hypermesh_members', is: '>=', than: 4 }];
    const rule = [{ name: 'four', summary: 'there are four', next: 'be glad', when }];
    const set = await node('cedar').call<{ rules: { name: string; isDefault: boolean }[] }>(
      'set-alert-rules',
      { rule },
    );
    expect(set.rules.at(-1)).toMatchObject({ name: 'four', isDefault: false });
    await heard(/event: alerts\n.*"rule":"four"/);
    const { alerts } = await node('cedar').call<NodeStatus>('status');
    expect(alerts).toContainEqual(expect.objectContaining({ rule: 'four', state: 'firing', value: 4 }));
    const data = ['--data', mesh.directoryOf('cedar').path];
    expect((await hypermesh('status', ...data)).stdout).toContain(
      'ALERT        four: there are four; be glad',
    );
    const logged = await hypermesh('logs', ...data, '--event', 'alert.', '--json');
    expect(logged.json()['lines']).toContainEqual(
      expect.objectContaining({ event: 'alert.firing', fields: expect.objectContaining({ rule: 'four' }) }),
    );
    await expect(
      node('cedar').call('set-alert-rules', { rule: [{ ...rule[0], when: [{ ...when[0], metric: 'up' }] }] }),
    ).rejects.toMatchObject({ code: 'node/bad-flag' });
    await node('cedar').call('set-alert-rules', {});
  });

  it('has its history again after kill -9, number by number [node-05]', async () => {
    const startedMs = Date.now() - 1_800_000;
    let before = await ask(startedMs);
    if (before.series[0]?.values.every((value) => value === null) !== false) {
      // It looks every ten seconds, and has been up for less.
      await (await listen('cedar', 'metrics'))(/event: metrics/);
      before = await ask(startedMs);
    }
    await node('cedar').end('SIGKILL');
    const path = mesh.directoryOf('cedar').path;
    const stopped = await hypermesh('logs', '--data', path, '--level', 'info');
    expect(stopped.stdout).toContain('node.up');
    mesh.nodes.cedar = await startNode(path);
    const after = await ask(startedMs);
    let compared = 0;
    for (const [index, time] of before.times.entries()) {
      const at = after.times.indexOf(time);
      const value = before.series[0]?.values[index];
      if (at < 0 || value === null) continue;
      expect(after.series[0]?.values[at]).toBe(value);
      compared += 1;
    }
    // That the time away is a gap takes a clock that can be set: monitor-history.test.ts.
    expect(compared).toBeGreaterThan(0);
  });

  it('logs no secret: no token, passphrase or invitation stands in any log of the mesh', () => {
    const secrets = names.flatMap((name) => {
      const directory = mesh.directoryOf(name);
      return [directory.passphrase, directory.apiToken, directory.apiReadToken].map((file) =>
        readFileSync(file, 'utf8').trim(),
      );
    });
    for (const invitation of mesh.invitations)
      secrets.push(invitation, ...(invitation.match(/[\w-]{24,}/g) ?? []));
    expect(secrets.length).toBeGreaterThan(14);
    const logs = names.flatMap((name) => {
      const folder = mesh.directoryOf(name).logs;
      return [
        node(name).log(),
        ...readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8')),
      ];
    });
    const all = logs.join('\n');
    expect(all.length).toBeGreaterThan(1_000);
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(8);
      expect(all.includes(secret)).toBe(false);
    }
  });
});

/** What does not move in a run where nothing of the kind happens; each is shown elsewhere, or is 0 where all is well. */
const quietHere: Readonly<Record<string, string>> = {
  stoq_handshakes_refused_total: 'nobody is refused here: packages/stoq/test/session.test.ts',
  relay_bytes_total: 'all reach each other: packages/proxy-nat/test/relay.test.ts',
  content_chunks_refused_total: 'nobody lies here: packages/stoq/test/swarm.test.ts',
  content_refused_total: 'all are members',
  content_freed_bytes_total: 'nothing is dropped within its hour of grace',
  content_lost_roots: 'nothing is lost where all is well',
  consensus_malformed_total: 'no validator sends garbage here',
  consensus_pending: 'a moment only',
  memory_attaches_refused_total: 'the grant holds',
  memory_frames_refused_total: 'no member sends garbage here',
  runs_executing: 'a moment only',
  log_lost_lines_total: 'the disk takes all',
  metrics_dropped_total: 'everything has its place: demanded above',
  alerts: 'quiet where all is well; one of its own below',
  clock_offset_seconds: 'members ask each other once a minute: apps/node/test/monitor-looks.test.ts',
};

function apiOf(name: Name) {
  const directory = mesh.directoryOf(name);
  const { url } = JSON.parse(readFileSync(directory.apiAddress, 'utf8')) as { url: string };
  return {
    api: url,
    token: readFileSync(directory.apiToken, 'utf8').trim(),
    readToken: readFileSync(directory.apiReadToken, 'utf8').trim(),
  };
}

/** Hears a node's events from now on; what it answers resolves with their text once it holds some words, and ends the stream. */
async function listen(name: Name, topics: string): Promise<(wanted: RegExp) => Promise<string>> {
  const { api, readToken } = apiOf(name);
  const { body } = await fetch(`${api}/v1/events?topics=${topics}`, {
    headers: { authorization: `Bearer ${readToken}` },
  });
  return async (wanted) => {
    let text = '';
    for await (const part of body ?? []) {
      text += Buffer.from(part as Uint8Array).toString('utf8');
      if (wanted.test(text)) return text;
    }
    throw new Error(`the stream ended: ${text}`);
  };
}
