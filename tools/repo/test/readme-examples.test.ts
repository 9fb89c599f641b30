import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isLibrary, openWorkspace } from '../src/check/workspace.ts';
import { firstExample, runExample } from '../src/readme/example.ts';
import { ROOT } from '../src/root.ts';

const conditions = ['@hypermesh/source'];
const folders = openWorkspace(ROOT)
  .members.filter(isLibrary)
  .map(({ folder }) => folder)
  .filter((folder) => existsSync(join(ROOT, folder, 'README.md')));

describe.concurrent('README examples', () => {
  for (const folder of folders) {
    it(`the example of ${folder} runs as it stands`, { timeout: 90_000 }, async () => {
      const code = firstExample(readFileSync(join(ROOT, folder, 'README.md'), 'utf8')) ?? '';
      expect(code).not.toBe('');
      const run = await runExample(code, { cwd: join(ROOT, folder), conditions, limitMs: 80_000 });
      expect(run.ok, run.output).toBe(true);
    });
  }
});

const scratch = () => {
  const folder = mkdtempSync(join(tmpdir(), 'hypermesh-example-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
};

it('takes the first TypeScript block and no other', () => {
  expect(firstExample('```sh\nls\n```\n\n```ts\nfirst();\n```\n```ts\nsecond();\n```\n')).toBe('first();\n');
  expect(firstExample('```sh\nls\n```\n')).toBeUndefined();
});

it.each([
  ['throws', "const a: number = 1; throw new Error('lost ' + a);", 'lost 1'],
  ['does not parse', 'const = 1;', 'SyntaxError'],
  ['imports what is not there', "import '@hypermesh/nowhere';", 'ERR_MODULE_NOT_FOUND'],
  ['exits with a code', 'process.exit(3);', 'ended with 3'],
])('fails an example that %s and keeps what it printed', async (_, code, expected) => {
  const run = await runExample(code, { cwd: scratch(), limitMs: 20_000 });
  expect(run).toEqual({ ok: false, output: expect.stringContaining(expected) });
});

it('ends an example that does not end', async () => {
  const run = await runExample('setInterval(() => {}, 1000);', { cwd: scratch(), limitMs: 1000 });
  expect(run).toEqual({ ok: false, output: expect.stringContaining('SIGKILL after 1000 ms') });
});
