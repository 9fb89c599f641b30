import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createGenesis } from '@hypermesh/consensus';
import { silentLog, utf8 } from '@hypermesh/core';
import { generateKey } from '@hypermesh/core/ed25519';
import { systemClock } from '@hypermesh/core/node';
import { createManualClock } from '@hypermesh/core/testing';
import { type PackageFiles, readPackage, signPackage, verifyPackage } from '@hypermesh/extension-sdk/sign';
import { signerId } from '@hypermesh/trustchain/sign';
import { suiteFor } from '@hypermesh/trustchain/suite';
import { fingerprint } from '@hypermesh/trustchain/x509';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { extensionSigner, extensionTrust } from '../src/adapters/extension-trust.ts';
import { defaultConfig } from '../src/config.ts';
import { type DataDirectory, dataDirectory } from '../src/data-directory.ts';
import { installBundled } from '../src/extensions/bundled.ts';
import { openExtensions } from '../src/extensions/service.ts';
import type { NodeKeys } from '../src/identity.ts';
import { foundingPlots, foundingPower } from '../src/ledger/options.ts';
import { factsBinding, type MeshFacts } from '../src/mesh/facts.ts';
import { type Phase2, phase1, phase2 } from '../src/phases.ts';
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
  mesh = await createTestAuthority();
  const [first, second] = await Promise.all([certify(mesh), certify(mesh)]);
  amber = first;
  const falcon = suiteFor('falcon-1024-r3');
  const keysOf = async (identity: TestIdentity): Promise<NodeKeys> => ({
    ed25519: identity.key,
    falcon: await falcon.generate(),
    certificate: identity.credentials.current().keys,
    vrfSeed: new Uint8Array(32),
  });
  const [amberKeys, strangerKeys] = [await keysOf(amber), await keysOf(second)];
  const idOf = (keys: NodeKeys) =>
    signerId({ ed25519: keys.ed25519.publicKey, falcon1024: keys.falcon.publicKey });
  // The stranger has a certificate of the mesh; its artifact keys are not the ones that the mesh lists.
  const facts: MeshFacts = {
    v: 1,
    root: mesh.root,
    logKey: 'log',
    signers: {
      [amber.nodeId]: idOf(amberKeys),
      [second.nodeId]: idOf({ ...strangerKeys, falcon: amberKeys.falcon }),
    },
  };
  const made = createGenesis({
    name: 'test',
    createdMs: 1,
    profile: 'localhost',
    members: [amber, second].map(({ key }, index) => ({
      name: `member-${index}`,
      key: key.publicKey,
      vrfKey: generateKey().publicKey,
      power: foundingPower,
      validator: true,
      space: foundingPlots,
    })),
    bindings: factsBinding(facts),
  });
  const phaseOf = (identity: TestIdentity, keys: NodeKeys): Phase2 => {
    const before = {
      phase: 0,
      nodeId: identity.nodeId,
      keys,
      config: { ...defaultConfig, name: 'node' },
      pinnedRoot: mesh.root,
    } as const;
    const certified = phase1(before, identity.credentials, systemClock);
    const grown = certified.ok ? phase2(certified.next, { ...made, facts }) : certified;
    if (!grown.ok) throw new Error(grown.reason);
    return grown.next;
  };
  phase = phaseOf(amber, amberKeys);
  stranger = phaseOf(second, strangerKeys);
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

  it('of another member run in the strict sandbox without anything, or not at all', async () => {
    const other = { ...manifest, extension: { ...manifest.extension, id: 'acme.sample' } };
    const put = async (over: object, folder: string) => {
      const named = {
        ...other,
        capabilities: {},
        ...over,
        security: {
          ...manifest.security,
          sandbox_policy: 'strict',
          certificate_fingerprint: fingerprint(chainOf(phase)[0] ?? new Uint8Array()),
        },
      };
      const files = new Map([
        ['manifest.json', utf8(JSON.stringify(named))],
        ['extension.mjs', utf8(source.replaceAll(id, 'acme.sample').replace("needs: ['asset:read'], ", ''))],
      ]);
      const signed = await signPackage(files, extensionSigner(phase.keys, chainOf(phase), systemClock));
      if (!signed.ok) throw new Error(signed.reason.detail);
      for (const [path, bytes] of signed.files) write(join(directory.extensions, folder), path, bytes);
    };
    await put({}, 'acme.sample');
    await put(
      { extension: { ...other.extension, id: 'acme.greedy' }, capabilities: { required: ['asset:read'] } },
      'acme.greedy',
    );
    await using extensions = await openExtensions(directory, phase, {
      capabilities: { 'asset:read': {} },
      consensus,
      clock: systemClock,
      log: silentLog,
      from: [],
    });
    expect(extensions.describe()).toMatchObject({
      loaded: [{ id: 'acme.sample', tier: 'strict', engine: 'quickjs', granted: [] }],
      refused: [{ id: 'acme.greedy', code: 'capability-refused' }],
    });
    expect(await call(extensions, 'echo')).toEqual({ status: 'success', result: 'oak' });
  }, 60_000);
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
