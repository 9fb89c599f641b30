import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { NodeStatus } from '../src/status.ts';
import { hypermesh, type RunningNode, startNode } from './processes.ts';
import { temporaryDirectory } from './support.ts';

// Processes and proofs take their time on a machine that is busy with other things.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const directory = temporaryDirectory();
const data = ['--data', directory.path];
let node: RunningNode;

beforeAll(async () => {
  const made = await hypermesh('init', ...data, '--name', 'amber', '--validators', '1', '--json');
  expect(made.json()).toMatchObject({ ok: true, name: 'amber', validators: 1, directory: directory.path });
  node = await startNode(directory.path);
});

afterAll(async () => {
  await node[Symbol.asyncDispose]();
  directory[Symbol.dispose]();
});

describe('the command hypermesh', () => {
  it.each<[string, string[], number, string]>([
    ['no command: the help', [], 0, ''],
    ['--help', ['--help'], 0, ''],
    ['the help of a command', ['catalog', 'publish', '--help'], 0, ''],
    ['--version', ['--version'], 0, ''],
    ['an unknown command', ['statsu'], 2, 'did you mean: hypermesh status?'],
    ['an unknown flag', ['status', '--dta', '/tmp'], 2, 'did you mean --data?'],
    ['a missing argument', ['run'], 2, 'hypermesh run NAME'],
    ['a bad number of validators', ['init', '--validators', '0'], 2, 'give a whole number from 1 to 256'],
    ['a bad address', ['init', '--listen', 'nowhere'], 2, 'give an address such as quic://[::1]:0'],
    ['a bad invitation', ['join', 'hello'], 2, 'copy the whole line'],
    ['a directory without a node', ['up', '--data', `${directory.path}-none`], 3, 'hypermesh init --data'],
    ['a node that does not run', ['status', '--data', `${directory.path}-none`], 3, 'start it: hypermesh up'],
    ['a directory that holds a node', ['init', ...data], 1, 'A node'],
    ['a node that runs already', ['up', ...data], 1, 'stop that process'],
  ])('with %s ends as it should and says what to do', async (_, argv, code, words) => {
    const ended = await hypermesh(...argv);
    expect({ code: ended.code, stderr: code === 0 ? ended.stderr : '' }).toEqual({ code, stderr: '' });
    if (code === 0) expect(ended.stdout).toMatch(/hypermesh|\d+\.\d+\.\d+/);
    else if (words !== 'A node') expect(ended.stderr).toContain(words);
    expect(ended.stderr).not.toContain('    at ');
    expect(existsSync(`${directory.path}-none/hypermesh.toml`)).toBe(false);
  });

  it('prints one JSON object with --json, also for a failure', async () => {
    const failed = await hypermesh('status', '--json', '--data', `${directory.path}-none`);
    expect(failed.code).toBe(3);
    expect(failed.json()).toMatchObject({
      v: 1,
      ok: false,
      command: 'status',
      error: { code: 'node/not-running' },
    });
    const wrong = await hypermesh('status', '--json', '--bogus');
    expect(wrong.code).toBe(2);
    expect(wrong.json()).toMatchObject({ ok: false, error: { code: 'node/bad-flag', flag: '--bogus' } });
    const ended = await hypermesh('status', '--json', ...data);
    expect(ended.code).toBe(0);
    expect(ended.json()).toMatchObject({ v: 1, ok: true, command: 'status', name: 'amber' });
  });
});

describe('a mesh of one', () => {
  it('finalizes by itself, bears no fault, and says so', async () => {
    await node.call('final', { height: 1 });
    const status = await node.call<NodeStatus>('status');
    expect(status).toMatchObject({ name: 'amber', phase: 2, secondVotesSeen: 0, pid: node.pid });
    expect(status.ledger).toMatchObject({
      validators: 1,
      quorum: 1,
      faultsTolerated: 0,
      profile: 'localhost',
    });
    const words = (await hypermesh('status', ...data)).stdout;
    expect(words).toContain('bears 0 faulty');
    expect(words).toContain('not what storage costs');
  });

  it('keeps its secrets to its owner, and none of them in its log', async () => {
    const secrets = [
      'keys/node.keystore',
      'keys/root.keystore',
      'keys/authority.keystore',
      'keys/passphrase',
    ];
    for (const name of secrets) expect(statSync(join(directory.path, name)).mode & 0o077).toBe(0);
    expect(statSync(directory.path).mode & 0o077).toBe(0);
    expect(statSync(directory.controlSocket).mode & 0o077).toBe(0);
    const passphrase = readFileSync(directory.passphrase, 'utf8').trim();
    expect(node.log()).not.toContain(passphrase);
    expect(node.log()).not.toContain('hypermesh-invitation');
  });

  it('runs nothing for itself, and finds nothing that nobody published', async () => {
    const run = await hypermesh('run', 'anagrams', '--json', ...data);
    expect(run.code).toBe(5);
    expect(run.json()).toMatchObject({ error: { code: 'node/not-found' } });
    const install = await hypermesh('catalog', 'install', 'anagrams@^1.0.0', '--json', ...data);
    expect(install.json()).toMatchObject({
      error: { code: 'catalog/not-found' },
    });
    const range = await hypermesh('catalog', 'install', 'anagrams@@', '--json', ...data);
    expect(range.json()).toMatchObject({ error: { code: 'catalog/bad-argument' } });
  });

  it.each<[string, object, string]>([
    ['final', {}, 'node/bad-flag'],
    ['final', { height: -1 }, 'node/bad-flag'],
    ['final', { height: '1.5' }, 'node/bad-flag'],
    ['publish', {}, 'node/bad-flag'],
    ['publish', { source: '/nowhere/at/all' }, 'catalog/files'],
    ['install', { spec: 7 }, 'node/bad-flag'],
    ['run', { spec: 'x', on: 'nobody' }, 'node/not-found'],
    ['run', { spec: 'x', on: 'amber' }, 'node/bad-flag'],
    ['submit', { transaction: 'zz' }, 'node/bad-flag'],
    ['submit', { transaction: 'abcd' }, 'node/operation-refused'],
    ['missing', { operations: 'all' }, 'node/bad-flag'],
    ['missing', { operations: ['none', 7] }, 'node/bad-flag'],
    ['register-asset', { note: '' }, 'node/bad-flag'],
    ['versions', { name: 'a'.repeat(5000) }, 'node/bad-flag'],
  ])('refuses the call %s with %j', async (method, params, code) => {
    await expect(node.call(method, params)).rejects.toMatchObject({ code });
    expect(await node.call('missing', { operations: ['none'] })).toEqual({ missing: ['none'] });
  });

  it('stops within seconds of SIGTERM, leaves neither lock nor socket, and goes on where it was', async () => {
    const { id, height } = await node.call<{ id: string; height: number }>('register-asset', {
      note: 'kept',
    });
    const before = await node.call<NodeStatus>('status');
    expect(await node.end('SIGTERM')).toBe(0);
    expect(existsSync(directory.lock)).toBe(false);
    expect(existsSync(directory.controlSocket)).toBe(false);
    expect(readdirSync(directory.path).filter((name) => name.endsWith('.new'))).toEqual([]);
    node = await startNode(directory.path);
    await node.call('final', { height });
    expect(await node.call('missing', { operations: [id] })).toEqual({ missing: [] });
    const after = await node.call<NodeStatus>('status');
    expect([after.nodeId, after.address, after.ledger?.chain]).toEqual([
      before.nodeId,
      before.address,
      before.ledger?.chain,
    ]);
  });

  it('goes on after SIGKILL: what was acknowledged is there, and it starts over its own leftovers', async () => {
    const { id, height } = await node.call<{ id: string; height: number }>('register-asset', {
      note: 'kept',
    });
    expect(await node.end('SIGKILL')).toBe('SIGKILL');
    expect(existsSync(directory.lock)).toBe(true);
    writeFileSync(`${directory.addresses}.4711.new`, 'half');
    node = await startNode(directory.path);
    await node.call('final', { height });
    expect(await node.call('missing', { operations: [id] })).toEqual({ missing: [] });
    const next = await node.call<{ height: number }>('register-asset', { note: 'after' });
    expect(next.height).toBeGreaterThan(height);
  });

  it('ends with its standard input, for those who start it and may die', async () => {
    expect(await node.closeStdin()).toBe(0);
    expect(existsSync(directory.lock)).toBe(false);
  });

  it('says which file is damaged and does not start over it', async () => {
    const pem = readFileSync(directory.root);
    for (const [path, bytes] of [
      [directory.config, 'name = "amber"\nlisten = 7\n'],
      [directory.founding, 'garbage'],
      [directory.genesis, 'garbage'],
      [directory.keystore, 'garbage'],
      [directory.root, ''],
    ] as const) {
      const good = readFileSync(path);
      writeFileSync(path, bytes);
      if (path === directory.genesis) {
        await using broken = await startNode(directory.path);
        await expect(broken.call('final', { height: 1 })).rejects.toMatchObject({
          code: 'node/damaged-file',
        });
        const problem = expect.stringContaining(directory.genesis);
        expect(await broken.call('status')).toMatchObject({ phase: 1, problem });
      } else {
        const ended = await hypermesh('up', ...data, '--json');
        expect(ended.code).toBe(1);
        expect(ended.stderr).toContain(path);
        expect(existsSync(directory.lock)).toBe(false);
      }
      writeFileSync(path, good);
    }
    expect(readFileSync(directory.root)).toEqual(pem);
  });
});
