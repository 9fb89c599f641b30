import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { bundled } from '../src/extensions/bundled.ts';
import type { AuditReport, ExtensionsStatus } from '../src/extensions/service.ts';
import type { NodeStatus } from '../src/status.ts';
import { hypermesh, type RunningNode, startNode } from './processes.ts';
import { temporaryDirectory } from './support.ts';

// Processes and proofs take their time on a machine that is busy with other things.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const directory = temporaryDirectory();
const data = ['--data', directory.path];
const id = 'hypermesh.catalog';
const [catalog] = bundled;
const isBuilt = catalog !== undefined && existsSync(join(catalog.folder, 'extension.mjs'));
let node: RunningNode | undefined;

const call = <T extends object>(method: string, params: object = {}) => {
  if (node === undefined) throw new Error('no node runs');
  return node.call<T>(method, params);
};

beforeAll(async () => {
  if (!isBuilt) return;
  await hypermesh('init', ...data, '--name', 'amber', '--validators', '1', '--json');
  node = await startNode(directory.path);
  await call('final', { height: 1 });
});
afterAll(async () => {
  await node?.[Symbol.asyncDispose]();
  directory[Symbol.dispose]();
});

describe('the catalog as an extension of a node', () => {
  it('is loaded from its signed bundle, with the capabilities that its manifest asks for [repo-01]', async (ctx) => {
    if (!isBuilt) ctx.skip('the bundle of the catalog is not built');
    const { loaded, refused } = await call<ExtensionsStatus>('extensions');
    expect(refused).toEqual([]);
    expect(loaded).toMatchObject([{ id, state: 'active', tier: 'trusted', engine: 'host' }]);
    expect(loaded[0]?.granted).toEqual(expect.arrayContaining(['asset:read', 'asset:write', 'asset:create']));
    expect(loaded[0]?.methods).toEqual(
      expect.arrayContaining(
        ['list', 'search', 'install', 'publish', 'verify'].map((name) => `catalog.${name}`),
      ),
    );
    expect((await call<NodeStatus>('status')).extensions).toMatchObject([{ id, state: 'active' }]);
  });

  it('registers its handlers of assets: virtual machines, containers, libraries and more [ext-10]', async (ctx) => {
    if (!isBuilt) ctx.skip('the bundle of the catalog is not built');
    const { loaded } = await call<ExtensionsStatus>('extensions');
    expect(loaded[0]?.assetTypes).toEqual(
      expect.arrayContaining(['vm.wasm', 'container.docker', 'library.javascript']),
    );
  });

  it('is shown by the command extension, with its quotas and who keeps them', async (ctx) => {
    if (!isBuilt) ctx.skip('the bundle of the catalog is not built');
    expect((await hypermesh('extension', 'list', ...data)).stdout).toContain(`${id} 1.0.0  active, trusted`);
    const info = await hypermesh('extension', 'info', id, ...data);
    expect(info.stdout).toContain('memory');
    expect(info.stdout).toContain('advisory');
    expect((await hypermesh('extension', 'info', 'nothing', ...data)).stderr).toContain(`there are: ${id}`);
    expect((await hypermesh('extension', 'burn', ...data)).stderr).toContain(
      'hypermesh extension has: list, info',
    );
    const audit = await hypermesh('extension', 'audit', '--json', ...data);
    expect(audit.json()).toMatchObject({ ok: true, intact: true });
  });

  it('with one byte changed on disk is refused by name; the node says so and serves everything else', async (ctx) => {
    if (!isBuilt) ctx.skip('the bundle of the catalog is not built');
    await node?.[Symbol.asyncDispose]();
    const entry = join(directory.extensions, id, 'extension.mjs');
    const bytes = readFileSync(entry);
    bytes[bytes.length - 2] = (bytes[bytes.length - 2] ?? 0) ^ 1;
    writeFileSync(entry, bytes);
    node = await startNode(directory.path);
    await call('final', { height: 1 });
    const status = await call<NodeStatus>('status');
    expect(status.extensions).toEqual([
      { id, state: 'refused', reason: expect.stringContaining('file-changed at extension.mjs') },
    ]);
    expect(node.log()).toContain('extension.refused');
    expect((await hypermesh('status', ...data)).stdout).toContain(
      `${id}  REFUSED: file-changed at extension.mjs`,
    );
    await expect(call('search', { text: 'x' })).rejects.toThrow(/not loaded/);
    expect(await call('register-asset', { note: 'all else goes on' })).toMatchObject({
      height: expect.any(Number),
    });
    expect(await call<AuditReport>('extension-audit-verify')).toMatchObject({ intact: true });
    expect(readFileSync(entry).equals(bytes)).toBe(true);
  });

  it('has an audit log that shows when somebody changed it', async (ctx) => {
    if (!isBuilt) ctx.skip('the bundle of the catalog is not built');
    const log = join(directory.audit, 'audit.jsonl');
    writeFileSync(log, readFileSync(log, 'utf8').replace('file-changed', 'file-checked'));
    const audit = await hypermesh('extension', 'audit', ...data);
    expect(audit.code).toBe(1);
    expect(audit.stdout).toContain('TAMPERED');
  });
});
