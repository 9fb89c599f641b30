import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { PACKAGE_TYPES } from '@hypermesh/catalog';
import { describe, expect, it } from 'vitest';
import { commandsOf } from '../src/cli/command.ts';
import { tree } from '../src/cli/commands.ts';
import { exitCodeOf, exitCodes } from '../src/cli/exit-codes.ts';
import { manPage } from '../src/cli/man.ts';
import { reference } from '../src/cli/reference.ts';

const page = manPage(tree, '1.2.3');
const commands = commandsOf(tree);

/** Whether a program is here; what it answers does not matter. */
const has = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;

describe('docs/cli.md', () => {
  it('is what the tree gives; after a change run apps/node/scripts/write-reference.ts', () => {
    const written = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8');
    expect(written).toBe(reference(tree));
  });

  it('has every command and every exit code', () => {
    const text = reference(tree);
    for (const { path } of commands) expect(text).toContain(`\n### ${path}\n`);
    for (const { code, name } of exitCodes) expect(text).toContain(`| ${code} | ${name} |`);
  });
});

describe('the tree', () => {
  it('knows the types of packages without loading the catalog', () => {
    const search = commands.find(({ path }) => path === 'catalog search')?.command;
    const { accepts } = search?.flags.find(({ name }) => name === 'type') ?? {};
    expect(accepts).toEqual({ oneOf: PACKAGE_TYPES });
  });
});

describe('exit codes', () => {
  it.each([
    [undefined, 1],
    [{ code: 'node/damaged-file' }, 1],
    [{ code: 'node/bad-flag' }, 2],
    [{ code: 'node/unknown-command' }, 2],
    [{ code: 'node/bad-invitation' }, 2],
    [{ code: 'catalog/bad-argument' }, 2],
    [{ code: 'node/not-running' }, 3],
    [{ code: 'node/not-initialized' }, 3],
    [{ code: 'node/refused' }, 4],
    [{ code: 'node/operation-refused' }, 4],
    [{ code: 'node/memory-fault', fault: 'Revoked' }, 4],
    [{ code: 'node/memory-fault', fault: 'Unreachable' }, 6],
    [{ code: 'node/not-found' }, 5],
    [{ code: 'catalog/not-installed' }, 5],
    [{ code: 'node/unreachable' }, 6],
    [{ code: 'node/no-room', of: 'disk' }, 6],
    [{ code: 'catalog/too-few-copies' }, 6],
    [{ code: 'node/cancelled' }, 130],
    [{ code: 7 }, 1],
    [{}, 1],
  ])('of %j is %i', (failure, code) => {
    expect(exitCodeOf(failure)).toBe(code);
  });

  it('name codes that there are, each once', () => {
    const sources = [
      '../src/errors.ts',
      '../src/api/problem.ts',
      '../../../packages/catalog/src/errors.ts',
    ].map((path) => readFileSync(new URL(path, import.meta.url), 'utf8'));
    const named = exitCodes.flatMap(({ of }) => of).filter((name) => name.includes('/'));
    expect(new Set(named).size).toBe(named.length);
    for (const name of named) expect(sources.join(), name).toContain(`'${name}'`);
  });
});

describe('the manual page', () => {
  it('has every command with its flags', () => {
    for (const { path, command } of commands) {
      expect(page).toContain(`.SS hypermesh ${path}`);
      for (const { name } of command.flags) expect(page).toContain(`\\-\\-${name.replaceAll('-', '\\-')}`);
    }
  });

  it('is formatted by man without a warning', (ctx) => {
    if (!has('man')) ctx.skip('man is not here');
    const shown = spawnSync('man', ['--warnings=all', '-P', 'cat', '-l', '-'], {
      input: page,
      encoding: 'utf8',
      env: { ...process.env, MANWIDTH: '100', LC_ALL: 'C.UTF-8' },
    });
    expect({ status: shown.status, stderr: shown.stderr }).toEqual({ status: 0, stderr: '' });
    const plain = shown.stdout.replace(/ +/g, ' ');
    expect(plain).toContain('HYPERMESH(1)');
    expect(plain).toContain('hypermesh catalog install [NAME[@RANGE]...] [flags]');
    for (const { code, name } of exitCodes) expect(plain).toMatch(new RegExp(`^ ${code} ${name}:`, 'm'));
  });

  it('is formatted by groff without a warning, and a wrong page is not', (ctx) => {
    if (!has('groff')) ctx.skip('groff is not here');
    const format = (input: string) =>
      spawnSync('groff', ['-man', '-ww', '-Tutf8'], { input, encoding: 'utf8' }).stderr;
    expect(format(page)).toBe('');
    expect(format(`${page}.nonsense \\fQ\n`)).not.toBe('');
  });

  it('holds no text that the formatter takes for a request', () => {
    const hostile = {
      name: 'x',
      summary: ".so /etc/passwd\n'sy id",
      positionals: [{ name: '.A', describe: '\\X"quit"', required: true }],
      flags: [],
      run: async () => ({}),
    };
    const lines = manPage([hostile], '1').split('\n');
    expect(lines).toContain('\\&.so /etc/passwd');
    expect(lines).toContain("\\&'sy id");
    expect(lines).toContain('\\eX\\(dqquit\\(dq');
  });
});
