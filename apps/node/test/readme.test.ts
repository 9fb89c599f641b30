import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { defaultConfig, readConfig, writeConfig } from '../src/config.ts';
import { makeFolder } from '../src/data-directory.ts';
import { temporaryDirectory } from './support.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const errors = ['errors.ts', 'api/problem.ts']
  .map((name) => readFileSync(new URL(`../src/${name}`, import.meta.url), 'utf8'))
  .join('');

describe('the README', () => {
  it('names every code of failure', () => {
    const codes = [...errors.matchAll(/code: '(node\/[a-z-]+)'/g)].map(([, code]) => code ?? '');
    expect(codes.length).toBeGreaterThan(10);
    for (const code of codes) expect(readme).toContain(`\`${code}\``);
  });

  it('shows a configuration that a node reads, with the limits that it starts with', () => {
    using directory = temporaryDirectory();
    makeFolder(directory.path);
    writeFileSync(directory.config, /```toml\n([\s\S]*?)```/.exec(readme)?.[1] ?? '');
    const shown = readConfig(directory);
    expect(shown).toEqual({ ...defaultConfig, name: 'amber' });
    writeConfig(directory, shown);
    expect(readConfig(directory)).toEqual(shown);
  });
});
