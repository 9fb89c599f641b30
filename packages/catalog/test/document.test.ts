import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { packageFromNpm, parsePackage, requirementsOf } from '../src/index.ts';

const MIB = 2 ** 20;

function seed(name: string): string {
  return readFileSync(new URL(`./fixtures/${name}.yaml`, import.meta.url), 'utf8');
}

function parsed(text: string) {
  const found = parsePackage(text);
  if (!found.ok) throw new Error(JSON.stringify(found.errors, undefined, 1));
  return found;
}

function refused(text: string, options = {}) {
  const found = parsePackage(text, options);
  if (found.ok) throw new Error('the document was taken');
  return found.errors;
}

/** A document that is right, with lines put in place of one of its own. */
function altered(line: string, instead: string): string {
  const text = [
    'apiVersion: "catalog.v1"',
    'kind: "AssetPackage"',
    'metadata:',
    '  name: "some-package"',
    '  version: "1.0.0"',
    '  tags: ["one"]',
    'spec:',
    '  description: "What it does"',
    '  type: vm.wasm',
    '  content:',
    '    entrypoint: main.wasm',
    '  resources:',
    '    memory_mb: 64',
    '  execution:',
    '    memory_mb: 64',
    '  dependencies:',
    '    - name: "other"',
    '      version: "^1.0.0"',
    '',
  ];
  const at = text.indexOf(line);
  if (at === -1) throw new Error(`no line ${line}`);
  text.splice(at, 1, instead);
  return text.join('\n');
}

describe('the documents of the first design', () => {
  test('parse unchanged and map to allocations: a computation [catalog-02]', () => {
    const { package: found, warnings } = parsed(seed('mathematical-computation'));
    expect(warnings).toEqual([]);
    expect(found.metadata).toMatchObject({
      name: 'mathematical-computation',
      version: '1.0.0',
      tags: ['computation', 'math', 'hypermesh'],
    });
    expect(found.spec.type).toBe('dataset.scientific');
    expect(requirementsOf(found)).toEqual({
      cpu: { millicores: 4000, architecture: 'x86_64' },
      memory: { bytes: 2048 * MIB },
      storage: { bytes: 1024 * MIB, persistent: false },
      network: { bitsPerSecond: 100_000_000 },
      nodes: { min: 1, max: 1 },
    });
  });

  test('parse unchanged and map to allocations: one with a GPU [catalog-02]', () => {
    const { package: found, warnings } = parsed(seed('gpu-computation'));
    expect(warnings).toEqual([]);
    expect(requirementsOf(found)).toEqual({
      cpu: { millicores: 2000 },
      memory: { bytes: 4096 * MIB },
      storage: { bytes: 0, persistent: false },
      gpu: { memoryBytes: 8192 * MIB, type: 'CUDA' },
      nodes: { min: 1, max: 1 },
    });
  });

  test('parse unchanged and map to allocations: a distributed one with dependencies [catalog-02]', () => {
    const { package: found, warnings } = parsed(seed('distributed-processing'));
    expect(warnings).toEqual([]);
    expect(requirementsOf(found)).toMatchObject({
      cpu: { millicores: 16_000 },
      memory: { bytes: 32_768 * MIB },
      nodes: { min: 3, max: 10 },
    });
    expect(found.spec.dependencies).toEqual([
      { name: 'base-runtime', range: '>=1.0.0', kind: 'runtime', optional: false },
      { name: 'networking-lib', range: '^2.1.0', kind: 'runtime', optional: false },
    ]);
  });
});

describe('a document with a fault', () => {
  test.each([
    ['kind: "AssetPackage"', 'kind: "Package"', 'wrong-value', 2, 7, '$.kind'],
    ['apiVersion: "catalog.v1"', 'apiVersion: "catalog.v9"', 'wrong-value', 1, 13, '$.apiVersion'],
    ['  name: "some-package"', '  name: "Some Package"', 'bad-name', 4, 9, '$.metadata.name'],
    ['  name: "some-package"', '  nam: "some-package"', 'missing', 4, 3, '$.metadata.name'],
    ['  name: "some-package"', '  name: "../up"', 'bad-name', 4, 9, '$.metadata.name'],
    ['  version: "1.0.0"', '  version: 1.0', 'wrong-kind', 5, 12, '$.metadata.version'],
    ['  version: "1.0.0"', '  version: "1.0"', 'bad-version', 5, 12, '$.metadata.version'],
    ['  version: "1.0.0"', '  version: v1.0.0', 'bad-version', 5, 12, '$.metadata.version'],
    ['  tags: ["one"]', '  tags: one', 'wrong-kind', 6, 9, '$.metadata.tags'],
    ['  tags: ["one"]', '  tags: ["one", 2]', 'wrong-kind', 6, 17, '$.metadata.tags[1]'],
    ['  type: vm.wasm', '  type: vm.java', 'wrong-value', 9, 9, '$.spec.type'],
    [
      '    entrypoint: main.wasm',
      '    entrypoint: ../main.wasm',
      'bad-path',
      11,
      17,
      '$.spec.content.entrypoint',
    ],
    [
      '    entrypoint: main.wasm',
      '    entrypoint: /main.wasm',
      'bad-path',
      11,
      17,
      '$.spec.content.entrypoint',
    ],
    ['    entrypoint: main.wasm', '    root: ../..', 'bad-path', 11, 11, '$.spec.content.root'],
    ['    memory_mb: 64', '    memory_mb: "64"', 'wrong-kind', 13, 16, '$.spec.resources.memory_mb'],
    ['    memory_mb: 64', '    memory_mb: -1', 'out-of-range', 13, 16, '$.spec.resources.memory_mb'],
    ['    memory_mb: 64', '    memory_mb: .inf', 'wrong-kind', 13, 16, '$.spec.resources.memory_mb'],
    ['    memory_mb: 64', '    memory_mb: 1e300', 'out-of-range', 13, 16, '$.spec.resources.memory_mb'],
    ['    memory_mb: 64', '    cpu_cores: 0.0001', 'out-of-range', 13, 16, '$.spec.resources.cpu_cores'],
    ['    memory_mb: 64', '    <<: *anchor', 'alias', 13, 9, '$.spec.resources["<<"]'],
    ['    memory_mb: 64', '    memory_mb: !!js/function "x"', 'tag', 13, 16, '$'],
    [
      '    memory_mb: 64',
      '    memory_mb: 64\n    memory_mb: 65',
      'duplicate-key',
      14,
      5,
      '$.spec.resources.memory_mb',
    ],
    ['    memory_mb: 64', '    memory_mb: 64: 65', 'not-yaml', 13, 16, '$'],
    [
      '      version: "^1.0.0"',
      '      version: "latest"',
      'bad-range',
      18,
      16,
      '$.spec.dependencies[0].version',
    ],
    [
      '      version: "^1.0.0"',
      '      version: "^1"\n    - name: other\n      version: "^2"',
      'duplicate-key',
      19,
      7,
      '$.spec.dependencies[1]',
    ],
    ['      version: "^1.0.0"', '      kind: runtime', 'missing', 17, 7, '$.spec.dependencies[0].version'],
  ])('is told where: %j → %j [catalog-02]', (line, instead, code, row, column, path) => {
    const errors = refused(altered(line, instead));
    expect(errors).toContainEqual({ code, line: row, column, path, message: expect.stringMatching(/\S{3}/) });
  });

  test('gets every fault at once, in the order of the text', () => {
    const errors = refused(
      'apiVersion: 1\nkind: AssetPackage\nmetadata:\n  name: A\n  version: x\nspec: []\n',
    );
    expect(errors.map(({ line, path }) => [line, path])).toEqual([
      [1, '$.apiVersion'],
      [4, '$.metadata.name'],
      [5, '$.metadata.version'],
      [6, '$.spec'],
    ]);
  });

  test('is warned of keys that mean nothing, and refused for them when strict', () => {
    const text = altered('  type: vm.wasm', '  type: vm.wasm\n  licence: MIT');
    expect(parsed(text).warnings).toMatchObject([
      { code: 'unknown-key', line: 10, column: 3, path: '$.spec.licence' },
    ]);
    expect(refused(text, { strict: true })).toMatchObject([{ code: 'unknown-key', line: 10 }]);
  });

  test('is warned where amounts differ, and the larger one counts', () => {
    const text = altered(
      '  execution:',
      '  security:\n    resource_isolation: false\n  execution:\n    storage_mb: 5',
    ).replace('    memory_mb: 64\n  security', '    memory_mb: 32\n    storage_mb: 9\n  security');
    const { package: found, warnings } = parsed(text);
    expect(warnings.map(({ code }) => code).sort()).toEqual(['differs', 'differs', 'unsafe']);
    expect(requirementsOf(found)).toMatchObject({ memory: { bytes: 64 * MIB }, storage: { bytes: 9 * MIB } });
  });

  test.each([
    ['empty text', ''],
    ['a number', '7'],
    ['two documents', `${seed('distributed-processing')}\n---\nb: 2\n`],
    ['nothing at all', undefined as never],
    ['a number that is no text', 7 as never],
    ['half a million bad escapes', `a: "${'\\x'.repeat(500_000)}"`],
    ['a quarter of a million quotes', '"a" '.repeat(250_000)],
    ['flow nested a hundred thousand deep', '['.repeat(100_000)],
    ['maps nested deep', '{a: '.repeat(20_000)],
    ['sequences nested deep', '- '.repeat(50_000)],
    ['more than a mebibyte', `# ${'x'.repeat(2 ** 20)}`],
    ['an alias of itself', 'a: &a [*a]'],
    [
      'aliases that double',
      `a0: &a0 [x,x]\n${Array.from({ length: 31 }, (_, n) => `a${n + 1}: &a${n + 1} [*a${n},*a${n}]`).join('\n')}`,
    ],
    ['a hundred thousand keys', Array.from({ length: 60_000 }, (_, n) => `k${n}: 1`).join('\n')],
    ['a hundred thousand equal keys', 'k: 1\n'.repeat(60_000)],
    ['keys that are no text', '{[1,2]: 3, ? {a: b} : c}'],
    ['an unfinished quote', 'a: "'],
    ['control characters', 'a: \u0000\u0001'],
  ])('is refused and not run on, be it %s', (_, text) => {
    const errors = refused(text);
    expect(errors.length).toBeGreaterThan(0);
    expect(errors.length).toBeLessThanOrEqual(100);
    for (const { line, column } of errors) {
      expect(line).toBeGreaterThan(0);
      expect(column).toBeGreaterThan(0);
    }
  });

  test.each([
    ['flow', '{'.repeat(20_000)],
    ['lists', '- '.repeat(20_000)],
    ['keys', '? '.repeat(20_000)],
    ['maps', Array.from({ length: 600 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
  ])('%s nested too deep are found before anything recurses', (_, text) => {
    expect(refused(text)).toMatchObject([{ code: 'too-deep', path: '$' }]);
  });

  test('with keys that never end is told of in short paths', () => {
    const inner = Array.from({ length: 60 }, () => 'a: 1').join(', ');
    const errors = refused(`{? ${'k'.repeat(500_000)} : {${inner}}}`);
    expect(errors.length).toBeGreaterThan(1);
    expect(JSON.stringify(errors).length).toBeLessThan(20_000);
  });

  test('never throws, whatever is changed in a good one', () => {
    const good = seed('distributed-processing');
    const bit = fc.constantFrom(
      '"',
      ':',
      '-',
      '[',
      '{',
      '&a ',
      '*a',
      '!!x',
      '\n',
      '  ',
      '\t',
      '|',
      '>',
      '%',
      '0',
      'é',
      '\ud800',
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: good.length }), bit), { minLength: 1, maxLength: 4 }),
        (changes) => {
          let text = good;
          for (const [at, put] of changes) text = text.slice(0, at) + put + text.slice(at + 1);
          const found = parsePackage(text);
          if (!found.ok) expect(found.errors.length).toBeGreaterThan(0);
        },
      ),
      { numRuns: 800 },
    );
  });
});

describe('a package.json', () => {
  const files = new Set(['index.js', 'lib/main.js', 'lib/module.mjs', 'package.json']);

  test('becomes the document of a library', () => {
    const found = packageFromNpm(
      {
        name: '@scope/thing',
        version: '1.2.3',
        description: 'A thing',
        keywords: ['a', 7],
        license: 'MIT',
        author: { name: 'Someone' },
        exports: { '.': { types: './x.d.ts', import: './lib/module.mjs', require: './lib/main.js' } },
        dependencies: { a: '^1.0.0', b: 'git+ssh://x', c: '^2' },
        optionalDependencies: { c: '^2' },
        scripts: { postinstall: 'never run' },
      },
      files,
    );
    if (!found.ok) throw new Error(found.reason);
    expect(found.package.spec).toMatchObject({
      type: 'library.javascript',
      content: { entrypoint: 'lib/module.mjs' },
      dependencies: [
        { name: 'a', range: '^1.0.0', optional: false },
        { name: 'c', range: '^2', optional: true },
      ],
    });
    expect(found.package.metadata).toMatchObject({ tags: ['a'], license: 'MIT', authors: ['Someone'] });
    expect(found.warnings).toEqual(['dependencies: b is no name with a range of versions, and is left out']);
  });

  test.each([
    [{ main: 'lib/main' }, 'lib/main.js'],
    [{ main: './lib/main.js' }, 'lib/main.js'],
    [{ module: 'lib/module.mjs', main: 'lib/main.js' }, 'lib/module.mjs'],
    [{ exports: './index.js' }, 'index.js'],
    [{ exports: { import: './lib/module.mjs' } }, 'lib/module.mjs'],
    [{ exports: { '.': [{ browser: './b.js' }, './lib/main.js'] } }, 'lib/main.js'],
    [{ main: '../../etc/passwd' }, 'index.js'],
    [{}, 'index.js'],
  ])('names the file that an import would load: %j → %s', (fields, entrypoint) => {
    const found = packageFromNpm({ name: 'x', version: '1.0.0', ...fields }, files);
    expect(found.ok && found.package.spec.content?.entrypoint).toBe(entrypoint);
  });

  test.each([
    ['text', 'not-an-object'],
    [[], 'not-an-object'],
    [{}, 'bad-name'],
    [{ name: 'UPPER', version: '1.0.0' }, 'bad-name'],
    [{ name: '../x', version: '1.0.0' }, 'bad-name'],
    [{ name: 'x', version: '1' }, 'bad-version'],
  ])('is refused where it names no package: %j', (value, reason) => {
    expect(packageFromNpm(value, files)).toEqual({ ok: false, reason });
  });
});
