import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { defaultConfig, readConfig, writeConfig } from '../src/config.ts';
import { controlMethods } from '../src/control/methods/index.ts';
import { makeFolder } from '../src/data-directory.ts';
import { temporaryDirectory } from './support.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const errors = readFileSync(new URL('../src/errors.ts', import.meta.url), 'utf8');

describe('the README', () => {
  it('names every code of failure, and every method of the control socket', () => {
    const codes = [...errors.matchAll(/'(node\/[a-z-]+)'/g)].map(([, code]) => code ?? '');
    expect(codes.length).toBeGreaterThan(10);
    for (const code of codes) expect(readme).toContain(`\`${code}\``);
    // The table is made without a daemon; no method of it is called here.
    const names = Object.keys(controlMethods({} as never));
    expect(names).toContain('prepare-lease');
    for (const name of names) expect(readme).toContain(`\`${name}\``);
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
