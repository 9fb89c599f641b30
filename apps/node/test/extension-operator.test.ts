import { linkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { silentLog } from '@hypermesh/core';
import { systemClock } from '@hypermesh/core/node';
import { describe, expect, it } from 'vitest';
import { dataDirectory } from '../src/data-directory.ts';
import { openExtensions } from '../src/extensions/service.ts';
import { call, id, OperatedNode, stateOf } from './operated-node.ts';
import { failureOf } from './support.ts';

const node = OperatedNode.forTests();

describe('an extension that an operator loads', () => {
  it('is let in by a signer that was pinned before, runs at once, and is there again after a restart [ext-12]', async () => {
    const folder = await node.made();
    {
      await using extensions = await node.open();
      expect(await failureOf(() => extensions.operator.load(folder, {}))).toMatchObject({
        code: 'node/refused',
        reason: `its signer ${node.friend} is not pinned`,
        next: expect.stringContaining(`hypermesh extension pin ${node.friend}`),
      });
      // Trying to load it pinned nothing, and kept nothing.
      expect(extensions.pins).toEqual([]);
      expect(node.onShelf()).toEqual([]);
      await extensions.operator.pin(node.friend, false);
      expect(await extensions.operator.load(folder, {})).toMatchObject({
        id,
        version: '1.0.0',
        tier: 'strict',
        signer: node.friend,
        granted: [],
        operations: ['words.count'],
      });
      expect(await call(extensions)).toMatchObject({ status: 'success', result: { words: 4, calls: 1 } });
      expect(node.changes.filter((each) => each.id === id).map(({ event }) => event)).toContain('activate');
    }
    // What runs is the copy: its folder may go, or be changed.
    rmSync(folder, { recursive: true });
    await using again = await node.open();
    expect(await call(again)).toMatchObject({ result: { words: 4 } });
    expect(await again.views()).toMatchObject([
      {
        id,
        state: 'active',
        isBundled: false,
        canRest: true,
        operations: [{ name: 'words.count', summary: 'Counts words', input: { type: 'string' } }],
      },
    ]);
  });

  it('gets what it was granted and nothing else; a dry run says what it would get, and changes nothing [ext-11]', async () => {
    await using extensions = await node.open();
    await extensions.operator.pin(node.friend, false);
    const folder = await node.made({
      required: ['monitoring:read'],
      optional: ['storage:read', 'storage:write'],
    });
    expect(await failureOf(() => extensions.operator.load(folder, {}))).toMatchObject({
      code: 'node/refused',
      reason: 'it asks for monitoring:read',
      next: expect.stringContaining(`hypermesh extension load ${folder} --grant monitoring:read`),
    });
    const grants = ['monitoring:read'];
    expect(await extensions.operator.load(folder, { grants, dryRun: true })).toMatchObject({
      granted: grants,
      withheld: ['storage:read', 'storage:write'],
      isDryRun: true,
    });
    expect([node.onShelf(), await extensions.views()]).toEqual([[], []]);
    expect(await extensions.operator.load(folder, { grants })).toMatchObject({ granted: grants });
    expect(await call(extensions, 'height')).toEqual({ status: 'success', result: { height: 7 } });
    expect(await call(extensions, 'keep', 'x')).toMatchObject({ status: 'permission_denied' });
    expect((await extensions.views())[0]?.denials).toMatchObject({ count: 1 });
    for (const name of ['storage:read', 'storage:write']) await extensions.operator.grant(id, name);
    expect(await call(extensions, 'keep', 'x')).toEqual({ status: 'success', result: ['last'] });
    expect((await extensions.views())[0]?.quotas).toContainEqual(
      expect.objectContaining({ quota: 'storage', used: 1, enforcement: 'hard' }),
    );
    expect(await failureOf(() => extensions.operator.grant(id, 'vm:execute'))).toMatchObject({
      code: 'node/refused',
      next: expect.stringContaining('monitoring:read, storage:read, storage:write'),
    });
    expect(await failureOf(() => extensions.operator.grant(id, 'everything'))).toMatchObject({
      code: 'node/bad-flag',
    });
    const greedy = await node.made({ required: ['network:connect'] });
    await extensions.operator.unload(id);
    expect(
      await failureOf(() => extensions.operator.load(greedy, { grants: ['network:connect'] })),
    ).toMatchObject({
      reason: 'there is nothing behind network:connect for it here',
    });
  });

  it('keeps its grants and its store over a restart; what is revoked stays revoked, and what it needs stops it', async () => {
    const grants = ['monitoring:read', 'storage:read', 'storage:write'];
    {
      await using extensions = await node.open();
      await extensions.operator.pin(node.friend, false);
      await extensions.operator.load(
        await node.made({ required: ['monitoring:read'], optional: grants.slice(1) }),
        { grants },
      );
      await call(extensions, 'keep', 'some words');
      await extensions.operator.revoke(id, 'storage:write');
      expect(await call(extensions, 'keep', 'x')).toMatchObject({ status: 'permission_denied' });
    }
    {
      await using extensions = await node.open();
      expect((await extensions.views())[0]?.granted).toEqual(['monitoring:read', 'storage:read']);
      await extensions.operator.grant(id, 'storage:write');
      expect(await call(extensions, 'keep', 'x')).toEqual({ status: 'success', result: ['last'] });
      await extensions.operator.revoke(id, 'monitoring:read');
      expect(await extensions.views()).toMatchObject([
        { state: 'suspended', reason: 'needs monitoring:read, which was revoked' },
      ]);
      expect(await failureOf(() => extensions.operator.activate(id))).toMatchObject({
        next: `hypermesh extension grant ${id} monitoring:read`,
      });
    }
    await using extensions = await node.open();
    expect(await extensions.views()).toMatchObject([
      { id, state: 'refused', reason: expect.stringContaining('capability-refused') },
    ]);
    await extensions.operator.grant(id, 'monitoring:read');
    await extensions.operator.activate(id);
    expect(await call(extensions, 'height')).toMatchObject({ status: 'success' });
  });

  it("in this node's own process needs two words on purpose, and goes when they are taken back", async () => {
    await using extensions = await node.open();
    const folder = await node.made({ tier: 'trusted' });
    await extensions.operator.pin(node.friend, false);
    expect(await failureOf(() => extensions.operator.load(folder, { trusted: true }))).toMatchObject({
      reason: `${node.friend} is not pinned for this node's own process`,
    });
    await extensions.operator.pin(node.friend, true);
    expect(await failureOf(() => extensions.operator.load(folder, {}))).toMatchObject({
      next: expect.stringContaining('--trusted'),
    });
    expect(await extensions.operator.load(folder, { trusted: true })).toMatchObject({ tier: 'trusted' });
    expect(await call(extensions)).toMatchObject({ status: 'success' });
    await extensions.operator.pin(node.friend, false);
    expect(await stateOf(extensions)).toEqual([`${id} 1.0.0 suspended`]);
    await extensions.operator.unload(id);
    await extensions.operator.load(await node.made(), {});
    expect(await extensions.operator.unpin(node.friend)).toEqual([id]);
    expect(await call(extensions)).toMatchObject({ status: 'failed', code: 'suspended' });
    expect(await failureOf(() => extensions.operator.activate(id))).toMatchObject({ code: 'node/refused' });
    await extensions[Symbol.asyncDispose]();
    await using again = await node.open();
    expect(await again.views()).toMatchObject([
      { state: 'refused', reason: expect.stringContaining('not-pinned') },
    ]);
  });

  it.each([
    [
      'one changed byte',
      (folder: string) => writeFileSync(join(folder, 'manifest.json'), ' '),
      'file-changed',
    ],
    ['one file more', (folder: string) => writeFileSync(join(folder, 'more.mjs'), ''), 'file-extra'],
    ['no signature', (folder: string) => rmSync(join(folder, 'signature.json')), 'no-signature'],
    [
      'a symbolic link to a secret',
      (folder: string) => symlinkSync('/etc/hostname', join(folder, 'lib', 'name')),
      'symlink',
    ],
    ['a symbolic link as a folder', (folder: string) => symlinkSync('/etc', join(folder, 'etc')), 'symlink'],
    [
      'a second name of a file elsewhere',
      (folder: string) => {
        writeFileSync(`${folder}.key`, 'secret');
        linkSync(`${folder}.key`, join(folder, 'lib', 'key'));
      },
      'hard-link',
    ],
    ['a key', (folder: string) => writeFileSync(join(folder, 'signer.key'), 'x'), 'private-key'],
    [
      'a name that is another one elsewhere',
      (folder: string) => writeFileSync(join(folder, 'MANIFEST.json'), 'x'),
      'case-collision',
    ],
  ])('with %s is refused before anything of it is kept or run', async (_, spoil, code) => {
    await using extensions = await node.open();
    await extensions.operator.pin(node.friend, false);
    const folder = await node.made();
    spoil(folder);
    const failure = await failureOf(() => extensions.operator.load(folder, {}));
    expect(failure).toMatchObject({ code: 'node/bad-package', reason: expect.stringContaining(code) });
    expect(node.onShelf()).toEqual([]);
    expect(await extensions.views()).toEqual([]);
  });

  it.each([
    ['relative', 'made-1', 'node/bad-flag'],
    ['with a zero byte', '/tmp/x\0y', 'node/bad-flag'],
    ['that is not there', '/nowhere/at/all', 'node/bad-package'],
    ['that is a file', '/etc/hostname', 'node/bad-package'],
  ])('is not loaded from a path %s', async (_, folder, code) => {
    await using extensions = await node.open();
    expect(await failureOf(() => extensions.operator.load(folder, {}))).toMatchObject({ code });
  });

  it('is not loaded through a link to its folder, nor under the name of one that comes with the node', async () => {
    await using extensions = await node.open();
    await extensions.operator.pin(node.friend, false);
    const link = node.fresh('link');
    symlinkSync(await node.made(), link);
    expect(await failureOf(() => extensions.operator.load(`${link}/`, {}))).toMatchObject({
      code: 'node/bad-package',
    });
    await using bundled = await openExtensions(dataDirectory(node.fresh('own')), node.members.phase, {
      capabilities: {},
      consensus: { check: async () => ({ ok: false, reason: 'none' }) as const },
      clock: systemClock,
      log: silentLog,
      from: [{ id, folder: node.fresh('not-built') }],
    });
    await bundled.operator.pin(node.friend, true);
    const folder = await node.made();
    expect(await failureOf(() => bundled.operator.load(folder, {}))).toMatchObject({
      reason: 'it comes with the node',
    });
  });
});
