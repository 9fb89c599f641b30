import { commandsOf, type Entry, isGroup } from './command.ts';
import { exitCodes } from './exit-codes.ts';
import { commandHelp, programHelp } from './help.ts';

/** The reference of the command line as Markdown: docs/cli.md. */
export function reference(tree: readonly Entry[]): string {
  const commands = commandsOf(tree);
  const single = commands.filter(({ path }) => !path.includes(' '));
  return `${[
    '# The command line',
    '<!-- Written by apps/node/scripts/write-reference.ts from the tree of commands; a test fails when it is stale. -->',
    '`hypermesh` is one program: `init` or `join` makes a node, `up` runs it, and every other command speaks with the running node over a socket that its owner alone may open. [Operating a mesh](operating.md) goes through a whole life of one.',
    fenced(programHelp(tree, 'VERSION')),
    '`hypermesh completion bash|zsh|fish` prints a completion script, `hypermesh man` the manual page; both come from the same tree as this page.',
    '## What is printed',
    [
      'Words go to standard output, failures to standard error. On a terminal long work shows where it stands, with bytes, rate and time left where bytes move; elsewhere it shows nothing. `--quiet` leaves all words but failures out. Colours mark what is good or bad on a terminal, and never alone; `NO_COLOR` turns them off.',
      '',
      'With `--json` the last line of standard output is one object, and words go to standard error:',
      '',
      '| field | what |',
      '| --- | --- |',
      '| `v` | 1: the version of this shape. A field that changes its meaning or goes away makes it 2; further fields may come |',
      '| `ok` | `true` where exit code 0, else `false` |',
      '| `command` | the words of the command, such as `catalog install`; absent where no command was meant |',
      '| `error` | where it failed: `code` (stable, such as `node/not-running`), `message` and `next` for people (not stable), and what the code brings with it |',
      '| `dryRun` | `true` beside `--dry-run` |',
      '| others | what the command answers; whole numbers beyond 2^53 and amounts as decimal text, bytes as hex, times in milliseconds since 1970 |',
    ].join('\n'),
    'A line such as `{"v":1,"ok":false,"command":"catalog info","error":{"code":"node/not-found", …}}` can be branched on by `error.code`.',
    '## Exit codes',
    [
      '| code | name | meaning | failures |',
      '| --- | --- | --- | --- |',
      ...exitCodes.map(
        ({ code, name, meaning, of }) =>
          `| ${code} | ${name} | ${meaning} | ${of.map((each) => (each.includes('/') ? `\`${each}\`` : each)).join(', ')} |`,
      ),
    ].join('\n'),
    '## Commands',
    ...single.flatMap(({ path, command }) => [`### ${path}`, fenced(commandHelp(path, command))]),
    ...tree.filter(isGroup).flatMap((group) => [
      `## ${group.name}`,
      `${capital(group.summary)}.${group.details === undefined ? '' : ` ${group.details}`}`,
      ...group.commands.flatMap((command) => {
        const path = `${group.name} ${command.name}`;
        return [`### ${path}`, fenced(commandHelp(path, command))];
      }),
    ]),
  ].join('\n\n')}\n`;
}

const fenced = (text: string): string => `\`\`\`text\n${text}\n\`\`\``;
const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
