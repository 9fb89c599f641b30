import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findChromium } from '@hypermesh/browser';
import { BROWSER_PROJECT, PORTABLE, reportPortable } from '@hypermesh/browser/portable';
import { reportFeatures } from '../features/report.ts';
import { ROOT } from '../root.ts';
import { count, judgeRun, lastLine, type RunOutcome } from './outcome.ts';
import { Recorder } from './recorder.ts';

/** The vitest projects that `test` runs; portable packages in a browser too, where there is one. */
export const PROJECTS: readonly string[] = [
  'unit',
  'conformance',
  'interop',
  'sim',
  ...(findChromium() === undefined ? [] : [BROWSER_PROJECT]),
];

export interface TestRun {
  projects: readonly string[];
  /** Folders from the root; none means all. */
  packages: readonly string[];
  /** A whole run writes docs/features.md and judges the claims. */
  isWhole: boolean;
}

/**
 * Runs tests in this repository with live output, writes `.reports/test.json`, prints each skip with its reason and
 * ends with the line `N passed, N failed`. Resolves to the exit code.
 */
export async function runTests({ projects, packages, isWhole }: TestRun): Promise<number> {
  process.chdir(ROOT);
  if (isWhole || process.env['HYPERMESH_SIM'] === 'long') build();
  const ran = await runVitest(projects, packages);
  const names = Object.keys(PORTABLE).filter(
    (name) =>
      projects.includes(BROWSER_PROJECT) && (packages.length === 0 || packages.includes(`packages/${name}`)),
  );
  const portable = reportPortable(ran.tests, names);
  for (const line of portable.lines) console.log(`in Chromium: ${line}`);
  const outcome: RunOutcome = { ...ran, tests: portable.tests };
  const problems = [
    ...portable.problems,
    ...judgeRun(outcome),
    ...reportFeatures(ROOT, outcome.tests, isWhole),
  ];
  const all: RunOutcome = { ...outcome, faults: [...outcome.faults, ...problems] };
  mkdirSync(join(ROOT, '.reports'), { recursive: true });
  writeFileSync(join(ROOT, '.reports/test.json'), `${JSON.stringify({ ...count(all), ...all }, null, 2)}\n`);
  for (const test of all.tests.filter(({ state }) => state === 'skipped')) {
    console.log(`skipped: ${test.file} > ${test.fullTitle}: ${test.reason ?? 'no reason given'}`);
  }
  for (const fault of all.faults) console.log(`failed: ${fault}`);
  const counts = count(all);
  console.log(lastLine(counts));
  return counts.failed === 0 ? 0 : 1;
}

/**
 * Builds all packages: the tour does it too, but while other tests read what is built. Where it cannot be done the tests
 * that need it say why.
 */
function build(): void {
  spawnSync(
    join(ROOT, 'node_modules/.bin/turbo'),
    ['run', 'build', '--output-logs=errors-only', '--ui=stream'],
    {
      stdio: 'inherit',
    },
  );
}

async function runVitest(projects: readonly string[], packages: readonly string[]): Promise<RunOutcome> {
  const { startVitest } = await import('vitest/node');
  const recorder = new Recorder(ROOT);
  const vitest = await startVitest(
    'test',
    packages.map((folder) => `${folder}/`),
    {
      root: ROOT,
      watch: false,
      allowOnly: false,
      passWithNoTests: true,
      project: [...projects],
      reporters: ['default', recorder],
    },
  );
  await vitest.close();
  return recorder.outcome;
}
