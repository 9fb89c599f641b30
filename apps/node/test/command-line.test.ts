import { describe, expect, it } from 'vitest';
import { commandsOf, commonFlags, isGroup } from '../src/cli/command.ts';
import { tree } from '../src/cli/commands.ts';
import { commandHelp, groupHelp, programHelp } from '../src/cli/help.ts';
import { createOutput, painted, printable, toJson } from '../src/cli/output.ts';
import { findEntry, nearestName, type ParsedArguments, parseCommandLine } from '../src/cli/parse.ts';
import { failureOf } from './support.ts';

const commands = commandsOf(tree);

function parse(...argv: readonly string[]): ParsedArguments {
  const found = findEntry(tree, argv);
  if ('commands' in found) throw new Error(`${argv.join(' ')} names a group`);
  return parseCommandLine(found);
}

describe('a command line', () => {
  it('gives flags with values, switches and arguments in order', () => {
    const { flags, positionals } = parse('run', 'anagrams', '--on', 'cedar', '--json');
    expect({ ...flags }).toEqual({ on: 'cedar', json: true });
    expect(positionals).toEqual(['anagrams']);
    expect({ ...parse('init', '--validators=4', '-h').flags }).toEqual({
      validators: '4',
      help: true,
    });
    expect(parse('catalog', 'publish', '--', '--folder').positionals).toEqual(['--folder']);
  });

  it.each([
    ['an unknown flag', 'init', ['--bogus'], '--bogus', 'hypermesh init --help lists the flags'],
    ['a misspelt flag', 'init', ['--nmae', 'a'], '--nmae', 'did you mean --name?'],
    ['the nearest of two', 'run', ['a', '--jsan'], '--jsan', 'did you mean --json?'],
    ['a flag of another command', 'init', ['--fuel', '1'], '--fuel', 'hypermesh init --help lists the flags'],
    ['a one-letter flag that is none', 'init', ['-x'], '-x', 'hypermesh init --help lists the flags'],
    ['a prototype name', 'init', ['--__proto__=1'], '--__proto__', 'hypermesh init --help lists the flags'],
    ['a flag twice', 'init', ['--name', 'a', '--name', 'b'], '--name', 'give it once'],
    ['a switch twice', 'init', ['--json', '--json'], '--json', 'give it once'],
    ['a missing value at the end', 'init', ['--name'], '--name', 'it needs a value: --name NAME'],
    [
      'a missing value before a flag',
      'init',
      ['--name', '--json'],
      '--name',
      'it needs a value: --name NAME',
    ],
    [
      'a missing value before a short flag',
      'init',
      ['--data', '-h'],
      '--data',
      'it needs a value: --data DIR',
    ],
    ['an empty value', 'init', ['--data='], '--data', 'it needs a value: --data DIR'],
    ['an empty separate value', 'init', ['--data', ''], '--data', 'it needs a value: --data DIR'],
    ['a value for a switch', 'init', ['--json=yes'], '--json', 'it is a switch and takes no value'],
    ['a surplus argument', 'status', ['now'], 'now', 'hypermesh status --help shows what it takes'],
    [
      'a second argument',
      'catalog publish',
      ['a', 'b'],
      'b',
      'hypermesh catalog publish --help shows what it takes',
    ],
    ['an empty argument', 'explain', [''], 'NAME[@RANGE]', 'it is empty: a variable that was not set?'],
    ['a choice that is none', 'completion', ['ksh'], 'SHELL', 'did you mean zsh?'],
    [
      'a far choice',
      'run',
      ['a', '--allocation', 'mine'],
      '--allocation',
      'give private, public, anonymous or verified',
    ],
    ['letters for a number', 'run', ['a', '--fuel', '1e9'], '--fuel', 'give a whole number from 1'],
    [
      'a number that is too large',
      'init',
      ['--validators', '257'],
      '--validators',
      'give a whole number from 1 to 256',
    ],
    ['a number that is too small', 'wallet transfer', ['birch', '0'], 'AMOUNT', 'give a whole number from 1'],
  ])('refuses %s, naming it and what to do', async (_, name, argv, flag, next) => {
    const failure = await failureOf(() => parse(...name.split(' '), ...argv));
    expect(failure).toMatchObject({ code: 'node/bad-flag', flag, next });
  });

  it('says which argument is missing, unless help is asked for', async () => {
    const failure = await failureOf(() => parse('catalog', 'verify'));
    expect(failure).toMatchObject({ code: 'node/bad-flag', flag: 'NAME[@RANGE]' });
    expect(failure).toHaveProperty('next', expect.stringContaining('hypermesh catalog verify NAME'));
    expect(parse('catalog', 'verify', '--help').flags['help']).toBe(true);
  });

  it('never takes a short typo for a far name', () => {
    expect(nearestName('x', ['on'])).toBeUndefined();
    expect(nearestName('statsu', ['status', 'start'])).toBe('status');
    expect(nearestName('strt', ['status', 'start'])).toBe('start');
    expect(nearestName('a'.repeat(50_000), ['status'])).toBeUndefined();
  });
});

describe('the tree of commands', () => {
  it('names every command in the help, and every flag and argument in its own', () => {
    const help = programHelp(tree, '1.2.3');
    for (const entry of tree) {
      if (!isGroup(entry) && entry.isHidden) expect(help).not.toContain(entry.name);
      else expect(help).toContain(`  ${entry.name} `);
      if (isGroup(entry))
        for (const { name } of entry.commands) expect(groupHelp(entry)).toContain(`  ${name} `);
    }
    for (const { path, command } of commands) {
      const own = commandHelp(path, command);
      for (const { name, describe: words } of [...command.flags, ...command.positionals, ...commonFlags]) {
        expect(own).toContain(name);
        expect(own).toContain(words);
      }
    }
  });

  it('has no word, flag or short flag twice, and only its last argument takes many', () => {
    const isDistinct = (names: readonly (string | undefined)[]) => {
      const given = names.filter((name) => name !== undefined);
      return new Set(given).size === given.length;
    };
    expect(isDistinct(tree.map(({ name }) => name))).toBe(true);
    expect(isDistinct(commands.map(({ path }) => path))).toBe(true);
    for (const { command } of commands) {
      const flags = [...command.flags, ...commonFlags];
      expect(isDistinct(flags.map(({ name }) => name))).toBe(true);
      expect(isDistinct(flags.map(({ short }) => short))).toBe(true);
      expect(command.positionals.slice(0, -1).every(({ many }) => many === undefined)).toBe(true);
      const optional = command.positionals.findIndex(({ required }) => !required);
      if (optional !== -1)
        expect(command.positionals.slice(optional).some(({ required }) => required)).toBe(false);
    }
  });

  it.each([
    ['statsu', 'did you mean: hypermesh status?'],
    ['catalogue', 'did you mean: hypermesh catalog?'],
    ['install', 'did you mean: hypermesh catalog install?'],
    ['instal', 'did you mean: hypermesh catalog install?'],
    ['__complet', 'hypermesh --help lists the commands'],
    ['nonsense', 'hypermesh --help lists the commands'],
    ['catalog instal', 'did you mean: hypermesh catalog install?'],
    ['wallet --json', 'hypermesh wallet has: balance, history, transfer, settle'],
    ['constructor', 'hypermesh --help lists the commands'],
  ])('leads from %j to what may be meant', async (typed, next) => {
    const failure = await failureOf(() => parse(...typed.split(' ')));
    expect(failure).toMatchObject({ code: 'node/unknown-command', next });
  });

  it('names every list where a word is in several groups', async () => {
    const failure = await failureOf(() => parse('list'));
    expect(failure).toHaveProperty(
      'next',
      expect.stringMatching(/^did you mean: hypermesh catalog list, or hypermesh assets list/),
    );
  });
});

describe('what is printed', () => {
  function captured(isTTY: boolean) {
    let text = '';
    const stream = {
      isTTY,
      columns: 40,
      write: (part: string) => {
        text += part;
        return true;
      },
    };
    return { stream: stream as unknown as NodeJS.WriteStream, text: () => text };
  }

  it('goes to stderr beside --json, and shows progress on a terminal only', () => {
    const [out, err] = [captured(false), captured(true)];
    const output = createOutput(
      { json: true },
      out.stream as typeof process.stdout,
      err.stream as typeof process.stderr,
    );
    output.progress({ text: 'working' });
    output.line('done');
    expect(out.text()).toBe('');
    expect(err.text()).toBe('working\r\u001b[Kdone\n');
    const plain = captured(false);
    createOutput(
      { json: false },
      plain.stream as typeof process.stdout,
      err.stream as typeof process.stderr,
    ).progress({ text: 'no' });
    expect(plain.text()).toBe('');
  });

  it('is nothing with --quiet, and coloured on a terminal that wants colours alone', () => {
    const out = captured(true);
    const quiet = createOutput({ json: false, isQuiet: true }, out.stream as typeof process.stdout);
    quiet.line('words');
    quiet.progress({ text: 'more words' });
    expect(out.text()).toBe('');
    const { NO_COLOR: before } = process.env;
    try {
      delete process.env['NO_COLOR'];
      expect(painted('yes', 'good', { isTTY: true })).toBe('\u001b[32myes\u001b[0m');
      expect(painted('yes', 'good', {})).toBe('yes');
      expect(painted('yes', undefined, { isTTY: true })).toBe('yes');
      process.env['NO_COLOR'] = '1';
      expect(painted('yes', 'good', { isTTY: true })).toBe('yes');
    } finally {
      if (before === undefined) delete process.env['NO_COLOR'];
      else process.env['NO_COLOR'] = before;
    }
  });

  it('cannot steer a terminal: control characters of programs and peers are replaced', () => {
    expect(printable('a\u001b[2Jb\r\n\tc\u009bd\u0007')).toBe('a\ufffd[2Jb\ufffd\n\tc\ufffdd\ufffd');
    const out = captured(true);
    createOutput({ json: false }, out.stream as typeof process.stdout).line('\u001b]0;title\u0007');
    expect(out.text()).toBe('\ufffd]0;title\ufffd\n');
  });

  it('writes bigint as decimal and bytes as hex in JSON', () => {
    expect(toJson({ fuel: 2n ** 70n, bytes: Uint8Array.of(0, 255), list: [1n] })).toBe(
      '{"fuel":"1180591620717411303424","bytes":"00ff","list":["1"]}',
    );
  });
});
