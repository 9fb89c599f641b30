import { existsSync } from 'node:fs';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Accepts, commandsOf, isGroup } from '../src/cli/command.ts';
import { tree } from '../src/cli/commands.ts';
import { main } from '../src/main.ts';
import { temporaryDirectory } from './support.ts';

const commands = commandsOf(tree);
const directory = temporaryDirectory();
afterAll(() => directory[Symbol.dispose]());

/** What one command line says, as a terminal would show it, and its exit code. */
interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

let out: string[] = [];
let err: string[] = [];
beforeEach(() => {
  [out, err] = [[], []];
  vi.spyOn(console, 'log').mockImplementation((text) => void out.push(String(text)));
  vi.spyOn(console, 'error').mockImplementation((text) => void err.push(String(text)));
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = 0;
});

async function say(...argv: readonly string[]): Promise<Said> {
  [out, err] = [[], []];
  await main(argv);
  return { code: Number(process.exitCode), out: out.join('\n'), err: err.join('\n') };
}

/** A value that a command line would be parsed with. */
function valueFor(accepts: Accepts | undefined): string {
  if (accepts === undefined) return 'something';
  if ('oneOf' in accepts) return accepts.oneOf[0] ?? '';
  if ('whole' in accepts) return String(Math.max(1, accepts.least ?? 1));
  return 'file' in accepts || 'folder' in accepts ? '.' : 'something';
}

/** Commands that need no running node: they make one, or speak of this machine or the program alone. */
const alone = [
  'ledger verify',
  'init',
  'join',
  'up',
  'doctor',
  'backup',
  'restore',
  'logs',
  'completion',
  'man',
];
/** Flags without which a command cannot be meant. */
const needed: Readonly<Record<string, readonly string[]>> = { 'memory grant': ['--to', 'birch'] };

describe.each(commands.map(({ path, command }) => [path, command] as const))(
  'hypermesh %s',
  (path, command) => {
    const words = path.split(' ');
    const values = command.positionals.map(({ accepts }) => valueFor(accepts));

    it('explains itself', async () => {
      const said = await say(...words, '--help');
      expect(said).toMatchObject({ code: 0, err: '' });
      expect(said.out).toContain(`Usage: hypermesh ${path}`);
      expect(await say('help', ...words)).toEqual(said);
    });

    it('refuses a wrong flag, and each argument that is missing or too much, and says what to do', async () => {
      const flag = await say(...words, '--no-such-flag', ...values);
      expect(flag).toMatchObject({ code: 2, out: '' });
      expect(flag.err).toMatch(
        /^hypermesh: Cannot use "--no-such-flag" here\n {2}(hypermesh .* --help lists the flags|did you mean --)/,
      );
      for (const [index, { name, required }] of command.positionals.entries()) {
        if (!required) continue;
        const missing = await say(...words, ...values.slice(0, index));
        expect(missing.code).toBe(2);
        expect(missing.err).toContain(`say which: hypermesh ${path} ${name}`);
      }
      if (command.positionals.at(-1)?.many === true) return;
      const surplus = await say(...words, ...values, 'and-more');
      expect(surplus.code).toBe(2);
      expect(surplus.err).toContain(`hypermesh ${path} --help`);
    });

    it('refuses each value that its flags do not accept', async () => {
      for (const { name, accepts } of command.flags) {
        if (accepts === undefined || !('oneOf' in accepts || 'whole' in accepts)) continue;
        const said = await say(...words, ...values, `--${name}`, 'no~such', '--json');
        expect(said.code, name).toBe(2);
        const { error } = JSON.parse(said.out) as { error: { code: string; next: string } };
        expect(error, name).toMatchObject({ code: 'node/bad-flag', flag: `--${name}` });
        expect(error.next, name).toMatch(/^(give|did you mean) /);
      }
    });

    it('says where no node runs that none does, and how to start one', async () => {
      if (alone.includes(path) || command.flags.every(({ name }) => name !== 'data')) return;
      const said = await say(
        ...words,
        ...values,
        ...(needed[path] ?? []),
        '--data',
        directory.path,
        '--json',
      );
      expect(said.code, said.err).toBe(3);
      expect(JSON.parse(said.out)).toMatchObject({
        v: 1,
        ok: false,
        command: path,
        error: { code: 'node/not-running', next: expect.stringContaining('hypermesh up') },
      });
      expect(existsSync(directory.path)).toBe(false);
    });
  },
);

describe('hypermesh', () => {
  it('explains groups, and refuses flags in the place of their commands', async () => {
    for (const group of tree.filter(isGroup)) {
      const said = await say(group.name);
      expect(said).toMatchObject({ code: 0, err: '' });
      expect(said.out).toContain(`Usage: hypermesh ${group.name} COMMAND`);
      expect(await say(group.name, '--help')).toEqual(said);
      expect(await say('help', group.name)).toEqual(said);
      expect((await say(group.name, '--json')).code).toBe(2);
    }
  });

  it('up on a fresh directory says what to do, and makes nothing', async () => {
    const said = await say('up', '--data', directory.path);
    expect(said.code).toBe(3);
    expect(said.err).toContain('found a mesh: hypermesh init --data');
    expect(said.err).toContain('or join one: hypermesh join INVITATION --data');
    expect(existsSync(directory.path)).toBe(false);
  });

  it('join takes an invitation alone', async () => {
    for (const text of [
      'hello',
      'hypermesh-invitation-1:',
      'hypermesh-invitation-1:@@',
      'hypermesh-invitation-1:aaaa',
    ]) {
      const said = await say('join', text, '--data', directory.path, '--json');
      expect(said.code).toBe(2);
      expect(JSON.parse(said.out)).toMatchObject({ error: { code: 'node/bad-invitation' } });
    }
  });

  it('init in a dry run says what is shared, with whom, and what is kept, and makes nothing', async () => {
    const said = await say(
      'init',
      '--data',
      directory.path,
      '--name',
      'amber',
      '--dry-run',
      '--json',
      '--quiet',
    );
    expect(said.code, said.err).toBe(0);
    expect(JSON.parse(said.out)).toMatchObject({
      dryRun: true,
      name: 'amber',
      lent: [
        { kind: 'processor', percent: 50, level: 'p2p' },
        { kind: 'memory', percent: 50 },
        { kind: 'storage', percent: 10 },
      ],
      kept: expect.arrayContaining(['private keys']),
    });
    expect(existsSync(directory.path)).toBe(false);
  });
});
