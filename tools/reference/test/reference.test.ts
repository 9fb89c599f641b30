import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { entryPoints, type ReferenceReport, writeReference } from '../src/reference.ts';

let folder = '';
let report: ReferenceReport;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'reference-'));
  report = await writeReference(folder);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('is made of every sub-path of every library, without a link that leads nowhere', () => {
  expect(report).toEqual({ entryPoints: entryPoints().length, warnings: 0, errors: 0 });
  expect(entryPoints()).toContain('packages/core/src/index.ts');
  expect(entryPoints()).toContain('packages/consensus/src/light/index.ts');
});

it('has a page for what a newcomer looks for, with the words of its docstring', () => {
  const [page] = globSync('functions/*verifyInclusion.html', { cwd: folder });
  expect(readFileSync(join(folder, page ?? ''), 'utf8')).toContain('RFC 6962');
});

it('links between its pages lead somewhere', () => {
  const broken = globSync('**/*.html', { cwd: folder }).flatMap((page) =>
    [...readFileSync(join(folder, page), 'utf8').matchAll(/href="(?!https?:|data:|#)([^"#?]+)/g)]
      .map(([, href = '']) => join(dirname(page), href))
      .filter((target) => !existsSync(join(folder, target)))
      .map((target) => `${page}: ${target}`),
  );
  expect(broken).toEqual([]);
});
