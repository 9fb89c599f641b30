import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '@hypermesh/client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { bundled } from '../src/extensions/bundled.ts';
import type { Pin } from '../src/extensions/decisions.ts';
import type { AuditReport } from '../src/extensions/service.ts';
import type { ExtensionView } from '../src/extensions/view.ts';
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
const words = 'acme.words';
const path = '/v1/extensions/acme.words/call/words.count';
const source = join(directory.path, '..', 'source');
const signed = join(directory.path, '..', 'signed');
let node: RunningNode | undefined;

const call = <T extends object>(method: string, params: object = {}) => {
  if (node === undefined) throw new Error('no node runs');
  return node.call<T>(method, params);
};

interface Listed {
  readonly extensions: readonly ExtensionView[];
  readonly pins: readonly Pin[];
}
const wordsManifest = {
  manifest_version: '1.0',
  extension: { id: words, name: 'Words', version: '1.0.0' },
  runtime: { type: 'native', entry_point: 'extension.mjs' },
  capabilities: { required: ['monitoring:read'], optional: ['storage:read', 'storage:write'] },
  operations: {
    'words.count': {
      summary: 'Counts the words of a text',
      input: { type: 'string', maxLength: 1000 },
      output: { type: 'integer' },
    },
  },
  security: { certificate_fingerprint: 'SHA256:0', sandbox_policy: 'strict' },
};
const wordsModule = `import { defineExtension, op } from '@hypermesh/extension-sdk';
export const extension = defineExtension({ id: '${words}', ops: {
  'words.count': op({ params: (text) => { if (typeof text !== 'string') throw new Error('a text, please'); return text; },
    run: (text) => text.split(' ').length }),
  'words.height': op({ needs: ['monitoring:read'], run: async (p, ctx) => (await ctx.caps['monitoring:read'].health()).height }),
  'words.spin': op({ run: () => { for (;;); } }),
} });`;

const cli = (...argv: readonly string[]) => hypermesh('extension', ...argv, ...data);
const ask = async (method: string, route: string, body?: object, token = directory.apiToken) => {
  const { url } = JSON.parse(readFileSync(directory.apiAddress, 'utf8')) as { url: string };
  const response = await fetch(`${url}${route}`, {
    method,
    headers: {
      authorization: `Bearer ${readFileSync(token, 'utf8').trim()}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, json: (await response.json()) as Record<string, never> };
};
const documented = async () => Object.keys((await ask('GET', '/openapi.json')).json['paths'] ?? {});

const views = async () => (await call<Listed>('extensions')).extensions;

beforeAll(async () => {
  await hypermesh('init', ...data, '--name', 'amber', '--validators', '1', '--json');
  node = await startNode(directory.path);
  await call('final', { height: 1 });
  mkdirSync(source, { recursive: true });
  writeFileSync(join(source, 'manifest.json'), JSON.stringify(wordsManifest));
  writeFileSync(join(source, 'extension.mjs'), wordsModule);
});
afterAll(async () => {
  await node?.[Symbol.asyncDispose]();
  directory[Symbol.dispose]();
});

describe('the catalog as an extension of a node', () => {
  it('is loaded from its signed bundle, with the capabilities that its manifest asks for [repo-01]', async (ctx) => {
    if (!isBuilt) ctx.skip('the bundle of the catalog is not built');
    const [loaded] = await views();
    expect(loaded).toMatchObject({ id, state: 'active', tier: 'trusted', engine: 'host', isBundled: true });
    expect(loaded?.granted).toEqual(expect.arrayContaining(['asset:read', 'asset:write', 'asset:create']));
    expect(loaded?.operations.map(({ name }) => name)).toEqual(
      expect.arrayContaining(
        ['list', 'search', 'install', 'publish', 'verify'].map((name) => `catalog.${name}`),
      ),
    );
    expect((await call<NodeStatus>('status')).extensions).toMatchObject([{ id, state: 'active' }]);
  });

  it('registers its handlers of assets: virtual machines, containers, libraries and more [ext-10]', async (ctx) => {
    if (!isBuilt) ctx.skip('the bundle of the catalog is not built');
    const [loaded] = await views();
    expect(loaded?.assetTypes).toEqual(
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
});

describe('an extension that is loaded on a running node', () => {
  it('is signed, tried dry and loaded by the command line, and told to whoever listens [ext-11]', async () => {
    const stop = new AbortController();
    const heard: string[] = [];
    const { url } = JSON.parse(readFileSync(directory.apiAddress, 'utf8')) as { url: string };
    const client = createClient({ url, token: readFileSync(directory.apiToken, 'utf8').trim() });
    const listening = (async () => {
      for await (const event of client.events(['extensions'], { signal: stop.signal }))
        if (event.topic === 'extensions') heard.push(`${event.data.event} ${event.data.id}`);
    })();
    expect((await cli('sign', source, signed)).stdout).toContain(`${words} 1.0.0 is signed in ${signed}`);
    const wanting = await cli('load', signed);
    expect(wanting).toMatchObject({ code: 4, stderr: expect.stringContaining('--grant monitoring:read') });
    const dry = await cli('load', signed, '--grant', 'monitoring:read', '--dry-run');
    expect(dry.stdout).toContain('Dry run: nothing is loaded.');
    expect(dry.stdout).toContain('gets not    storage:read, storage:write');
    expect((await cli('list')).stdout).not.toContain(words);
    const loaded = await cli('load', signed, '--grant', 'monitoring:read', '--json');
    expect(loaded.json()).toMatchObject({
      ok: true,
      id: words,
      granted: ['monitoring:read'],
      isDryRun: false,
    });
    expect((await cli('list')).stdout).toContain(`${words} 1.0.0  active, strict, 3 operations`);
    const info = (await cli('info', words)).stdout;
    expect(info).toContain('words.count: Counts the words of a text');
    expect(info).toMatch(/memory +(?:\d+ of )?268435456 bytes of an instance: hard/);
    await vi.waitUntil(() => heard.includes(`activate ${words}`), { timeout: 60_000 });
    stop.abort();
    await listening;
  });

  it('has its operations in the description of the API, with their schemas, and in the command line [ext-12]', async () => {
    const { json } = await ask('GET', '/openapi.json');
    const paths = json['paths'] as unknown as Readonly<Record<string, { readonly post: object }>>;
    const operation = paths[path]?.post;
    expect(operation).toMatchObject({
      operationId: `extension-call:${words}:words.count`,
      summary: 'Counts the words of a text',
      requestBody: {
        content: {
          'application/json': { schema: { properties: { input: { type: 'string', maxLength: 1000 } } } },
        },
      },
      responses: {
        200: { content: { 'application/json': { schema: { properties: { result: { type: 'integer' } } } } } },
      },
    });
    expect(await ask('POST', path, { input: 'to be or not to be' })).toEqual({
      status: 200,
      json: { result: 6 },
    });
    const called = await cli('call', words, 'words.count', '--input', '"to be"');
    expect(called).toMatchObject({ code: 0, stdout: '2\n' });
    expect((await cli('call', words, 'words.height', '--json')).json()['result']).toBeGreaterThan(0);
    const completed = await hypermesh('__complete', 'operations', ...data);
    expect(completed.stdout).toContain('words.count');
  });

  it('answers wrong calls by what is wrong with them', async () => {
    expect(await ask('POST', path, { input: 7 })).toMatchObject({
      status: 502,
      json: {
        error: {
          code: 'node/extension-failed',
          reason: 'bad-params',
          message: expect.stringContaining('a text, please'),
        },
      },
    });
    expect(await ask('POST', path.replace('count', 'cast'), {})).toMatchObject({
      status: 404,
      json: { error: { code: 'node/not-found', next: expect.stringContaining('words.count') } },
    });
    // Not through another extension's door.
    expect(await ask('POST', '/v1/extensions/hypermesh.catalog/call/words.count', {})).toMatchObject({
      status: 404,
    });
    expect(await ask('POST', path, { input: 'x' }, directory.apiReadToken)).toMatchObject({ status: 403 });
    expect(await ask('POST', '/v1/extensions', { folder: 'signed' })).toMatchObject({ status: 400 });
    expect(await ask('POST', '/v1/extensions', { folder: source })).toMatchObject({
      status: 422,
      json: { error: { code: 'node/bad-package', message: expect.stringContaining('no-signature') } },
    });
    expect(await cli('call', words, 'words.count', '--input', 'to be')).toMatchObject({ code: 2 });
    expect(await ask('POST', path.replace('count', 'spin'), {})).toMatchObject({
      status: 502,
      json: { error: { reason: 'out-of-fuel' } },
    });
  });

  it('is shown with what it used and what it was refused', async () => {
    const found = (await ask('GET', `/v1/extensions/${words}`)).json as unknown as {
      calls: { done: number; failed: number };
      quotas: { quota: string; used?: number; limit: number }[];
    };
    expect(found.calls).toMatchObject({ failed: 2, running: 0 });
    const cpu = found.quotas.find(({ quota }) => quota === 'cpu');
    expect(cpu?.used).toBeGreaterThan(0);
    expect(cpu?.used).toBeLessThanOrEqual(cpu?.limit ?? 0);
    await cli('revoke', words, 'monitoring:read');
    expect((await cli('list')).stdout).toContain(
      `${words} 1.0.0  SUSPENDED: needs monitoring:read, which was revoked`,
    );
    expect(await documented()).not.toContain(path);
    await cli('grant', words, 'monitoring:read');
    expect((await cli('activate', words)).stdout).toContain(`${words} is active; it may use monitoring:read`);
    expect(await documented()).toContain(path);
  });

  it('is there after the node was killed, with its grants; deactivated it stays so; unloaded it is nowhere [ext-11] [ext-12]', async () => {
    await node?.end('SIGKILL');
    node = await startNode(directory.path);
    expect(await ask('POST', path, { input: 'still here' })).toMatchObject({
      status: 200,
      json: { result: 2 },
    });
    expect((await cli('deactivate', words)).stdout).toContain('suspended: deactivated by the operator');
    expect(await ask('POST', path, { input: 'x' })).toMatchObject({ status: 404 });
    await node.end('SIGTERM');
    node = await startNode(directory.path);
    expect((await cli('list')).stdout).toContain(`${words} 1.0.0  INACTIVE`);
    expect((await hypermesh('status', ...data)).stdout).toContain(words);
    await cli('activate', words);
    expect(await ask('POST', path, { input: 'x' })).toMatchObject({ status: 200 });
    expect((await cli('unload', words)).stdout).toContain('nothing of it is left');
    expect(await ask('POST', path, { input: 'x' })).toMatchObject({ status: 404 });
    expect(await documented()).not.toContain(path);
    expect((await cli('info', words)).code).toBe(5);
    expect((await cli('audit', '--of', words, '--newest', '3')).stdout).toContain('lifecycle.unload');
  });
});

describe('a catalog that somebody changed', () => {
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
