import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CanonicalValue, type ContentRoot, cidOf, encodeCanonical } from '@hypermesh/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodePackageDocument,
  documentFault,
  encodePackageDocument,
  type PackageDocument,
} from '../src/package/document.ts';
import { readManifest } from '../src/package/manifest.ts';
import { failureOf, temporaryDirectory } from './support.ts';

const root = cidOf(Uint8Array.of(1), 'dag-cbor', 'blake3-256') as ContentRoot;
const wasm = { path: 'program.wasm', size: 10n, root };
const document: PackageDocument = {
  v: 1,
  name: 'anagrams',
  version: '1.0.0',
  program: { module: 'program.wasm', operation: 'run', input: 'data/words.json' },
  files: [wasm, { path: 'data/words.json', size: 2n ** 40n, root }],
};
const reasonOf = (value: unknown) => {
  const verdict = decodePackageDocument(encodeCanonical(value as CanonicalValue));
  return verdict.ok ? 'accepted' : verdict.reason;
};

describe('a package document', () => {
  it('comes back as it was signed', () => {
    expect(decodePackageDocument(encodePackageDocument(document))).toEqual({ ok: true, document });
    expect(documentFault(document)).toBeUndefined();
  });

  it.each<[string, unknown, string]>([
    ['no record', [], 'wrong-kind at $'],
    ['another version of the format', { ...document, v: 2 }, 'wrong-literal at $.v'],
    ['a field too many', { ...document, scripts: {} }, 'unknown-key at $.scripts'],
    ['a size below 0', { ...document, files: [{ ...wasm, size: -1 }] }, 'out-of-range at $.files[0].size'],
    [
      'a root of another hash',
      { ...document, files: [{ ...wasm, root: cidOf(Uint8Array.of(1), 'raw') }] },
      'cid at $.files[0].root',
    ],
    [
      'too many files',
      { ...document, files: Array.from({ length: 1025 }, () => wasm) },
      'wrong-length at $.files',
    ],
    ['no name', { ...document, name: '' }, 'name must be'],
    ['a name of capitals', { ...document, name: 'Anagrams' }, 'name must be'],
    ['a name that is a path', { ...document, name: '../x' }, 'name must be'],
    ['a name with @', { ...document, name: 'a@b' }, 'name must be'],
    ['a version that is none', { ...document, version: '1' }, 'version must be'],
    ['a version with a v', { ...document, version: 'v1.0.0' }, 'version must be'],
    ['a version with a build', { ...document, version: '1.0.0+1' }, 'version must be'],
    ['no files', { ...document, files: [] }, 'program.module names program.wasm'],
    ['an input that is not there', { ...document, files: [wasm] }, 'program.input names data/words.json'],
    ['a path twice', { ...document, files: [...document.files, wasm] }, 'two paths differ by case at most'],
    [
      'paths that differ by case',
      { ...document, files: [...document.files, { ...wasm, path: 'PROGRAM.wasm' }] },
      'two paths differ',
    ],
    ...[
      '/etc/passwd',
      '../up',
      'a/../b',
      'a/..',
      './a',
      '.',
      '..',
      '',
      'a\\b',
      'a b',
      'ä',
      'a\u0000',
      'C:x',
    ].map(
      (path) =>
        [
          `the path ${JSON.stringify(path)}`,
          { ...document, files: [...document.files, { ...wasm, path }] },
          'path ',
        ] satisfies [string, unknown, string],
    ),
  ])('with %s is refused with the reason', (_, value, reason) => {
    expect(reasonOf(value).startsWith(reason), reasonOf(value)).toBe(true);
  });

  it('is refused when cut, extended or larger than a mebibyte', () => {
    const bytes = encodePackageDocument(document);
    const reason = (part: Uint8Array) => {
      const verdict = decodePackageDocument(part);
      return verdict.ok ? 'accepted' : verdict.reason.split(' ')[0];
    };
    expect(reason(bytes.subarray(0, -1))).toBe('truncated');
    expect(reason(Buffer.concat([bytes, bytes]))).toBe('trailing-bytes');
    expect(reason(new Uint8Array(1024 * 1024 + 1))).toBe('too-large');
  });

  it('decoding never throws', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        (bytes) => typeof decodePackageDocument(bytes).ok === 'boolean',
      ),
    );
  });

  it('of a shape that could not be signed is named before it is', () => {
    const long = { ...document, program: { ...document.program, operation: 'x'.repeat(65) } };
    expect(documentFault(long)).toBe('program.operation: wrong-length');
  });
});

const manifest = {
  name: 'anagrams',
  version: '1.0.0',
  program: { module: 'a.wasm', operation: 'count', input: 'b' },
  files: ['a.wasm', 'b'],
};

function folderWith(directory: { readonly path: string }, text: string): string {
  mkdirSync(directory.path, { recursive: true });
  writeFileSync(join(directory.path, 'hypermesh.json'), text);
  return directory.path;
}

describe('a manifest', () => {
  it('gives what its author wrote; the operation is run where none is named', () => {
    using directory = temporaryDirectory();
    expect(readManifest(folderWith(directory, JSON.stringify(manifest)))).toEqual(manifest);
    const short = { ...manifest, program: { module: 'a.wasm' } };
    expect(readManifest(folderWith(directory, JSON.stringify(short))).program).toEqual({
      module: 'a.wasm',
      operation: 'run',
    });
  });

  it.each([
    ['no JSON', '{', 'JSON'],
    ['a list', [], 'the manifest must be an object'],
    ['null', null, 'the manifest must be an object'],
    ['an unknown field', { ...manifest, scripts: {} }, 'the manifest has no field "scripts"'],
    ['a program that is a text', { ...manifest, program: 'a.wasm' }, 'program must be an object'],
    [
      'an unknown field of the program',
      { ...manifest, program: { module: 'a', env: {} } },
      'program has no field "env"',
    ],
    ['no module', { ...manifest, program: {} }, 'program.module must be a text'],
    [
      'an operation that is a number',
      { ...manifest, program: { module: 'a', operation: 1 } },
      'program.operation must be a text',
    ],
    [
      'an input that is a number',
      { ...manifest, program: { module: 'a', input: 1 } },
      'program.input must be a path',
    ],
    ['no name', { ...manifest, name: undefined }, 'name must be a text'],
    ['an empty version', { ...manifest, version: '' }, 'version must be a text'],
    ['no files', { ...manifest, files: [] }, 'files must be a list of paths'],
    ['files that are no texts', { ...manifest, files: ['a', 1] }, 'files must be a list of paths'],
    ['a file outside', { ...manifest, files: ['../a'] }, '"../a" must be a relative path'],
    ['an absolute file', { ...manifest, files: ['/a'] }, '"/a" must be a relative path'],
    ['more than it may hold', `"${'a'.repeat(256 * 1024)}"`, 'larger than 262144 bytes'],
  ])('with %s is refused, naming file and field', async (_, value, reason) => {
    using directory = temporaryDirectory();
    const folder = folderWith(directory, typeof value === 'string' ? value : JSON.stringify(value));
    const failure = await failureOf(() => readManifest(folder));
    expect(failure.code).toBe('node/bad-package');
    expect(failure.message).toContain(reason);
    expect(failure.message).toContain(join(folder, 'hypermesh.json'));
  });

  it('that is not there, or a folder, is said to be unreadable', async () => {
    using directory = temporaryDirectory();
    expect((await failureOf(() => readManifest(directory.path))).message).toContain('ENOENT');
    mkdirSync(join(directory.path, 'hypermesh.json'), { recursive: true });
    expect((await failureOf(() => readManifest(directory.path))).message).toContain('EISDIR');
  });
});
