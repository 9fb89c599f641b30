import { type Command, commonFlags, type Flag } from './command.ts';

/** Help of the whole program, from the table. */
export function programHelp(commands: readonly Command[], version: string): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return [
    `hypermesh ${version}: a node of the mesh`,
    '',
    'Usage: hypermesh COMMAND [flags]',
    '',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    'hypermesh COMMAND --help explains one. Every command takes --json.',
  ].join('\n');
}

/** Help of one command, from its table entry. */
export function commandHelp(command: Command): string {
  const positionals = command.positionals.map(({ name, required }) => (required ? ` ${name}` : ` [${name}]`));
  const flags = [...command.flags, ...commonFlags];
  const labels = flags.map(flagLabel);
  const width = Math.max(
    ...labels.map((label) => label.length),
    ...command.positionals.map(({ name }) => name.length),
  );
  return [
    `Usage: hypermesh ${command.name}${positionals.join('')} [flags]`,
    '',
    command.summary,
    ...(command.details === undefined ? [] : ['', command.details]),
    '',
    ...command.positionals.map(({ name, describe }) => `  ${name.padEnd(width)}  ${describe}`),
    ...flags.map((flag, index) => `  ${(labels[index] ?? '').padEnd(width)}  ${describeFlag(flag)}`),
  ].join('\n');
}

function flagLabel(flag: Flag): string {
  const short = flag.short === undefined ? '    ' : `-${flag.short}, `;
  return `${short}--${flag.name}${flag.value === undefined ? '' : ` ${flag.value}`}`;
}

function describeFlag(flag: Flag): string {
  return flag.fallback === undefined ? flag.describe : `${flag.describe} (default: ${flag.fallback})`;
}
