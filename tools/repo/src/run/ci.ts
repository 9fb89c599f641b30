import type { Counts, RunOutcome } from './outcome.ts';

/** What `test` leaves in `.reports/test.json`. */
export type Report = Counts & RunOutcome;

/** What one run in continuous integration came to. `check` counts as one test. */
export interface CiVerdict {
  counts: Counts;
  problems: string[];
}

/** Adds to the tests what only a prepared machine can demand: that no test is skipped for a tool that is there. */
export function judgeCi(run: {
  report: Report | undefined;
  testCode: number | undefined;
  checkCode: number | undefined;
  /** Words by which a skip names what this machine has: commands, or `vectors`. */
  installed: readonly string[];
}): CiVerdict {
  const { report, testCode, checkCode, installed } = run;
  const problems: string[] = [];
  if (report === undefined) problems.push(`test ended with ${testCode} before it could report`);
  else if (testCode !== 0 && report.failed === 0) problems.push(`test ended with ${testCode}`);
  if (checkCode !== 0) problems.push(`check ended with ${checkCode}`);
  for (const { state, file, fullTitle, reason = '' } of report?.tests ?? []) {
    const tool = installed.find((word) => new RegExp(`(?<![\\w-])${word}(?![\\w-])`, 'i').test(reason));
    if (state === 'skipped' && tool !== undefined) {
      problems.push(`${file} > ${fullTitle}: skipped, though ${tool} is here: ${reason}`);
    }
  }
  const { passed = 0, failed = 0, skipped = 0 } = report ?? {};
  return {
    counts: { passed: passed + (checkCode === 0 ? 1 : 0), failed: failed + problems.length, skipped },
    problems,
  };
}
