import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemClock } from '@hypermesh/core/node';
import { createManualClock } from '@hypermesh/core/testing';
import { describe, expect, it } from 'vitest';
import type { Extensions } from '../src/extensions/service.ts';
import { call, id, type Made, OperatedNode, selfOf, stateOf } from './operated-node.ts';
import { failureOf } from './support.ts';

const node = OperatedNode.forTests();

describe('a new version of an extension that runs', () => {
  const loaded = async (extensions: Extensions, more: Made = {}, grants: string[] = []) => {
    await extensions.operator.pin(node.friend, false);
    await extensions.operator.load(await node.made(more), { grants });
  };

  it('takes its place with its state and without losing a call [ext-11]', async () => {
    await using extensions = await node.open();
    await loaded(extensions);
    await call(extensions);
    let isOver = false;
    const answers: Promise<unknown>[] = [];
    const calling = (async () => {
      while (!isOver) {
        answers.push(call(extensions));
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    })();
    const next = await node.made({
      version: '2.0.0',
      state: '{ version: 2, initial: () => ({ n: 0 }), migrate: (old) => old }',
    });
    expect(await extensions.operator.reload(id, { from: next })).toMatchObject({
      version: '2.0.0',
      replaces: '1.0.0',
    });
    isOver = true;
    await calling;
    const all = await Promise.all(answers);
    expect(all.filter((each) => (each as { status: string }).status !== 'success')).toEqual([]);
    expect(await call(extensions)).toMatchObject({ result: { version: '2.0.0', calls: all.length + 2 } });
    expect(node.onShelf()).toHaveLength(1);
    await extensions[Symbol.asyncDispose]();
    await using again = await node.open();
    expect(await stateOf(again)).toEqual([`${id} 2.0.0 active`]);
  });

  it('that asks for more has to be granted that; what it had it keeps', async () => {
    await using extensions = await node.open();
    await loaded(extensions, { required: ['monitoring:read'] }, ['monitoring:read']);
    const next = await node.made({
      version: '2.0.0',
      required: ['monitoring:read', 'storage:read', 'storage:write'],
    });
    expect(await failureOf(() => extensions.operator.reload(id, { from: next }))).toMatchObject({
      code: 'node/refused',
      reason: 'it asks for more: storage:read, storage:write',
    });
    expect(await stateOf(extensions)).toEqual([`${id} 1.0.0 active`]);
    const grants = ['storage:read', 'storage:write'];
    expect(await extensions.operator.reload(id, { from: next, grants, dryRun: true })).toMatchObject({
      asksAnew: grants,
      isDryRun: true,
    });
    expect(await stateOf(extensions)).toEqual([`${id} 1.0.0 active`]);
    expect(await extensions.operator.reload(id, { from: next, grants })).toMatchObject({
      granted: ['monitoring:read', ...grants],
    });
    // One that asks for less has less.
    await extensions.operator.reload(id, { from: await node.made({ version: '3.0.0' }) });
    expect((await extensions.views())[0]?.granted).toEqual([]);
  });

  it('that cannot begin, or was signed by another, leaves the old one where it was, now and after a restart', async () => {
    await using extensions = await node.open();
    await loaded(extensions);
    await call(extensions);
    const failing = await node.made({
      version: '2.0.0',
      over: ', onLoad() { throw new Error("not today"); }',
    });
    expect(await failureOf(() => extensions.operator.reload(id, { from: failing }))).toMatchObject({
      code: 'node/refused',
      reason: expect.stringContaining('not today'),
    });
    const other = await node.made({ version: '2.0.0', by: node.members.phase });
    expect(await failureOf(() => extensions.operator.reload(id, { from: other }))).toMatchObject({
      reason: expect.stringContaining(`signed by ${selfOf(node.members.phase)}`),
    });
    expect(await call(extensions)).toMatchObject({ result: { version: '1.0.0', calls: 2 } });
    expect(node.onShelf()).toHaveLength(1);
    // Where it was begun and could not be written down, it goes back.
    rmSync(node.directory.extensionDecisions);
    mkdirSync(join(node.directory.extensionDecisions, 'in the way'), { recursive: true });
    const fine = await node.made({ version: '2.0.0' });
    await expect(extensions.operator.reload(id, { from: fine })).rejects.toThrow();
    expect(await call(extensions)).toMatchObject({ result: { version: '1.0.0', calls: 3 } });
    rmSync(node.directory.extensionDecisions, { recursive: true });
    expect(await extensions.operator.reload(id, { from: fine })).toMatchObject({ version: '2.0.0' });
  });
});

describe('the end of an extension', () => {
  it('by deactivate stays after a restart, until it is activated [ext-11]', async () => {
    {
      await using extensions = await node.open();
      await extensions.operator.pin(node.friend, false);
      await extensions.operator.load(await node.made(), {});
      await call(extensions);
      await extensions.operator.deactivate(id);
      expect(await call(extensions)).toEqual({
        status: 'failed',
        code: 'suspended',
        detail: 'deactivated by the operator',
      });
      await extensions.operator.activate(id);
      expect(await call(extensions)).toMatchObject({ result: { calls: 2 } });
      await extensions.operator.deactivate(id);
    }
    await using extensions = await node.open();
    expect(await extensions.views()).toMatchObject([
      {
        id,
        version: '1.0.0',
        state: 'inactive',
        reason: 'deactivated by the operator',
        tier: 'strict',
        operations: [],
      },
    ]);
    expect(await call(extensions)).toMatchObject({ status: 'failed', code: 'inactive' });
    await extensions.operator.activate(id);
    expect(await call(extensions)).toMatchObject({ status: 'success' });
  });

  it('by unload leaves nothing: no operation, no file, no worker, however often [ext-11]', async () => {
    await using extensions = await node.open();
    await extensions.operator.pin(node.friend, false);
    const folder = await node.made({ optional: ['storage:read', 'storage:write'] });
    const grants = ['storage:read', 'storage:write'];
    const once = async () => {
      await extensions.operator.load(folder, { grants });
      expect(await call(extensions, 'keep', 'x'.repeat(1_000))).toMatchObject({ status: 'success' });
      await extensions.operator.unload(id);
    };
    for (let at = 0; at < 2; at++) await once();
    const resources = process.getActiveResourcesInfo().length;
    for (let at = 0; at < 8; at++) await once();
    expect(await call(extensions)).toMatchObject({ status: 'method_not_found' });
    expect(await extensions.views()).toEqual([]);
    expect(node.onShelf()).toEqual([]);
    expect(readdirSync(node.directory.extensionData)).toEqual([]);
    expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(resources + 1);
  }, 120_000);

  it('by unload leaves nothing to who has its id next, though the node was killed before its store was gone', async () => {
    const grants = ['storage:read', 'storage:write'];
    const folder = await node.made({ optional: grants });
    const { extensionData, extensionDecisions } = node.directory;
    const store = join(extensionData, id);
    const kept = join(extensionData, 'kept');
    {
      await using extensions = await node.open();
      await extensions.operator.pin(node.friend, false);
      await extensions.operator.load(folder, { grants });
      expect(await call(extensions, 'keep', 'secret')).toMatchObject({ status: 'success' });
      cpSync(store, kept, { recursive: true });
      await extensions.operator.unload(id);
    }
    // What the disk held between the decision and the end of the store.
    const decided = JSON.parse(readFileSync(extensionDecisions, 'utf8')) as object;
    expect(decided).toMatchObject({ loaded: [], forgetting: [] });
    writeFileSync(extensionDecisions, JSON.stringify({ ...decided, forgetting: [id] }));
    cpSync(kept, store, { recursive: true });
    await using extensions = await node.open();
    expect(readdirSync(extensionData)).toEqual(['kept']);
    expect(readFileSync(extensionDecisions, 'utf8')).not.toContain(id);
    await extensions.operator.load(folder, { grants });
    expect(existsSync(store) ? readdirSync(store) : []).toEqual([]);
  });

  it('is one thing at a time with everything else that is asked for at once', async () => {
    await using extensions = await node.open();
    await extensions.operator.pin(node.friend, false);
    const folder = await node.made();
    const { operator } = extensions;
    const outcomes = await Promise.allSettled([
      operator.load(folder, {}),
      operator.load(folder, {}),
      operator.unload(id),
      operator.load(folder, {}),
      operator.unload(id),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
      'fulfilled',
    ]);
    expect(await extensions.views()).toEqual([]);
    expect(node.onShelf()).toEqual([]);
    expect(await failureOf(() => operator.unload(id))).toMatchObject({ code: 'node/not-found' });
  });
});

describe('what a node finds when it starts', () => {
  it('is loaded though the certificate of its signer has run out since, and not where that is revoked', async () => {
    {
      await using extensions = await node.open();
      await extensions.operator.pin(node.friend, false);
      await extensions.operator.load(await node.made(), {});
    }
    const later = createManualClock(systemClock.nowMs() + 3 * 24 * 60 * 60_000);
    {
      await using extensions = await node.open(later);
      expect(await stateOf(extensions)).toEqual([`${id} 1.0.0 active`]);
      // What was not let in while it was good is judged for now.
      expect(
        await failureOf(async () =>
          extensions.operator.reload(id, { from: await node.made({ version: '2.0.0' }) }),
        ),
      ).toMatchObject({ code: 'node/bad-package', reason: expect.stringContaining('expired') });
    }
    const [leaf] = node.members.friend.credentials.current().chain;
    const soon = createManualClock(systemClock.nowMs() + 60_000);
    const { der } = await node.members.mesh.authority.issueRevocationList({
      number: 1n,
      revoked: [{ serial: leaf?.serial ?? '', atMs: systemClock.nowMs() - 1_000, reason: 'keyCompromise' }],
    });
    mkdirSync(node.directory.revocations, { recursive: true });
    writeFileSync(join(node.directory.revocations, 'authority.crl'), der);
    for (const clock of [soon, later]) {
      await using extensions = await node.open(clock);
      expect(await extensions.views()).toMatchObject([{ id, state: 'refused' }]);
    }
  });

  it('is swept of what a crash left, and is loaded only as it was let in', async () => {
    {
      await using extensions = await node.open();
      await extensions.operator.pin(node.friend, false);
      await extensions.operator.load(await node.made(), {});
    }
    const [name = ''] = node.onShelf();
    cpSync(
      join(node.directory.extensionPackages, name),
      join(node.directory.extensionPackages, `${name}.new`),
      {
        recursive: true,
      },
    );
    cpSync(
      join(node.directory.extensionPackages, name),
      join(node.directory.extensionPackages, `other@${'0'.repeat(32)}`),
      { recursive: true },
    );
    {
      await using extensions = await node.open();
      expect(await stateOf(extensions)).toEqual([`${id} 1.0.0 active`]);
      expect(node.onShelf()).toEqual([name]);
    }
    const entry = join(node.directory.extensionPackages, name, 'lib', 'extension.mjs');
    writeFileSync(entry, readFileSync(entry, 'utf8').replace('split', 'spl1t'));
    await using extensions = await node.open();
    expect(await extensions.views()).toMatchObject([
      { id, state: 'refused', reason: 'file-changed at lib/extension.mjs: is not as it was signed' },
    ]);
    // It stays as evidence until the operator unloads it.
    expect(node.onShelf()).toEqual([name]);
    await extensions.operator.unload(id);
    expect(node.onShelf()).toEqual([]);
  });

  it.each([
    ['no JSON', '{'],
    ['of another version', '{"v":2}'],
    ['that leads out of the shelf', '{"v":1,"pins":[],"bundled":[],"loaded":[],"forgetting":["../x"]}'],
    [
      'with a package that leads out of the shelf',
      '{"v":1,"pins":[],"bundled":[],"loaded":[{"id":"a","version":"1","signer":"s","from":"/","active":true,"grants":[],"package":"../../x"}]}',
    ],
  ])('is set aside where the decisions are %s, and nothing is thrown away', async (_, text) => {
    mkdirSync(dirname(node.directory.extensionDecisions), { recursive: true });
    writeFileSync(node.directory.extensionDecisions, text);
    mkdirSync(join(node.directory.extensionPackages, 'unknown'), { recursive: true });
    await using extensions = await node.open();
    expect(await extensions.views()).toEqual([]);
    expect(readFileSync(`${node.directory.extensionDecisions}.damaged`, 'utf8')).toBe(text);
    expect(node.onShelf()).toEqual(['unknown']);
  });
});
