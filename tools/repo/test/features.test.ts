import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { idsInTitle, readCatalogue } from '../src/features/catalogue.ts';
import { judgeFeatures, reportFeatures } from '../src/features/report.ts';
import { ROOT } from '../src/root.ts';
import type { TestOutcome } from '../src/run/outcome.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hypermesh-features-'));
  mkdirSync(join(root, 'docs'));
});
afterEach(() => rmSync(root, { recursive: true }));

const list = (text: string) => writeFileSync(join(root, 'docs/features.yaml'), text);
const test = (title: string, state: TestOutcome['state'], reason?: string): TestOutcome => ({
  project: 'unit',
  file: 'packages/a/test/a.test.ts',
  title,
  fullTitle: title,
  state,
  ...(reason === undefined ? {} : { reason }),
});
const CLAIM = 'stoq-01:\n  feature: a\n  shows: b\n  claimed: true\n';

it('reads the ids at the end of a title', () => {
  expect(idsInTitle('holds [consensus-x01]')).toEqual(['consensus-x01']);
  expect(idsInTitle('holds [stoq-01, metered-wasm-x03] [repo-02]')).toEqual([
    'stoq-01',
    'metered-wasm-x03',
    'repo-02',
  ]);
  expect(idsInTitle('takes [] and [sha2-256] and [a, b]')).toEqual([]);
});

it('fails on a claim that no test shows', () => {
  list(CLAIM);
  expect(reportFeatures(root, [], true)).toEqual([expect.stringContaining('stoq-01 is claimed')]);
});

it('fails on a claim whose test failed, though another passed', () => {
  list(CLAIM);
  const tests = [test('a [stoq-01]', 'passed'), test('b [stoq-01]', 'failed')];
  expect(reportFeatures(root, tests, true)).toEqual([expect.stringContaining('a test that shows it failed')]);
});

it('fails on a claim whose test was skipped without a reason', () => {
  list(CLAIM);
  expect(reportFeatures(root, [test('a [stoq-01]', 'skipped')], true)).toHaveLength(1);
});

it('takes a claim whose tests were skipped with a reason as skipped and prints the reason', () => {
  list(CLAIM);
  expect(reportFeatures(root, [test('a [stoq-01]', 'skipped', 'no QUIC here')], true)).toEqual([]);
  expect(readFileSync(join(root, 'docs/features.md'), 'utf8')).toContain('| skipped: no QUIC here |');
});

it('fails on an id that the list does not know, in part of a run too', () => {
  list(CLAIM);
  expect(reportFeatures(root, [test('a [stoq-99]', 'passed')], false)).toEqual([
    expect.stringContaining('does not know [stoq-99]'),
  ]);
});

it('writes the same report for the same results in any order', () => {
  list(`${CLAIM}stoq-02:\n  feature: c\n  shows: d | e\n`);
  const tests = [
    test('a [stoq-01]', 'passed'),
    test('b [stoq-02]', 'skipped', 'y'),
    test('c [stoq-02]', 'skipped', 'x'),
  ];
  reportFeatures(root, tests, true);
  const first = readFileSync(join(root, 'docs/features.md'), 'utf8');
  reportFeatures(root, tests.toReversed(), true);
  expect(readFileSync(join(root, 'docs/features.md'), 'utf8')).toBe(first);
  expect(first).toContain('1 of 2 features are shown');
  expect(first).toContain('| stoq-02 | c: d \\| e | skipped: x; y |');
});

it.each([
  ['an id that is not one', 'Stoq_1:\n  feature: a\n  shows: b\n'],
  ['a row without its sentence', 'stoq-01:\n  feature: a\n'],
  ['an id that comes twice', CLAIM + CLAIM],
])('refuses a list with %s', (_, text) => {
  list(text);
  expect(() => readCatalogue(join(root, 'docs/features.yaml'))).toThrow();
});

it('keeps the whole list of features with their sentences', () => {
  const features = readCatalogue(join(ROOT, 'docs/features.yaml'));
  expect(features).toHaveLength(150);
  expect(judgeFeatures(features, []).every(({ state }) => state === 'absent')).toBe(true);
});
