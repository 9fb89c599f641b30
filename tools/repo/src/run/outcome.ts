/** How one test ended. */
export interface TestOutcome {
  project: string;
  /** From the root of the repository. */
  file: string;
  /** The test's own title. */
  title: string;
  /** The titles of the suites around it and its own, joined. */
  fullTitle: string;
  state: 'passed' | 'failed' | 'skipped';
  /** Why it was skipped, where it said so. */
  reason?: string;
}

/** How a whole run ended. `faults` are failures outside any test: a file that does not load, a rejection nobody took. */
export interface RunOutcome {
  tests: TestOutcome[];
  faults: string[];
}

/** Counts for the last line. */
export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** Counts tests by state; every fault is a failure. */
export function count({ tests, faults }: RunOutcome): Counts {
  const of = (state: TestOutcome['state']) => tests.filter((test) => test.state === state).length;
  return { passed: of('passed'), failed: of('failed') + faults.length, skipped: of('skipped') };
}

/** The line that every run ends with, the form that scripts read. */
export function lastLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`;
}

/** What is wrong with the run apart from failed tests: nothing ran, or a skip in a sound file gives no reason. */
export function judgeRun({ tests, faults }: RunOutcome): string[] {
  if (tests.length === 0 && faults.length === 0) return ['no test was found'];
  return tests
    .filter(({ state, reason }) => state === 'skipped' && reason === undefined)
    .filter(({ file }) => !faults.some((fault) => fault.startsWith(file)))
    .map((test) => `skipped without a reason (say ctx.skip('why')): ${test.file} > ${test.fullTitle}`);
}
