import { needsNode, PORTABLE } from './packages.ts';

/** What is read of how a test ended. */
interface Outcome {
  readonly project: string;
  readonly file: string;
  readonly fullTitle: string;
  readonly state: 'passed' | 'failed' | 'skipped';
  readonly reason?: string;
}

/** What became of the tests of portable packages in the browser. */
export interface PortableReport<T> {
  /** All tests but those that the browser left out: each of them ran in Node. */
  readonly tests: T[];
  /** One line for each package. */
  readonly lines: string[];
  /** A package of which nothing passed, or a reason to leave out that fits no test. */
  readonly problems: string[];
}

/** The vitest project whose tests run in the browser. */
export const BROWSER_PROJECT = 'browser';

/** Counts what ran in the browser, package by package; `names` are those that were asked for. */
export function reportPortable<T extends Outcome>(
  tests: readonly T[],
  names: readonly string[] = Object.keys(PORTABLE),
): PortableReport<T> {
  const isLeftOut = ({ project, state, file, fullTitle, reason }: T) =>
    project.startsWith(BROWSER_PROJECT) &&
    state === 'skipped' &&
    reason?.startsWith('needs Node: ') === true &&
    needsNode(file, fullTitle) !== undefined;
  const lines: string[] = [];
  const problems: string[] = [];
  for (const name of names) {
    const own = tests.filter(
      ({ project, file }) => project.startsWith(BROWSER_PROJECT) && file.startsWith(`packages/${name}/`),
    );
    const count = (state: Outcome['state']) =>
      own.filter((test) => test.state === state && !isLeftOut(test)).length;
    const passed = count('passed');
    const leftOut = own.filter(isLeftOut);
    lines.push(`${name}: ${passed} passed, ${count('failed')} failed, ${leftOut.length} need Node`);
    if (passed === 0) problems.push(`no test of ${name} passed in the browser`);
    for (const key of Object.keys(PORTABLE[name]?.needsNode ?? {}).filter((key) => key.includes(' > '))) {
      const isMet = leftOut.some((test) => needsNode(test.file, test.fullTitle, [key]) !== undefined);
      if (!isMet) problems.push(`${name}: no test is left out by '${key}'`);
    }
  }
  return { tests: tests.filter((test) => !isLeftOut(test)), lines, problems };
}
