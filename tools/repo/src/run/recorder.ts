import { relative } from 'node:path';
import type { Reporter, TestCase, TestModule } from 'vitest/node';
import type { RunOutcome, TestOutcome } from './outcome.ts';

/** A vitest reporter that keeps how each test ended and prints nothing. */
export class Recorder implements Reporter {
  readonly outcome: RunOutcome = { tests: [], faults: [] };
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly { message: string }[]): void {
    const { tests, faults } = this.outcome;
    for (const module of modules) {
      const file = relative(this.#root, module.moduleId);
      tests.push(...Array.from(module.children.allTests(), (test) => toOutcome(test, file)));
      for (const error of module.errors()) faults.push(`${file}: ${error.message}`);
      for (const suite of module.children.allSuites()) {
        for (const error of suite.errors()) faults.push(`${file} > ${suite.fullName}: ${error.message}`);
      }
    }
    for (const error of unhandled) faults.push(`outside any test: ${error.message}`);
    tests.sort((a, b) => compare(a.file, b.file) || compare(a.project, b.project));
  }
}

function toOutcome(test: TestCase, file: string): TestOutcome {
  const result = test.result();
  const reason = result.state === 'skipped' ? result.note : undefined;
  return {
    project: test.project.name,
    file,
    title: test.name,
    fullTitle: test.fullName,
    state: result.state === 'pending' ? 'failed' : result.state,
    ...(reason === undefined ? {} : { reason }),
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
