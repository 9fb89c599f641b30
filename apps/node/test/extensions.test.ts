import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { silentLog } from '@hypermesh/core';
import { systemClock } from '@hypermesh/core/node';
import { createManualClock } from '@hypermesh/core/testing';
import { type PackageFiles, readPackage, verifyPackage } from '@hypermesh/extension-sdk/sign';
import { fingerprint } from '@hypermesh/trustchain/x509';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { extensionSigner, extensionTrust } from '../src/adapters/extension-trust.ts';
import { type DataDirectory, dataDirectory } from '../src/data-directory.ts';
import { installBundled } from '../src/extensions/bundled.ts';
import { openExtensions } from '../src/extensions/service.ts';
import type { Phase2 } from '../src/phases.ts';
import { signingMembers } from './signing-members.ts';
import { certify, createTestAuthority, type TestAuthority, type TestIdentity } from './support.ts';

/** A bundled extension that is not the catalog: what is shown here does not depend on what it does. */
const id = 'hypermesh.sample';
const source = `export const extension = { id: '${id}', ops: {
  'sample.echo': { run: (p) => p },
  'sample.read': { needs: ['asset:read'], run: (key, ctx) => ctx.caps['asset:read'].get(key) },
} };`;
const manifest = {
  manifest_version: '1.0',
  extension: { id, name: 'Sample', version: '1.0.0' },
  runtime: { type: 'native', entry_point: 'extension.mjs', api_version: '1.0' },
  dependencies: { hypermesh: '>=1.0.0' },
  capabilities: { required: ['asset:read'] },
  security: {
    certificate_fingerprint: 'SHA256:0',
    signature_algorithm: 'FALCON-1024',
    sandbox_policy: 'trusted',
  },
};

const root = mkdtempSync(join(tmpdir(), 'hm-extensions-'));
const built = join(root, 'built');
const from = [{ id, folder: built }];
let mesh: TestAuthority;
let amber: TestIdentity;
let phase: Phase2;
let stranger: Phase2;
let directory: DataDirectory;

beforeAll(async () => {
  ({ mesh, amber, phase, stranger } = await signingMembers());
}, 60_000);
afterAll(() => rmSync(root, { recursive: true }));

let number = 0;
beforeEach(() => {
  directory = dataDirectory(join(root, `node-${number++}`));
  rmSync(built, { recursive: true, force: true });
  write(built, 'manifest.json', JSON.stringify(manifest));
  write(built, 'extension.mjs', source);
  write(built, 'docs/API.md', '# Sample');
});

function write(folder: string, path: string, text: string | Uint8Array): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}
const held = (path: string) => join(directory.extensions, id, path);
const chainOf = (of: Phase2) => of.credentials.current().chain;
const install = (of: Phase2 = phase) =>
  installBundled(directory, extensionSigner(of.keys, chainOf(of), systemClock), { from });
const consensus = { check: async () => ({ ok: false, reason: 'none' }) as const };
const open = (parts: { clock?: typeof systemClock; capabilities?: object } = {}) =>
  openExtensions(directory, phase, {
    capabilities: { 'asset:read': { get: async (key: string) => `value of ${key}` } },
    consensus,
    clock: systemClock,
    log: silentLog,
    from,
    ...parts,
  });
const call = (extensions: Awaited<ReturnType<typeof open>>, method: string) =>
  extensions.handle({ client: 'control', method: `sample.${method}`, params: 'oak' });
const dayMs = 24 * 60 * 60_000;

async function filesOf(folder: string): Promise<PackageFiles> {
  const read = await readPackage(folder);
  if (!read.ok) throw new Error(read.reason.detail);
  return read.files;
}

describe('the extensions of a node', () => {
  it('are signed with both keys and the certificates of the node, and loaded from what was verified', async () => {
    await install();
    await using extensions = await open();
    expect(extensions.describe()).toMatchObject({
      loaded: [
        {
          id,
          state: 'active',
          tier: 'trusted',
          granted: ['asset:read'],
          signer: { certificateFingerprint: fingerprint(chainOf(phase)[0] ?? new Uint8Array()) },
        },
      ],
      refused: [],
    });
    expect(await call(extensions, 'read')).toEqual({ status: 'success', result: 'value of oak' });
    expect(extensions.verifyAudit()).toMatchObject({ intact: true });
    expect(extensions.verifyAudit().records).toBeGreaterThan(4);
  });

  it('are installed at the start where init found none, and again where they were built anew', async () => {
    {
      await using first = await open();
      expect(first.describe().loaded).toMatchObject([{ id, version: '1.0.0' }]);
    }
    write(
      built,
      'manifest.json',
      JSON.stringify({ ...manifest, extension: { ...manifest.extension, version: '1.1.0' } }),
    );
    await using second = await open();
    expect(second.describe().loaded).toMatchObject([{ id, version: '1.1.0' }]);
  });

  it.each([
    [
      'one byte of its code',
      () => write(directory.extensions, `${id}/extension.mjs`, source.replace('echo', 'ecko')),
      'file-changed',
      'extension.mjs',
    ],
    [
      'one byte of its papers',
      () => write(directory.extensions, `${id}/docs/API.md`, '# sample'),
      'file-changed',
      'docs/API.md',
    ],
    ['a file too many', () => write(directory.extensions, `${id}/more.mjs`, '1'), 'file-extra', 'more.mjs'],
    ['a file too few', () => rmSync(held('docs/API.md')), 'file-missing', 'docs/API.md'],
    [
      'another fingerprint',
      () =>
        write(
          directory.extensions,
          `${id}/manifest.json`,
          readFileSync(held('manifest.json'), 'utf8').replace('SHA256:', 'SHA256:0'),
        ),
      'file-changed',
      'manifest.json',
    ],
  ])(
    'with %s on disk are refused and named, are not repaired, and their methods answer so',
    async (_, change, code, path) => {
      await install();
      change();
      const before = (await readPackage(join(directory.extensions, id))).ok;
      await using extensions = await open();
      expect(extensions.describe()).toMatchObject({ loaded: [], refused: [{ id, code, path }] });
      expect(await call(extensions, 'echo')).toEqual({
        status: 'failed',
        code: 'refused',
        detail: `${id} is not loaded: ${code} (${path})`,
      });
      expect((await readPackage(join(directory.extensions, id))).ok).toBe(before);
      expect(extensions.verifyAudit()).toMatchObject({ intact: true });
      await extensions[Symbol.asyncDispose]();
      await using again = await open();
      expect(again.describe().refused).toMatchObject([{ code }]);
    },
  );

  it('are refused where a member signed whose keys the mesh does not list [ext-16]', async () => {
    await install(stranger);
    await using extensions = await open();
    expect(extensions.describe().refused).toMatchObject([{ code: 'untrusted-signer' }]);
  });

  it('that lie there and were not loaded by the operator are not run, whoever signed them', async () => {
    await install();
    const files = await filesOf(join(directory.extensions, id));
    for (const [path, bytes] of files) write(join(directory.extensions, 'acme.sample'), path, bytes);
    await using extensions = await open();
    expect(extensions.describe()).toMatchObject({
      loaded: [{ id }],
      refused: [
        {
          id: 'acme.sample',
          code: 'not-loaded',
          detail: expect.stringContaining('hypermesh extension load'),
        },
      ],
    });
  });
});

describe('the certificate of a signer', () => {
  const trustAt = (clock: typeof systemClock, more: object = {}) =>
    extensionTrust({ pinnedRoot: phase.pinnedRoot, facts: phase.facts, clock, ...more });
  const codeOf = async (trust: ReturnType<typeof extensionTrust>) => {
    const verdict = await verifyPackage(await filesOf(join(directory.extensions, id)), trust);
    return verdict.ok ? 'believed' : verdict.reason.code;
  };

  it('that has run out is refused at load; the node signs its own anew [ext-16]', async () => {
    await install();
    const later = createManualClock(systemClock.nowMs() + 2 * dayMs);
    expect(await codeOf(trustAt(systemClock))).toBe('believed');
    expect(await codeOf(trustAt(later))).toBe('expired');
    expect(await codeOf(trustAt(later, { at: 'signing' }))).toBe('believed');
    const fresh = await certify(mesh, { key: amber.key, lifetimeMs: 7 * dayMs });
    const renewed = { ...phase, credentials: fresh.credentials };
    await using extensions = await openExtensions(directory, renewed, {
      capabilities: { 'asset:read': { get: async () => 1 } },
      consensus,
      clock: later,
      log: silentLog,
      from,
    });
    expect(extensions.describe()).toMatchObject({
      loaded: [
        {
          signer: {
            certificateFingerprint: fingerprint(fresh.credentials.current().chain[0] ?? new Uint8Array()),
          },
        },
      ],
      refused: [],
    });
  });

  it('that is revoked is refused at load, and suspends what runs within a minute [ext-16]', async () => {
    await install();
    const clock = createManualClock(systemClock.nowMs() + 5_000);
    await using extensions = await open({ clock });
    expect(await call(extensions, 'echo')).toMatchObject({ status: 'success' });
    const [leaf] = chainOf(phase);
    const { der } = await mesh.authority.issueRevocationList({
      number: 1n,
      revoked: [{ serial: leaf?.serial ?? '', atMs: clock.nowMs() - 1_000, reason: 'keyCompromise' }],
    });
    expect(await codeOf(trustAt(clock, { revocations: () => [der] }))).toBe('revoked');
    write(directory.revocations, 'authority.crl', 'not a list');
    expect(await extensions.host.recheck()).toEqual([]);
    write(directory.revocations, 'authority.crl', der);
    clock.advance(60_000);
    while (extensions.describe().loaded[0]?.state !== 'suspended')
      await new Promise((resolve) => setImmediate(resolve));
    expect(extensions.describe().loaded).toMatchObject([
      { state: 'suspended', reason: 'the signer is refused: revoked' },
    ]);
    expect(await call(extensions, 'echo')).toMatchObject({ status: 'failed', code: 'suspended' });
    await extensions[Symbol.asyncDispose]();
    await using again = await open({ clock });
    expect(again.describe().refused).toMatchObject([{ code: 'revoked' }]);
  });

  it('that belongs to another mesh is refused [ext-16]', async () => {
    const other = await createTestAuthority();
    const theirs = await certify(other, { key: amber.key });
    await installBundled(
      directory,
      extensionSigner(phase.keys, theirs.credentials.current().chain, systemClock),
      { from },
    );
    expect(await codeOf(trustAt(systemClock))).toBe('untrusted-signer');
  });
});
