import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestOutcome } from '../run/outcome.ts';
import { type Feature, idsInTitle, readCatalogue } from './catalogue.ts';
import { renderFeatures } from './render.ts';

/** What the tests of one run say about a feature. */
export interface FeatureState {
  feature: Feature;
  state: 'shown' | 'skipped' | 'failed' | 'absent';
  tests: TestOutcome[];
}

/**
 * Judges the features by the tests that name them. A whole run also writes docs/features.md and requires a passing
 * test for each claim. Returns what is wrong, one sentence each.
 */
export function reportFeatures(root: string, tests: readonly TestOutcome[], isWhole: boolean): string[] {
  const path = join(root, 'docs/features.yaml');
  if (!existsSync(path)) return ['docs/features.yaml is missing'];
  const catalogue = readCatalogue(path);
  const unknown = findUnknown(catalogue, tests);
  if (!isWhole) return unknown;
  const states = judgeFeatures(catalogue, tests);
  writeIfChanged(join(root, 'docs/features.md'), renderFeatures(states));
  return [...unknown, ...findUnshown(states)];
}

/**
 * The state of each feature: one failing test, or one skipped without a reason, makes it failed; one passing test shows
 * it; else skips count.
 */
export function judgeFeatures(catalogue: readonly Feature[], tests: readonly TestOutcome[]): FeatureState[] {
  const byId = new Map<string, TestOutcome[]>();
  for (const test of tests) {
    for (const id of idsInTitle(test.title)) byId.set(id, [...(byId.get(id) ?? []), test]);
  }
  return catalogue.map((feature) => {
    const own = byId.get(feature.id) ?? [];
    const has = (state: TestOutcome['state']) => own.some((test) => test.state === state);
    const isMute = own.some((test) => test.state === 'skipped' && test.reason === undefined);
    const state =
      isMute || has('failed') ? 'failed' : has('passed') ? 'shown' : has('skipped') ? 'skipped' : 'absent';
    return { feature, state, tests: own };
  });
}

/** Ids in titles that the list of features does not know. */
function findUnknown(catalogue: readonly Feature[], tests: readonly TestOutcome[]): string[] {
  const known = new Set(catalogue.map(({ id }) => id));
  return tests.flatMap((test) =>
    idsInTitle(test.title)
      .filter((id) => !known.has(id))
      .map((id) => `${test.file} > ${test.fullTitle}: docs/features.yaml does not know [${id}]`),
  );
}

/** Claimed features without a test that passed or was skipped with a reason. */
function findUnshown(states: readonly FeatureState[]): string[] {
  return states
    .filter(({ feature, state }) => feature.claimed && (state === 'absent' || state === 'failed'))
    .map(({ feature, state }) =>
      state === 'absent'
        ? `${feature.id} is claimed in docs/features.yaml, and no test shows it`
        : `${feature.id} is claimed in docs/features.yaml, and a test that shows it failed`,
    );
}

function writeIfChanged(path: string, text: string): void {
  if (!existsSync(path) || readFileSync(path, 'utf8') !== text) writeFileSync(path, text);
}
