import { describe, expect, it } from 'vitest';
import type { Command } from '../src/cli/command.ts';
import { commands } from '../src/cli/commands.ts';
import { commandHelp, programHelp } from '../src/cli/help.ts';
import { createOutput, printable, toJson } from '../src/cli/output.ts';
import { nearestName, parseCommandLine } from '../src/cli/parse.ts';
import { failureOf } from './support.ts';

function command(name: string): Command {
  const found = commands.find((entry) => entry.name === name);
  if (found === undefined) throw new Error(`no command ${name}`);
  return found;
}

describe('a command line', () => {
  it('gives flags with values, switches and arguments in order', () => {
    const { flags, positionals } = parseCommandLine(command('run'), ['anagrams', '--on', 'cedar', '--json']);
    expect({ ...flags }).toEqual({ on: 'cedar', json: true });
    expect(positionals).toEqual(['anagrams']);
    expect({ ...parseCommandLine(command('init'), ['--validators=4', '-h']).flags }).toEqual({
      validators: '4',
      help: true,
    });
    expect(parseCommandLine(command('publish'), ['--', '--folder']).positionals).toEqual(['--folder']);
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
    ['a second argument', 'publish', ['a', 'b'], 'b', 'hypermesh publish --help shows what it takes'],
  ])('refuses %s, naming it and what to do', async (_, name, argv, flag, next) => {
    const failure = await failureOf(() => parseCommandLine(command(name), argv));
    expect(failure).toMatchObject({ code: 'node/bad-flag', flag, next });
  });

  it('says which argument is missing, unless help is asked for', async () => {
    const failure = await failureOf(() => parseCommandLine(command('verify'), []));
    expect(failure).toMatchObject({ code: 'node/bad-flag', flag: 'NAME[@RANGE]' });
    expect(failure).toHaveProperty('next', expect.stringContaining('hypermesh verify NAME'));
    expect(parseCommandLine(command('verify'), ['--help']).flags['help']).toBe(true);
  });

  it('never takes a short typo for a far name', () => {
    expect(nearestName('x', ['on'])).toBeUndefined();
    expect(nearestName('statsu', ['status', 'start'])).toBe('status');
    expect(nearestName('strt', ['status', 'start'])).toBe('start');
    expect(nearestName('a'.repeat(50_000), ['status'])).toBeUndefined();
  });
});

describe('the table of commands', () => {
  it('names every command in the help, and every flag and argument in its own', () => {
    const help = programHelp(commands, '1.2.3');
    for (const entry of commands) {
      expect(help).toContain(`  ${entry.name} `);
      const own = commandHelp(entry);
      for (const { name, describe: words } of [...entry.flags, ...entry.positionals]) {
        expect(own).toContain(name);
        expect(own).toContain(words);
      }
      expect(own).toContain('--json');
    }
  });

  it('has no flag, short flag or command twice', () => {
    const isDistinct = (names: readonly (string | undefined)[]) => {
      const given = names.filter((name) => name !== undefined);
      return new Set(given).size === given.length;
    };
    expect(isDistinct(commands.map(({ name }) => name))).toBe(true);
    for (const { flags } of commands) {
      expect(isDistinct([...flags.map(({ name }) => name), 'json', 'help'])).toBe(true);
      expect(isDistinct([...flags.map(({ short }) => short), 'h'])).toBe(true);
    }
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
      true,
      out.stream as typeof process.stdout,
      err.stream as typeof process.stderr,
    );
    output.progress('working');
    output.line('done');
    expect(out.text()).toBe('');
    expect(err.text()).toBe('working\r\u001b[Kdone\n');
    const plain = captured(false);
    createOutput(false, plain.stream as typeof process.stdout, err.stream as typeof process.stderr).progress(
      'no',
    );
    expect(plain.text()).toBe('');
  });

  it('cannot steer a terminal: control characters of programs and peers are replaced', () => {
    expect(printable('a\u001b[2Jb\r\n\tc\u009bd\u0007')).toBe('a\ufffd[2Jb\ufffd\n\tc\ufffdd\ufffd');
    const out = captured(true);
    createOutput(false, out.stream as typeof process.stdout).line('\u001b]0;title\u0007');
    expect(out.text()).toBe('\ufffd]0;title\ufffd\n');
  });

  it('writes bigint as decimal and bytes as hex in JSON', () => {
    expect(toJson({ fuel: 2n ** 70n, bytes: Uint8Array.of(0, 255), list: [1n] })).toBe(
      '{"fuel":"1180591620717411303424","bytes":"00ff","list":["1"]}',
    );
  });
});
