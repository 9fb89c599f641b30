import { readFileSync, writeFileSync } from 'node:fs';
import { routes } from '@hypermesh/client/routes';
import { describe, expect, it } from 'vitest';
import { commands } from '../src/cli/commands.ts';
import { commandHelp } from '../src/cli/help.ts';
import { defaultConfig, readConfig, writeConfig } from '../src/config.ts';
import { makeFolder } from '../src/data-directory.ts';
import { temporaryDirectory } from './support.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const errors = ['errors.ts', 'api/problem.ts']
  .map((name) => readFileSync(new URL(`../src/${name}`, import.meta.url), 'utf8'))
  .join('');

describe('the README', () => {
  it('holds the help of every command as the table makes it, in its order', () => {
    const reference = commands.map((command) => `\`\`\`text\n${commandHelp(command)}\n\`\`\``).join('\n\n');
    // After a change of the table, put this text between the marks.
    expect(readme.split('<!-- commands -->\n')[1]).toBe(`${reference}\n`);
  });

  it('names every code of failure, and every route', () => {
    const codes = [...errors.matchAll(/'(node\/[a-z-]+)'/g)].map(([, code]) => code ?? '');
    expect(codes.length).toBeGreaterThan(10);
    for (const code of codes) expect(readme).toContain(`\`${code}\``);
    const names = Object.keys(routes);
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
