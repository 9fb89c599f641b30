import { utf8 } from '@hypermesh/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coarseCapabilities, MANIFEST_MAX_BYTES, parseManifest } from '../src/manifest/index.ts';

/** The manifest of the integration guide, as it stands there. */
const nested = {
  manifest_version: '1.0',
  extension: {
    id: 'hypermesh.catalog',
    name: 'HyperMesh Catalog',
    version: '1.0.0',
    description: 'Decentralized asset library for HyperMesh ecosystem',
    author: { name: 'HyperMesh Team', email: 'catalog@hypermesh.online', url: 'https://hypermesh.online' },
    license: 'MIT',
    homepage: 'https://hypermesh.online/catalog',
  },
  runtime: { type: 'native', entry_point: 'catalog.so', api_version: '1.0' },
  dependencies: { hypermesh: '>=1.0.0', 'stoq-transport': '>=1.0.0', trustchain: '>=1.0.0' },
  capabilities: {
    required: [
      'asset:read',
      'asset:write',
      'asset:create',
      'network:connect',
      'consensus:validate',
      'storage:read',
      'storage:write',
    ],
    optional: ['vm:execute', 'container:deploy'],
  },
  resources: {
    limits: { cpu_percent: 25.0, memory_mb: 2048, storage_gb: 100, network_mbps: 100 },
    requests: { cpu_percent: 10.0, memory_mb: 512, storage_gb: 10, network_mbps: 10 },
  },
  operations: { 'words.count': { summary: 'Counts words', input: { type: 'string' } } },
  assets: {
    provided_types: [
      'library.julia',
      'library.python',
      'library.rust',
      'container.docker',
      'vm.wasm',
      'dataset.scientific',
    ],
    handlers: [
      { type: 'library.julia', handler: 'JuliaLibraryHandler' },
      { type: 'container.docker', handler: 'DockerContainerHandler' },
    ],
  },
  security: {
    certificate_fingerprint: 'SHA256:abc123...',
    signature_algorithm: 'FALCON-1024',
    sandbox_policy: 'strict',
    network_policy: 'restricted',
  },
  configuration: { schema: 'config/schema.json', defaults: 'config/default.toml' },
};

/** The manifest of the interface's description, as it stands there. */
const flat = {
  id: 'catalog',
  name: 'HyperMesh Catalog',
  version: '1.0.0',
  category: 'AssetLibrary',
  required_capabilities: ['AssetManagement', 'NetworkAccess', 'ConsensusAccess', 'TransportAccess'],
  provided_assets: ['VirtualMachine', 'Container', 'Library'],
  dependencies: [{ extension_id: 'stoq-transport', version_requirement: '>=1.0.0' }],
  certificate_fingerprint: 'SHA256:...',
};

const bytesOf = (value: unknown) => utf8(JSON.stringify(value));

function reasonOf(value: unknown) {
  const verdict = parseManifest(value instanceof Uint8Array ? value : bytesOf(value));
  return verdict.ok ? 'accepted' : `${verdict.reason.code} ${verdict.reason.pointer}`;
}

/** A deep copy with the value at a pointer replaced, or removed where it is undefined. */
function changed(base: object, pointer: string, value: unknown): unknown {
  const copy = structuredClone(base) as Record<string, unknown>;
  const path = pointer.slice(1).split('/');
  const last = path.pop() ?? '';
  const parent = path.reduce<Record<string, unknown>>((at, key) => at[key] as Record<string, unknown>, copy);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy;
}

describe('a manifest', () => {
  it('of the nested form is read whole [ext-01]', () => {
    const verdict = parseManifest(bytesOf(nested));
    if (!verdict.ok) throw new Error(JSON.stringify(verdict.reason));
    expect(verdict.manifest).toMatchObject({
      form: 'nested',
      id: 'hypermesh.catalog',
      runtime: { type: 'native', entryPoint: 'catalog.so' },
      capabilities: { optional: ['vm:execute', 'container:deploy'] },
      resources: {
        limits: {
          cpuBp: 2500,
          memoryBytes: 2 ** 31,
          storageBytes: 100 * 2 ** 30,
          networkBps: 100_000_000,
        },
      },
      security: { sandboxPolicy: 'strict', networkPolicy: 'restricted' },
    });
    expect(verdict.manifest.dependencies).toHaveLength(3);
    expect(verdict.manifest.assets.providedTypes).toEqual(nested.assets.provided_types);
  });

  it('of the flat form is read as the nested one that says the same [ext-01]', () => {
    const verdict = parseManifest(bytesOf(flat));
    if (!verdict.ok) throw new Error(JSON.stringify(verdict.reason));
    expect(verdict.manifest).toMatchObject({
      form: 'flat',
      id: 'catalog',
      category: 'AssetLibrary',
      dependencies: [{ id: 'stoq-transport', range: '>=1.0.0' }],
      assets: { providedTypes: ['vm', 'container', 'library'] },
      runtime: { type: 'native', entryPoint: 'extension.mjs' },
      security: { sandboxPolicy: 'strict', certificateFingerprint: 'SHA256:...' },
    });
    expect(verdict.manifest.capabilities.required).toEqual([
      'asset:read',
      'asset:write',
      'asset:create',
      'network:connect',
      'consensus:validate',
      'transport:stream',
    ]);
  });

  it.each(Object.keys(coarseCapabilities))('may ask for %s by its coarse name', (name) => {
    const verdict = parseManifest(bytesOf({ ...flat, required_capabilities: [name] }));
    expect(verdict.ok && verdict.manifest.capabilities.required).toEqual(coarseCapabilities[name]);
  });

  it.each([
    ['not JSON', utf8('{'), 'not-json '],
    ['not UTF-8', Uint8Array.of(0x7b, 0xff, 0x7d), 'not-utf8 '],
    ['empty', new Uint8Array(), 'not-json '],
    ['a list', [], 'wrong-type '],
    ['null', null, 'wrong-type '],
    ['of no form', {}, 'unknown-form '],
    ['too large', new Uint8Array(MANIFEST_MAX_BYTES + 1), 'too-large '],
    ['nested too deep', utf8('['.repeat(100_000)), 'too-deep '],
  ])('that is %s is refused with its code [ext-01]', (_, value, reason) => {
    expect(reasonOf(value)).toBe(reason);
  });

  it.each([
    ['/manifest_version', '2.0', 'unsupported-version'],
    ['/manifest_version', 1, 'wrong-type'],
    ['/extension', undefined, 'missing'],
    ['/extension/id', undefined, 'missing'],
    ['/extension/id', 'Catalog', 'bad-id'],
    ['/extension/id', '../catalog', 'bad-id'],
    ['/extension/id', 'a'.repeat(129), 'too-long'],
    ['/extension/name', '', 'wrong-type'],
    ['/extension/name', '\ud800', 'wrong-type'],
    ['/extension/version', '1.0', 'bad-version'],
    ['/extension/version', 'v1.0.0', 'bad-version'],
    ['/extension/colour', 'red', 'unknown-field'],
    ['/extension/author/phone', '1', 'unknown-field'],
    ['/runtime/type', 'java', 'unsupported-runtime'],
    ['/runtime/entry_point', '../x.mjs', 'bad-path'],
    ['/runtime/entry_point', '/x.mjs', 'bad-path'],
    ['/runtime/api_version', '2.0', 'unsupported-api'],
    ['/dependencies/hypermesh', 'newest', 'bad-range'],
    ['/dependencies/hypermesh.catalog', '*', 'self-dependency'],
    ['/dependencies/UPPER', '*', 'bad-id'],
    ['/dependencies', [], 'wrong-type'],
    ['/capabilities/required/0', 'asset:delete', 'unknown-capability'],
    ['/capabilities/required/0', 7, 'wrong-type'],
    ['/capabilities/required/1', 'asset:read', 'duplicate'],
    ['/capabilities/optional', 'vm:execute', 'wrong-type'],
    ['/capabilities/optional', Array.from({ length: 65 }, () => 'vm:execute'), 'too-many'],
    ['/resources/limits/cpu_percent', -1, 'out-of-range'],
    ['/resources/limits/memory_mb', '2048', 'wrong-type'],
    ['/resources/limits/gpu', 1, 'unknown-field'],
    ['/resources/requests/memory_mb', 4096, 'request-above-limit'],
    ['/assets/provided_types/0', 'Library Julia', 'bad-asset-type'],
    ['/assets/provided_types/1', 'library.julia', 'duplicate'],
    ['/assets/handlers/0/type', 'library.perl', 'not-provided'],
    ['/assets/handlers/1/type', 'library.julia', 'duplicate'],
    ['/assets/handlers/0', 'JuliaLibraryHandler', 'wrong-type'],
    ['/security/certificate_fingerprint', 'abc', 'bad-fingerprint'],
    ['/security/certificate_fingerprint', undefined, 'missing'],
    ['/security/signature_algorithm', 'RSA', 'unsupported-algorithm'],
    ['/security/sandbox_policy', 'standard', 'unsupported-sandbox-policy'],
    ['/security/sandbox_policy', 'isolated', 'unsupported-sandbox-policy'],
    ['/security/network_policy', 'open', 'unsupported-network-policy'],
    ['/configuration/defaults', 'config//x.toml', 'bad-path'],
    ['/configuration/schema', 'C:\\x', 'bad-path'],
    ['/plugins', {}, 'unknown-field'],
    ['/operations', [], 'wrong-type'],
    ['/operations/Count', {}, 'bad-operation'],
    ['/operations/words.count', 'counts', 'wrong-type'],
    ['/operations/words.count/summary', 'x'.repeat(257), 'too-long'],
    ['/operations/words.count/colour', 'red', 'unknown-field'],
    ['/operations/words.count/input', true, 'wrong-type'],
    ['/operations/words.count/input', { enum: ['x'.repeat(16_385)] }, 'too-long'],
    ['/operations/words.count/output', { items: [{ $ref: 'https://example.org/' }] }, 'bad-schema'],
  ])('with %s as %j is refused as %s, with the pointer to it [ext-01]', (pointer, value, code) => {
    expect(reasonOf(changed(nested, pointer, value))).toBe(`${code} ${pointer}`);
  });

  it.each([
    ['/required_capabilities/0', 'Everything', 'unknown-capability'],
    ['/dependencies', {}, 'wrong-type'],
    ['/dependencies/0/version_requirement', undefined, 'missing'],
    ['/provided_assets/0', 'Virtual Machine', 'bad-asset-type'],
    ['/version', 1, 'wrong-type'],
    ['/sandbox', 'none', 'unknown-field'],
    ['/certificate_fingerprint', undefined, 'missing'],
  ])('of the flat form with %s as %j is refused as %s [ext-01]', (pointer, value, code) => {
    expect(reasonOf(changed(flat, pointer, value))).toBe(`${code} ${pointer}`);
  });

  it('never throws, whatever it is', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => typeof parseManifest(bytesOf(value)).ok === 'boolean'));
    fc.assert(fc.property(fc.uint8Array(), (bytes) => typeof parseManifest(bytes).ok === 'boolean'));
    const pointers = [
      '/extension',
      '/runtime',
      '/dependencies',
      '/capabilities',
      '/resources',
      '/assets',
      '/security',
    ];
    fc.assert(
      fc.property(fc.constantFrom(...pointers), fc.jsonValue(), (pointer, value) => {
        return typeof parseManifest(bytesOf(changed(nested, pointer, value))).ok === 'boolean';
      }),
    );
  });

  it('cannot give anything a prototype', () => {
    const text = JSON.stringify(nested).replace('"extension":', '"__proto__":{"polluted":true},"extension":');
    expect(reasonOf(utf8(text))).toBe('unknown-field /__proto__');
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});
