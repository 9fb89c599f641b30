import { existsSync, globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { describe, expect, it } from 'vitest';
import { startVitest } from 'vitest/node';
import { findChromium, NO_CHROMIUM } from '../src/index.ts';
import {
  filesLeftOut,
  isShell,
  needsNode,
  PORTABLE,
  portableTests,
  reportPortable,
} from '../src/portable/index.ts';
import { browserProject } from '../src/vitest-project.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const outcome = (
  file: string,
  fullTitle: string,
  state: 'passed' | 'failed' | 'skipped',
  reason?: string,
) => ({
  project: 'browser (chromium)',
  file: `packages/core/test/${file}`,
  fullTitle,
  state,
  ...(reason === undefined ? {} : { reason }),
});

describe('the list of what runs in a browser', () => {
  it('names files and sources that are there', () => {
    for (const file of filesLeftOut()) expect(existsSync(`${ROOT}${file}`), file).toBe(true);
    for (const glob of portableTests()) expect(globSync(glob, { cwd: ROOT }).length, glob).toBeGreaterThan(0);
    for (const [name, { shells }] of Object.entries(PORTABLE))
      for (const shell of shells)
        expect(existsSync(`${ROOT}packages/${name}/src/${shell}`), shell).toBe(true);
  });

  it('tells shells and left-out tests from the rest', () => {
    expect(isShell('packages/core/src/node/index.ts')).toBe(true);
    expect(isShell('packages/core/src/hash.ts')).toBe(false);
    expect(isShell('packages/stoq/src/index.ts')).toBe(false);
    const file = 'packages/trustchain/test/suite.test.ts';
    expect(needsNode(file, 'ml-dsa-65 > gives the same keys from a seed and more')).toContain('backends');
    expect(needsNode(file, 'ml-dsa-65 > takes hex wherever it verifies')).toBeUndefined();
  });
});

const PLANTED = 'tools/browser/test/fixtures/*.in-browser.ts';

/** The source that a sub-path of a package leads to. */
function sourceOf(name: string, entry: string): string {
  const manifest = JSON.parse(readFileSync(`${ROOT}packages/${name}/package.json`, 'utf8')) as {
    exports: Record<string, Record<string, string>>;
  };
  return `${ROOT}packages/${name}/${manifest.exports[entry]?.['@hypermesh/source']}`;
}

/** Every static import of a module of Node that a bundle of these sources meets, as `importer > module`. */
async function nodeImports(sources: readonly string[]): Promise<string[]> {
  const met: string[] = [];
  await build({
    configFile: false,
    logLevel: 'silent',
    resolve: { conditions: ['@hypermesh/source', 'browser', 'module', 'import', 'default'] },
    build: { write: false, minify: false, target: 'esnext', rolldownOptions: { input: [...sources] } },
    plugins: [
      {
        name: 'imports-of-node',
        enforce: 'pre',
        resolveId(id, importer = '', { kind }) {
          if (!id.startsWith('node:')) return undefined;
          if (kind === 'import-statement') met.push(`${importer.replace(ROOT, '')} > ${id}`);
          return { id, external: true };
        },
      },
    ],
  });
  return met;
}

describe('what a bundler for browsers finds', () => {
  it('under every portable sub-path is no import of Node', async () => {
    const sources = Object.entries(PORTABLE).flatMap(([name, { entries }]) =>
      entries.map((entry) => sourceOf(name, entry)),
    );
    expect(sources.length).toBeGreaterThan(10);
    expect(await nodeImports(sources)).toEqual([]);
  });

  it('under the disk of the ledger is Node, and is told', async () => {
    expect(await nodeImports([sourceOf('consensus', './storage')])).toContainEqual(
      expect.stringMatching(/^packages\/consensus\/src\/storage\/.* > node:fs/),
    );
  });
});

describe('the report of what ran in a browser', () => {
  it('takes out what was left out by the list, and nothing that a test skipped itself', () => {
    const passed = outcome('bytes.test.ts', 'bytes', 'passed');
    const own = outcome('bytes.test.ts', 'other', 'skipped', 'needs Node: it says');
    const { tests, problems } = reportPortable([passed, own], ['core']);
    expect(tests).toEqual([passed, own]);
    expect(problems).toEqual([]);
  });

  it('tells a package of which nothing passed, and a reason that fits no test', () => {
    const failed = outcome('bytes.test.ts', 'bytes', 'failed');
    expect(reportPortable([failed], ['core']).problems).toEqual(['no test of core passed in the browser']);
    expect(reportPortable([], ['consensus']).problems).toContain(
      "consensus: no test is left out by 'vdf.test.ts > a delay > stops when told to'",
    );
  });
});

describe('tests in Chromium', () => {
  it('fail by a planted bug, by an import of Node, and pass where nothing is wrong', async (ctx) => {
    const chromium = findChromium();
    if (chromium === undefined) return ctx.skip(NO_CHROMIUM);
    const { test, ...project } = browserProject(chromium);
    const vitest = await startVitest(
      'test',
      [],
      {
        root: ROOT,
        config: false,
        watch: false,
        reporters: [{}],
        ...test,
        include: [PLANTED],
        exclude: [],
      },
      {
        plugins: project.plugins,
        resolve: project.resolve,
        optimizeDeps: { force: true, entries: [PLANTED, 'packages/consensus/src/storage/index.ts'] },
      },
    );
    const ended = vitest.state
      .getTestModules()
      .flatMap((module) => [
        ...Array.from(module.children.allTests()).flatMap((each) => [
          `${each.name}: ${each.result().state}`,
          ...(each.result().errors ?? []).map((error) => error.message),
        ]),
        ...module.errors().map((error) => error.message),
      ]);
    await vitest.close();
    process.exitCode = 0;
    expect(ended).toEqual(expect.arrayContaining(['is sound: passed', 'is planted: failed']));
    expect(ended.join('\n')).toMatch(
      /packages\/consensus\/src\/storage\/.*\.ts imports node:.*, which no browser has/,
    );
  }, 60_000);
});
