import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { runBench } from '../src/run-bench.ts';

const REPORT = join(import.meta.dirname, '../src/index.ts');

async function run(code: string, limitMs: number) {
  const folder = mkdtempSync(join(tmpdir(), 'hypermesh-bench-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'a.bench.ts');
  writeFileSync(file, `import { report } from ${JSON.stringify(REPORT)};\n${code}`);
  const names: string[] = [];
  const texts: string[] = [];
  const failure = await runBench(file, limitMs, {
    line: ({ name }) => names.push(name),
    text: (text) => texts.push(text),
  });
  return { failure, names, texts };
}

it('hands on what a bench reports and what it says', async () => {
  const { failure, names, texts } = await run(
    "report({ name: 'a/b', value: 1, unit: 'ms' }); console.log('warming up');",
    20_000,
  );
  expect({ failure, names, texts }).toEqual({ failure: undefined, names: ['a/b'], texts: ['warming up'] });
});

it('says how a bench failed and keeps what it had reported', async () => {
  const { failure, names } = await run(
    "report({ name: 'a/b', value: 1, unit: 'ms' }); process.exit(3);",
    20_000,
  );
  expect({ failure, names }).toEqual({ failure: 'ended with 3', names: ['a/b'] });
});

it('ends a bench that takes too long', async () => {
  const { failure } = await run('setInterval(() => {}, 1000);', 1000);
  expect(failure).toBe('stopped after 1 s');
});
