import { expect, it } from 'vitest';
import { judgeCi, type Report } from '../src/run/ci.ts';

const skipped = (reason: string): Report => ({
  passed: 4,
  failed: 0,
  skipped: 1,
  faults: [],
  tests: [{ project: 'interop', file: 'a.interop.ts', title: 'a', fullTitle: 'a', state: 'skipped', reason }],
});
const judge = (report: Report | undefined, testCode = 0, checkCode = 0) =>
  judgeCi({ report, testCode, checkCode, installed: ['openssl', 'vectors'] });

it('counts the check as a test', () => {
  expect(judge(skipped('dig is not on PATH')).counts).toEqual({ passed: 5, failed: 0, skipped: 1 });
  expect(judge(skipped('dig is not on PATH'), 0, 2).counts).toEqual({ passed: 4, failed: 1, skipped: 1 });
});

it.each(['openssl is not on PATH', 'no ../shared/vectors here', 'OpenSSL: older than 3'])(
  'fails on the skip "%s" where the tool is there',
  (reason) => {
    expect(judge(skipped(reason)).counts.failed).toBe(1);
  },
);

it('does not take a tool for another whose name begins alike', () => {
  expect(judge(skipped('openssl-fips is not here')).counts.failed).toBe(0);
});

it('fails when the tests ended before they could report, or with a code that no test explains', () => {
  expect(judge(undefined, 137).problems).toEqual(['test ended with 137 before it could report']);
  expect(judge(skipped('dig'), 1).problems).toEqual(['test ended with 1']);
});
