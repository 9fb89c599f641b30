import { defineConfig } from 'vitest/config';
import { findChromium } from './tools/browser/src/chromium.ts';
import { LongestFirst } from './tools/repo/src/run/longest-first.ts';

/** Tests run the sources as they stand: the custom condition leads every import between packages to src/. */
const conditions = ['@hypermesh/source', 'node', 'import', 'default'];
const kind = (name: string, suffix: string, testTimeout = 30_000) => ({
  extends: true as const,
  test: {
    name,
    include: [`{packages,apps,tools,examples}/*/test/**/*.${suffix}.ts`],
    testTimeout,
    hookTimeout: testTimeout,
  },
});

/** Portable packages run their tests in a browser too, where there is one. */
const chromium = findChromium();
const browser =
  chromium === undefined
    ? []
    : [(await import('./tools/browser/src/vitest-project.ts')).browserProject(chromium)];

export default defineConfig({
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    globalSetup: ['./tools/repo/src/run/catalog-bundle.ts', './tools/repo/src/run/dashboard-pages.ts'],
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    // Every answer of a node is held against its schema, also of nodes in processes of their own.
    env: { HYPERMESH_CHECK_ANSWERS: '1' },
    execArgv: ['--conditions=@hypermesh/source'],
    projects: [
      kind('unit', 'test'),
      kind('conformance', 'conformance', 120_000),
      kind('interop', 'interop', 120_000),
      kind('sim', 'sim', 300_000),
      ...browser,
    ],
  },
});
