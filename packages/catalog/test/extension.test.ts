import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeCanonical, utf8 } from '@hypermesh/core';
import type { ExtensionHost, ExtensionResponse } from '@hypermesh/extension-sdk/host';
import { signPackage } from '@hypermesh/extension-sdk/sign';
import { createTestHost, type TestHostOptions } from '@hypermesh/extension-sdk/testing';
import { describe, expect, test } from 'vitest';
import { type Answer, catalogCapabilities, openAnswer, type ProofBinding } from '../src/extension/index.ts';
import {
  type Draft,
  encodePackageRecord,
  type InstalledPackage,
  type InstallPlan,
  type InstallResult,
  type PublishResult,
  recordOf,
  type SearchHit,
  type VerifyReport,
} from '../src/index.ts';
import { createMemoryExecution, createMemoryMesh, type MemoryNode } from '../src/testing/index.ts';
import { sourceOf } from './fixtures/sources.ts';

const folder = join(import.meta.dirname, '../dist/hypermesh.catalog');

/** The files of the built extension, signed for a test's host. */
async function bundleFiles(signer: Parameters<typeof signPackage>[1] & { certificateFingerprint: string }) {
  const files = new Map<string, Uint8Array>();
  for (const name of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!name.isFile()) continue;
    const path = join(name.parentPath, name.name);
    files.set(path.slice(folder.length + 1), readFileSync(path));
  }
  const manifest = JSON.parse(Buffer.from(files.get('manifest.json') ?? []).toString());
  manifest.security.certificate_fingerprint = signer.certificateFingerprint;
  files.set('manifest.json', utf8(JSON.stringify(manifest)));
  const signed = await signPackage(files, signer);
  if (!signed.ok) throw new Error(signed.reason.detail);
  return signed.files;
}

const sources = [
  {
    takes: () => true,
    open: async (spec: string) =>
      sourceOf({ name: spec, files: { 'main.js': utf8(`export default '${spec}';`) } }),
  },
];

/** Two nodes with a host each; a proof is the canonical bytes of what it is about. */
async function twoHosts(options: TestHostOptions = {}) {
  const execution = createMemoryExecution(
    new Map([['node-3', async () => ({ node: 'node-3', exit: 'ok', output: utf8('42'), details: {} })]]),
  );
  const mesh = createMemoryMesh({ sources, execution });
  const [first, , , last] = mesh.nodes;
  if (first === undefined || last === undefined) throw new Error('four nodes');
  const stack = new AsyncDisposableStack();
  const alice = stack.use(await hostOf(first, options));
  const bob = stack.use(await hostOf(last, options));
  return { mesh, alice, bob, first, last, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

async function hostOf(node: MemoryNode, options: TestHostOptions) {
  const binds: ProofBinding = async ({ kind, key, value }, proof) => {
    const expected = Buffer.from(encodeCanonical({ kind, key, value })).toString('hex');
    return proof === expected ? { ok: true } : { ok: false, reason: 'about-something-else' };
  };
  const opened = createTestHost({
    capabilities: catalogCapabilities(node.ports, binds),
    provides: { hypermesh: '1.0.0', 'stoq-transport': '1.0.0', trustchain: '1.0.0' },
    consensus: {
      check: async ({ proof }) => (proof === 'forged' ? { ok: false, reason: 'space/stale' } : { ok: true }),
    },
    ...options,
  });
  const [outcome] = await opened.host.load([{ origin: 'catalog', files: await bundleFiles(opened.signer) }]);
  if (outcome?.ok !== true) throw new Error(JSON.stringify(outcome));
  return opened;
}

const call = async (host: ExtensionHost, method: string, params: object, proof?: unknown) =>
  host.handle({ client: 'client', method, params, ...(proof === undefined ? {} : { proof }) });

async function value<T>(response: Promise<ExtensionResponse>): Promise<T> {
  const answered = await response;
  if (answered.status !== 'success') throw new Error(JSON.stringify(answered));
  return openAnswer(answered.result as Answer<T>);
}

const proofOf = (kind: string, { key, value: about }: { key: string; value: unknown }) =>
  Buffer.from(encodeCanonical({ kind, key, value: about })).toString('hex');

async function publish(host: ExtensionHost, source: string): Promise<PublishResult> {
  const draft = await value<Draft>(call(host, 'catalog.pack', { source }));
  return value(call(host, 'catalog.publish', { key: draft.key }, proofOf('package.publish', draft)));
}

async function install(host: ExtensionHost, spec: string): Promise<InstallResult> {
  const plan = await value<InstallPlan>(call(host, 'catalog.plan', { specs: [spec] }));
  return value(call(host, 'catalog.install', { specs: [spec] }, proofOf('package.install', plan)));
}

describe('Extension Loading Test', () => {
  test('test_catalog_extension_loading: the signed bundle is loaded and its capabilities are granted [repo-01]', async () => {
    await using hosts = await twoHosts();
    const { host } = hosts.alice;
    expect(host.get('hypermesh.catalog')).toMatchObject({
      id: 'hypermesh.catalog',
      state: 'active',
      tier: 'trusted',
    });
    expect(host.granted('hypermesh.catalog')).toEqual(
      expect.arrayContaining([
        'asset:read',
        'asset:write',
        'asset:create',
        'consensus:validate',
        'vm:execute',
      ]),
    );
  });
});

describe('Package Installation Test', () => {
  test('test_package_installation: an installation with its proof gives assets that are active [repo-01]', async () => {
    await using hosts = await twoHosts();
    await publish(hosts.alice.host, 'julia-scientific-computing');
    const result = await install(hosts.bob.host, 'julia-scientific-computing');
    const assets = result.packages.flatMap((each) => each.package.assets);
    expect(assets.length).toBeGreaterThan(0);
    for (const id of assets) expect(await hosts.last.ports.assets.get(id)).toMatchObject({ state: 'active' });
  });
});

describe('P2P Distribution Test', () => {
  test('test_p2p_package_distribution: what one node distributes another downloads, content equal [repo-01]', async () => {
    await using hosts = await twoHosts();
    const { content } = await publish(hosts.alice.host, 'distributed');
    expect(content).not.toBe('');
    await install(hosts.bob.host, 'distributed');
    const { mesh, first, last } = hosts;
    expect(mesh.content.stored(last.id).get(content)).toEqual(mesh.content.stored(first.id).get(content));
  });
});

describe('the library calls', () => {
  test('all eight go through the host: list, get, install, uninstall, update, search, publish, verify [ext-10]', async () => {
    await using hosts = await twoHosts();
    const { host } = hosts.bob;
    await publish(hosts.alice.host, 'alpha');
    expect(await value<SearchHit[]>(call(host, 'catalog.list', {}))).toMatchObject([{ key: 'alpha@1.0.0' }]);
    expect(await value(call(host, 'catalog.get', { spec: 'alpha' }))).toMatchObject({ versions: ['1.0.0'] });
    expect(await value<SearchHit[]>(call(host, 'catalog.search', { text: 'alp' }))).toHaveLength(1);
    await install(host, 'alpha');
    expect(await value<InstalledPackage[]>(call(host, 'catalog.list', { installed: true }))).toHaveLength(1);
    expect(
      await value<VerifyReport>(call(host, 'catalog.verify', { spec: 'alpha', deep: true })),
    ).toMatchObject({ ok: true });
    const plan = await value<InstallPlan>(call(host, 'catalog.plan', { specs: ['alpha'] }));
    const update = call(host, 'catalog.update', { spec: 'alpha' }, proofOf('package.install', plan));
    expect((await value<InstallResult>(update)).ordered).toBeUndefined();
    expect(await value(call(host, 'catalog.uninstall', { spec: 'alpha' }))).toMatchObject({ name: 'alpha' });
    expect(await value<unknown[]>(call(host, 'catalog.list', { installed: true }))).toEqual([]);
    expect(await value(call(host, 'catalog.run', { spec: 'alpha' }))).toMatchObject({
      exit: 'ok',
      node: 'node-3',
    });
  });

  test('the handlers of virtual machines, containers and libraries validate and register [ext-10]', async () => {
    await using hosts = await twoHosts();
    const { host } = hosts.bob;
    expect([...host.handlers().keys()].sort()).toEqual([
      'container.docker',
      'dataset.scientific',
      'library.javascript',
      'library.julia',
      'library.python',
      'library.rust',
      'vm.wasm',
    ]);
    const recordFor = async (type: string, path: string) => {
      const source = sourceOf({
        name: 'alpha',
        type,
        files: { [path]: utf8('x'), 'oci-layout': utf8('{}') },
      });
      const files = [
        { path, size: 1, executable: false },
        { path: 'oci-layout', size: 2, executable: false },
      ].sort((a, b) => (a.path < b.path ? -1 : 1));
      const { root } = await hosts.last.ports.content.put(
        (async function* () {
          yield utf8('x{}');
        })(),
      );
      return encodePackageRecord(recordOf(source.package, { files, bytes: 3, root })).bytes;
    };
    const asked = async (type: string, action: string, path: string) => {
      const response = await host.asset(type, action, {
        client: 'client',
        params: { record: await recordFor(type, path) },
      });
      if (response.status !== 'success') throw new Error(JSON.stringify(response));
      return response.result;
    };
    expect(await asked('vm.wasm', 'validate', 'main.wasm')).toEqual({ valid: true });
    expect(await asked('vm.wasm', 'validate', 'main.py')).toMatchObject({ valid: false });
    expect(await asked('container.docker', 'validate', 'index.json')).toEqual({ valid: true });
    expect(await asked('container.docker', 'register', 'rootfs.tar')).toMatchObject({ registered: false });
    expect(await asked('library.python', 'register', 'main.py')).toMatchObject({
      registered: true,
      state: 'active',
    });
  });
});

describe('the five methods answer success or exactly one of the four refusals', () => {
  const five = ['catalog.list', 'catalog.search', 'catalog.install', 'catalog.publish', 'catalog.verify'];

  test('success also where a package is not there or a parameter is wrong: the answer names the failure [catalog-10]', async () => {
    await using hosts = await twoHosts();
    const { host } = hosts.alice;
    const bad: readonly [string, object, string][] = [
      ['catalog.verify', { spec: 'nothing' }, 'catalog/not-found'],
      ['catalog.install', { specs: ['nothing'] }, 'catalog/not-found'],
      ['catalog.publish', { key: 'nothing@1.0.0' }, 'catalog/not-found'],
      ['catalog.list', { type: 'library.cobol' }, 'catalog/bad-argument'],
      ['catalog.search', { text: 7 }, 'catalog/bad-argument'],
      ['catalog.search', { colour: 'blue' }, 'catalog/bad-argument'],
      ['catalog.install', { specs: [] }, 'catalog/bad-argument'],
    ];
    for (const [method, params, code] of bad) {
      const response = await call(host, method, params, 'proof');
      expect(response, method).toMatchObject({ status: 'success', result: { ok: false, failure: { code } } });
    }
  });

  test('invalid_proof: without one, with one that does not hold, and with one about something else [catalog-10]', async () => {
    await using hosts = await twoHosts();
    const { host } = hosts.alice;
    const draft = await value<Draft>(call(host, 'catalog.pack', { source: 'alpha' }));
    for (const proof of [undefined, 'forged', proofOf('package.install', draft)]) {
      expect(await call(host, 'catalog.publish', { key: draft.key }, proof)).toMatchObject({
        status: 'invalid_proof',
      });
    }
    expect(hosts.mesh.index.entries.size).toBe(0);
    await publish(host, 'alpha');
    for (const proof of [undefined, 'forged', proofOf('package.publish', draft)]) {
      expect(await call(host, 'catalog.install', { specs: ['alpha'] }, proof)).toMatchObject({
        status: 'invalid_proof',
      });
    }
    expect(hosts.mesh.index.installations).toEqual([]);
    hosts.mesh.index.refuseNext('time', 'stale');
    const plan = await value<InstallPlan>(call(host, 'catalog.plan', { specs: ['alpha'] }));
    const late = call(host, 'catalog.install', { specs: ['alpha'] }, proofOf('package.install', plan));
    expect(await late).toMatchObject({ status: 'invalid_proof', detail: expect.stringContaining('time') });
  });

  test('permission_denied, rate_limited and method_not_found [catalog-10]', async () => {
    await using hosts = await twoHosts();
    const { host } = hosts.alice;
    expect(await call(host, 'catalog.delete', {})).toMatchObject({ status: 'method_not_found' });
    host.revoke('hypermesh.catalog', 'storage:read');
    for (const method of five)
      expect(await call(host, method, {}, 'proof'), method).toMatchObject({ status: 'permission_denied' });
    let limited: ExtensionResponse | undefined;
    for (let calls = 0; calls < 3_000 && limited === undefined; calls++) {
      const response = await call(host, 'catalog.list', {});
      if (response.status === 'rate_limited') limited = response;
    }
    expect(limited).toMatchObject({ status: 'rate_limited', retryAfterMs: expect.any(Number) });
  });
});

describe('the bundle', () => {
  const text = readFileSync(join(folder, 'extension.mjs'), 'utf8');
  /** Ways to execute something or to load what could, each with a line that must be caught. */
  const ways: readonly [RegExp, string][] = [
    [/^\s*import\s/m, "import { x } from 'y';"],
    [/\bfrom\s*['"]/, "export { x } from 'y';"],
    [/\bimport\s*\(/, "await import('node:vm')"],
    [/\brequire\s*\((?!\))/, "require('fs')"],
    [/createRequire/, 'module.createRequire(import.meta.url)'],
    [/getBuiltinModule(?!\?\.\("node:crypto"\))/, 'process.getBuiltinModule("node:child_process")'],
    [/child_process|worker_threads|node:vm|node:wasi|node:module|node:fs|node:net/, "'node:child_process'"],
    [/\beval\s*\(|\bnew Function\b|\bFunction\s*\(/, 'eval("1")'],
    [/\bWebAssembly\b|\bnew Worker\b/, 'new WebAssembly.Module(bytes)'],
    [/process\.(?:binding|dlopen|execve|kill)/, 'process.execve(path)'],
  ];

  test.each(ways)('holds no way to execute anything: %s [catalog-05]', (way, planted) => {
    expect(text.match(way)).toBeNull();
    expect(way.test(`${text}\n${planted}\n`)).toBe(true);
  });
});
