import { version } from '../version.ts';
import { type Command, commandsOf, commonFlags, type Entry, type Flag, isGroup } from './command.ts';
import { exitCodes } from './exit-codes.ts';
import { describeFlag, usageOf } from './help.ts';

export const manCommand: Command = {
  name: 'man',
  summary: 'print the manual page',
  details: 'hypermesh man | man -l -   shows it; the package installs it as hypermesh(1).',
  positionals: [],
  flags: [],
  async run({ flags, output }) {
    const { tree } = await import('./commands.ts');
    const page = manPage(tree, version());
    if (flags['json'] !== true) output.line(page.trimEnd());
    return { page };
  },
};

/** The manual page hypermesh(1) in the macros of man(7). */
export function manPage(tree: readonly Entry[], release: string): string {
  const shown = tree.filter((entry) => isGroup(entry) || entry.isHidden !== true);
  return `${[
    `.TH HYPERMESH 1 "" "hypermesh ${release}" "HyperMesh"`,
    '.SH NAME',
    'hypermesh \\- a node of the mesh',
    '.SH SYNOPSIS',
    '.B hypermesh',
    '.I COMMAND',
    '[flags]',
    '.SH DESCRIPTION',
    ...paragraphs(
      'Machines that belong to different people form one mesh: packages are published once, signed, and run on machines of others, with the result and what it cost proven.\n' +
        'hypermesh is the one program of it: a node is made by init or join and runs by up; the other commands speak with the running node.',
    ),
    '.SH COMMANDS',
    ...commandsOf(tree).flatMap(({ path, command }) => commandPart(path, command)),
    '.SH COMMON FLAGS',
    ...commonFlags.flatMap(flagPart),
    '.SH EXIT STATUS',
    ...exitCodes.flatMap(({ code, name, meaning }) => ['.TP', `.B ${code}`, roff(`${name}: ${meaning}`)]),
    '.SH ENVIRONMENT',
    '.TP',
    '.B NO_COLOR',
    'no colours, whatever the terminal can',
    '.TP',
    '.B npm_config_registry',
    'where packages of npm come from',
    '.SH FILES',
    '.TP',
    '.I ~/.hypermesh',
    "the node's data directory: keys, configuration (hypermesh.toml), ledger, content",
    '.SH SEE ALSO',
    `Groups of commands: ${shown
      .filter(isGroup)
      .map(({ name }) => name)
      .join(', ')}.`,
    roff('hypermesh COMMAND --help explains one.'),
  ].join('\n')}\n`;
}

function commandPart(path: string, command: Command): readonly string[] {
  const { examples = [] } = command;
  return [
    `.SS ${roff(usageOf(path, command))}`,
    ...paragraphs(command.summary),
    ...(command.details === undefined ? [] : ['.PP', ...paragraphs(command.details)]),
    ...command.positionals.flatMap(({ name, describe }) => ['.TP', `.I ${roff(name)}`, roff(describe)]),
    ...command.flags.flatMap(flagPart),
    ...(examples.length === 0 ? [] : ['.PP', '.EX', ...examples.map(roff), '.EE']),
  ];
}

function flagPart(flag: Flag): readonly string[] {
  const names = [`--${flag.name}`, ...(flag.short === undefined ? [] : [`-${flag.short}`])];
  const bold = `.B ${names.map(roff).join(', ')}`;
  return ['.TP', flag.value === undefined ? bold : `${bold} ${roff(flag.value)}`, roff(describeFlag(flag))];
}

/** Lines as they stand, each on a line of its own. */
function paragraphs(text: string): readonly string[] {
  return text.split('\n').flatMap((line, index) => [...(index === 0 ? [] : ['.br']), roff(line)]);
}

/** Text that the formatter takes as text: no escapes, no requests, hyphens that can be copied. */
function roff(text: string): string {
  const plain = text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('"', '\\(dq')
    .replaceAll('~', '\\(ti')
    .replaceAll('^', '\\(ha')
    .replaceAll('…', '...');
  return /^[.']/.test(plain) ? `\\&${plain}` : plain;
}
