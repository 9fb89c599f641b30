import { expect, it } from 'vitest';
import { isNewEnough } from '../src/run/node-version.ts';
import { count, judgeRun, lastLine, type TestOutcome } from '../src/run/outcome.ts';

const outcome = (state: TestOutcome['state'], reason?: string): TestOutcome => ({
  project: 'unit',
  file: 'packages/a/test/a.test.ts',
  title: 'holds',
  fullTitle: 'a > holds',
  state,
  ...(reason === undefined ? {} : { reason }),
});

it('counts a fault outside any test as a failure', () => {
  const tests = [outcome('passed'), outcome('failed'), outcome('skipped', 'no tool')];
  expect(count({ tests, faults: ['a file does not load'] })).toEqual({ passed: 1, failed: 2, skipped: 1 });
});

it('ends with the form that scripts read', () => {
  expect(lastLine({ passed: 3, failed: 0, skipped: 0 })).toBe('3 passed, 0 failed');
  expect(lastLine({ passed: 3, failed: 1, skipped: 2 })).toBe('3 passed, 1 failed, 2 skipped');
});

it('finds a run without tests and a skip without a reason wrong', () => {
  expect(judgeRun({ tests: [], faults: [] })).toEqual(['no test was found']);
  expect(judgeRun({ tests: [outcome('skipped')], faults: [] })).toEqual([
    expect.stringContaining('skipped without a reason'),
  ]);
  expect(judgeRun({ tests: [outcome('skipped', 'no tool'), outcome('passed')], faults: [] })).toEqual([]);
});

it.each([
  ['20.20.2', false],
  ['24.14.9', false],
  ['24.15.0', true],
  ['26.0.0', true],
])('takes Node %s for new enough: %s', (version, expected) => {
  expect(isNewEnough(version)).toBe(expected);
});
