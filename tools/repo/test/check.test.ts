import { expect, it } from 'vitest';
import { checkDocstrings } from '../src/check/docstrings.ts';
import { checkDomains } from '../src/check/domains.ts';
import { formatFinding } from '../src/check/finding.ts';
import { checkLayers } from '../src/check/layers.ts';
import { checkLinks } from '../src/check/links.ts';
import { checkManifests } from '../src/check/manifests.ts';
import { checkReadmes } from '../src/check/readme.ts';
import { checkSizes, measureSizes } from '../src/check/sizes.ts';
import { checkWords } from '../src/check/words.ts';
import type { Workspace } from '../src/check/workspace.ts';
import { manifestWith, plant } from './planted.ts';

type Check = (workspace: Workspace) => ReturnType<typeof checkSizes>;
const CHECKS: Check[] = [
  checkDocstrings,
  checkDomains,
  checkLayers,
  checkLinks,
  checkManifests,
  checkReadmes,
  checkSizes,
  checkWords,
];
const found = (check: Check, files: Record<string, string>) => check(plant(files)).map(formatFinding);

it('finds nothing wrong with a sound workspace', () => {
  const workspace = plant();
  expect(CHECKS.flatMap((check) => check(workspace))).toEqual([]);
});

it.each([
  ['a function', 'export function f() {}\n', ':1: the function f needs'],
  ['an arrow function', 'export const f = () => 1;\n', ':1: the function f needs'],
  ['a class', '/* no star */\nexport class C {}\n', ':2: the class C needs'],
  ['a port', 'export interface P {\n  now(): number;\n}\n', ':1: the port P needs'],
  ['a port of function fields', 'export interface P {\n  now: () => number;\n}\n', ':1: the port P needs'],
  ['a function exported by a list', 'function f() {}\nexport { f };\n', ':1: the function f needs'],
  [
    'what follows other code',
    '/** of a */\nconst a = 1;\nexport function f() {}\n',
    ':3: the function f needs',
  ],
])('catches %s without a docstring', (_, text, expected) => {
  expect(found(checkDocstrings, { 'packages/low/src/low.ts': text })).toEqual([
    expect.stringContaining(expected),
  ]);
});

it.each([
  ['data', 'export interface D {\n  a: number;\n}\nexport type T = 1;\nexport const c = 1;\n'],
  ['what is not exported', 'function f() {}\nf();\n'],
  [
    'an overload',
    '/** a */\nexport function f(a: 1): 1;\nexport function f(a: 2): 2;\nexport function f(a: any) {}\n',
  ],
  ['a line comment between', '/** a */\n// biome-ignore lint: because\nexport function f() {}\n'],
])('asks for no docstring of %s', (_, text) => {
  expect(found(checkDocstrings, { 'packages/low/src/low.ts': text })).toEqual([]);
});

it.each([
  [
    'written twice',
    'packages/low/src/more.ts',
    "export const a = 'hypermesh/low/name/v1';",
    'also written at',
  ],
  [
    'of another package',
    'packages/low/src/more.ts',
    "export const a = 'hypermesh/left/b/v1';",
    'should read',
  ],
  ['without a purpose', 'packages/low/src/more.ts', "export const a = 'hypermesh/low/v1';", 'should read'],
  [
    'written in a template',
    'packages/low/src/more.ts',
    'export const a = `hypermesh/low/name/v1`;',
    'also written',
  ],
])('catches a domain string %s', (_, file, text, expected) => {
  expect(found(checkDomains, { [file]: text })).toEqual([expect.stringContaining(expected)]);
});

it.each([
  ['a sibling', "import '@hypermesh/right';", 'may not import @hypermesh/right'],
  ["a sibling's type", "import type { R } from '@hypermesh/right';", 'may not import'],
  [
    "a sibling's sub-path, late",
    "await import('@hypermesh/right/deep');",
    'may not import @hypermesh/right/deep',
  ],
  ["a sibling's worker", "import.meta.resolve('@hypermesh/right/worker');", 'may not import'],
  ["a sibling's type in place", "export type R = import('@hypermesh/right').R;", 'may not import'],
  ["a sibling's exports again", "export * from '@hypermesh/right';", 'may not import'],
  ['a path into another package', "import '../../right/src/index.ts';", 'leaves the package'],
  ['a tool in shipped code', "import '@hypermesh/gauge';", 'only test/ and bench/'],
])('catches an import of %s', (_, text, expected) => {
  expect(found(checkLayers, { 'packages/left/src/more.ts': text })).toEqual([
    expect.stringContaining(expected),
  ]);
});

it('catches a lower layer that imports a higher one, and lets a bench use a tool', () => {
  expect(found(checkLayers, { 'packages/low/src/low.ts': "import '@hypermesh/left';" })).toHaveLength(1);
  expect(found(checkLayers, { 'packages/left/bench/a.bench.ts': "import '@hypermesh/gauge';" })).toEqual([]);
});

it.each([
  ['an install script', { scripts: { postinstall: 'x' } }, 'runs on install'],
  ['another licence', { license: 'MIT' }, 'Apache-2.0'],
  [
    'a sub-path that is lost when packed',
    { publishConfig: { access: 'public', exports: {} } },
    'should both have',
  ],
  ['engines that warn in the workspace', { engines: { node: '>=24' } }, 'belong into publishConfig'],
  ['a private access', { publishConfig: { exports: {} }, exports: {} }, 'access should be public'],
])('catches a manifest with %s', (_, fields, expected) => {
  const files = { 'packages/low/package.json': manifestWith('@hypermesh/low', fields) };
  expect(found(checkManifests, files).join('\n')).toContain(expected);
});

it('catches a package whose tests cannot run alone', () => {
  const expected = 'node ../../tools/repo/src/test.ts packages/low';
  expect(found(checkManifests, { 'packages/low/test/a.test.ts': '' }).join('\n')).toContain(expected);
});

it.each([
  ['another name', '# low\n\nA.\n\n```ts\n```\n', 'the first line should be'],
  ['no sentence', '# @hypermesh/low\n\n## Install\n\n```ts\n```\n', 'one sentence'],
  [
    'sections out of order',
    '# @hypermesh/low\n\nA.\n\n## Failures\n\n## Example\n\n```ts\n```\n',
    'comes after',
  ],
  ['a section twice', '# @hypermesh/low\n\nA.\n\n## Example\n\n## Example\n\n```ts\n```\n', 'comes after'],
  ['a section of its own', '# @hypermesh/low\n\nA.\n\n## Story\n\n```ts\n```\n', '"Story" is not a section'],
  ['no example', '# @hypermesh/low\n\nA.\n', 'no ```ts example'],
])('catches a README with %s', (_, text, expected) => {
  expect(found(checkReadmes, { 'packages/low/README.md': text })).toEqual([
    expect.stringContaining(expected),
  ]);
});

it('takes a heading inside a code block for code', () => {
  const text = '# @hypermesh/low\n\nA.\n\n```ts\n## Story\n```\n';
  expect(found(checkReadmes, { 'packages/low/README.md': text })).toEqual([]);
});

it('catches a file of 401 lines, unless it asks to be a kernel', () => {
  const long = '\n'.repeat(401);
  expect(found(checkSizes, { 'packages/low/test/a.test.ts': long })).toEqual([
    expect.stringContaining('401 lines are more than 400'),
  ]);
  const kernel = `// kernel: one round function, unrolled${long}`;
  expect(found(checkSizes, { 'packages/low/src/low.ts': kernel })).toEqual([]);
  expect(measureSizes(plant({ 'packages/low/src/low.ts': long }))).toMatchObject({
    median: 1,
    p90: 401,
    longest: { file: 'packages/low/src/low.ts', lines: 401 },
  });
});

it.each([
  ['a path of one machine', `see /${'work'}/shared`],
  ['a path of one person', `cd /${'home'}/ada/mesh`],
  ['another registry', `http://${'registry'}.corp.example:4873/x.tgz`],
  ['a number that readers cannot look up', `closes ${'issue'} #12`],
])('catches %s in any file', (what, text) => {
  expect(found(checkWords, { 'docs/a.md': `first\n${text}\n` })).toEqual([
    expect.stringMatching(new RegExp(`^docs/a.md:2: .* is ${what}$`)),
  ]);
});

it('catches links that lead nowhere, and takes those that lead somewhere', () => {
  const page = (text: string) =>
    found(checkLinks, { 'docs/a.md': text, 'docs/b.md': '# A heading: `code`\n\n## Twice\n\n## Twice\n' });
  expect(page('[x](missing.md)')).toEqual(['docs/a.md:1: missing.md leads to nothing']);
  expect(page('\n[x](b.md#nothing)')).toEqual(['docs/a.md:2: b.md#nothing: docs/b.md has no such heading']);
  expect(page('[x](../../etc/passwd)')).toEqual(['docs/a.md:1: ../../etc/passwd leaves the repository']);
  expect(page('[x](http://example.com)')).toEqual([
    'docs/a.md:1: http://example.com is neither a path nor https',
  ]);
  expect(page('![shot][1]\n\n[1]: none.png')).toEqual(['docs/a.md:3: none.png leads to nothing']);
  expect(
    page('[a](b.md#a-heading-code) [b](b.md#twice-1) [c](../docs) `[d](none)` [e](https://a.example)'),
  ).toEqual([]);
});
