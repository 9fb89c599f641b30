import { readFileSync } from 'node:fs';
import { type ContentRoot, cidOf, encodeCanonical, utf8 } from '@hypermesh/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { byPath, claimPath } from '../src/document/record.ts';
import {
  type AssetPackage,
  decodePackageRecord,
  encodePackageRecord,
  fileRange,
  type PackageRecord,
  parsePackage,
  recordOf,
  requirementsOf,
} from '../src/index.ts';

const root = cidOf(utf8('content'), 'dag-cbor', 'blake3-256') as ContentRoot;
const golden: { digest: string } = JSON.parse(
  readFileSync(new URL('./codec.golden.json', import.meta.url), 'utf8'),
).packageRecord;

function document(): AssetPackage {
  const found = parsePackage(`
apiVersion: catalog.v1
kind: AssetPackage
metadata: { name: "@scope/tool", version: 1.2.3, tags: [a, b], license: Apache-2.0, authors: [Someone] }
spec:
  description: What it does
  type: vm.wasm
  content: { entrypoint: main.wasm, args: ["--fast"] }
  resources: { cpu_cores: 0.5, memory_mb: 64, gpu_type: CUDA }
  execution: { timeout_ms: 5000, fuel: 1000000, outputs: ["out/**"], min_nodes: 1, max_nodes: 2, distributed: true }
  dependencies: [{ name: other, version: ^1.0.0, optional: true, kind: data }]
`);
  if (!found.ok) throw new Error(JSON.stringify(found.errors));
  return found.package;
}

const files = [
  { path: 'README.md', size: 5, executable: false },
  { path: 'bin/tool', size: 7, executable: true },
  { path: 'main.wasm', size: 100, executable: false },
];
const record = recordOf(document(), { files, bytes: 112, root });

describe('a package record', () => {
  test('keeps its bytes: a changed digest is a changed format', () => {
    expect(encodePackageRecord(record).digest).toBe(golden.digest);
  });

  test('comes back from its bytes, and asks for what its document asked for', () => {
    const { bytes, digest } = encodePackageRecord(record);
    expect(decodePackageRecord(bytes)).toEqual({ ok: true, record, digest });
    expect(requirementsOf(record)).toEqual(requirementsOf(document()));
  });

  test('says where the bytes of a file begin', () => {
    expect(fileRange(record, 'bin/tool')).toEqual({ offset: 5, size: 7 });
    expect(fileRange(record, 'main.wasm')).toEqual({ offset: 12, size: 100 });
    expect(fileRange(record, 'none')).toBeUndefined();
  });

  const entry = { path: 'x', size: 0, executable: false };
  test.each<[string, Partial<PackageRecord> | Record<string, unknown>, string]>([
    ['another format', { format: 'hypermesh/catalog/package/v2' }, 'wrong-literal'],
    ['a key too many', { more: 1 }, 'unknown-key'],
    ['a type of its own', { type: 'vm.java' }, 'no-variant'],
    ['a name with capitals', { name: 'Tool' }, 'bad-name'],
    ['a name that climbs', { name: '../tool' }, 'bad-name'],
    ['a version of two numbers', { version: '1.2' }, 'bad-version'],
    [
      'a dependency on no range',
      { dependencies: [{ name: 'a', range: 'latest', kind: 'data', optional: false }] },
      'bad-range',
    ],
    [
      'one dependency twice',
      { dependencies: [1, 2].map(() => ({ name: 'a', range: '*', kind: 'data', optional: false })) },
      'duplicate-dependency',
    ],
    ['fewer nodes at most than at least', { execution: { ...record.execution, minNodes: 3 } }, 'nodes'],
    ['no node', { execution: { ...record.execution, minNodes: 0 } }, 'nodes'],
    ['a path that climbs', { files: [{ ...entry, path: 'a/../../b' }], bytes: 0 }, 'bad-path'],
    ['an absolute path', { files: [{ ...entry, path: '/etc/passwd' }], bytes: 0 }, 'bad-path'],
    ['a drive', { files: [{ ...entry, path: 'C:/x' }], bytes: 0 }, 'bad-path'],
    ['a backslash', { files: [{ ...entry, path: 'a\\b' }], bytes: 0 }, 'bad-path'],
    ['a device', { files: [{ ...entry, path: 'a/NUL.txt' }], bytes: 0 }, 'bad-path'],
    ['a null character', { files: [{ ...entry, path: 'a\u0000b' }], bytes: 0 }, 'bad-path'],
    ['a decomposed letter', { files: [{ ...entry, path: 'e\u0301' }], bytes: 0 }, 'bad-path'],
    ['a path ending in a dot', { files: [{ ...entry, path: 'a.' }], bytes: 0 }, 'bad-path'],
    [
      'paths that differ in case',
      {
        files: [
          { ...entry, path: 'A' },
          { ...entry, path: 'a' },
        ],
        bytes: 0,
      },
      'path-clash',
    ],
    ['one path twice', { files: [entry, entry], bytes: 0 }, 'path-clash'],
    [
      'a file that is a folder too',
      {
        files: [
          { ...entry, path: 'a' },
          { ...entry, path: 'a/b' },
        ],
        bytes: 0,
      },
      'path-clash',
    ],
    [
      'a folder that is a file in other case',
      {
        files: [
          { ...entry, path: 'A/b' },
          { ...entry, path: 'a' },
        ],
        bytes: 0,
      },
      'path-clash',
    ],
    [
      'files out of order',
      {
        files: [
          { ...entry, path: 'b' },
          { ...entry, path: 'a' },
        ],
        bytes: 0,
      },
      'file-order',
    ],
    ['a sum that is not that of its files', { bytes: 111 }, 'size-sum'],
    ['an entrypoint that is no file of it', { entrypoint: 'other.wasm' }, 'entrypoint'],
    ['a root of another kind', { root: cidOf(utf8('x'), 'raw') as ContentRoot }, 'cid'],
  ])('of %s is refused by name', (_, change, reason) => {
    const { entrypoint, ...rest } = record;
    const base = 'files' in change ? rest : { ...rest, entrypoint };
    expect(decodePackageRecord(encodeCanonical({ ...base, ...change }))).toEqual({ ok: false, reason });
  });

  test('finds a clash where entering one path after another does', () => {
    const part = fc.constantFrom('a', 'A', 'b', 'a-b', 'a!', 'ß', 'ss');
    const path = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
    const { entrypoint: _, ...base } = record;
    fc.assert(
      fc.property(fc.uniqueArray(path, { minLength: 1, maxLength: 6 }), (paths) => {
        const table = paths.map((each) => ({ ...entry, path: each })).sort(byPath);
        const taken = new Map<string, 'file' | 'folder'>();
        const hasRoom = table.every((each) => claimPath(taken, each.path));
        const verdict = decodePackageRecord(encodeCanonical({ ...base, files: table, bytes: 0 }));
        expect(verdict.ok ? undefined : verdict.reason).toBe(hasRoom ? undefined : 'path-clash');
      }),
      { numRuns: 1000 },
    );
  });

  test('never throws over bytes of others', () => {
    const { bytes } = encodePackageRecord(record);
    fc.assert(
      fc.property(
        fc.nat({ max: bytes.length - 1 }),
        fc.nat({ max: 255 }),
        fc.nat({ max: 40 }),
        (at, byte, cut) => {
          const altered = bytes.slice(0, bytes.length - cut);
          if (at < altered.length) altered[at] = byte;
          const verdict = decodePackageRecord(altered);
          if (verdict.ok) expect(encodePackageRecord(verdict.record).bytes).toEqual(altered);
        },
      ),
      { numRuns: 1500 },
    );
    expect(decodePackageRecord(new Uint8Array(0))).toMatchObject({ ok: false });
    expect(decodePackageRecord(new Uint8Array(5 * 2 ** 20))).toEqual({ ok: false, reason: 'too-large' });
  });

  test('is not made of a document and files that do not go together', () => {
    expect(() => recordOf(document(), { files: files.slice(0, 2), bytes: 12, root })).toThrowError(
      expect.objectContaining({ code: 'catalog/bad-argument' }),
    );
  });
});
