import { type Command, commonFlags, type Entry, type Flag, type Group, isGroup } from './command.ts';

/** Help of the whole program, from the tree. */
export function programHelp(tree: readonly Entry[], version: string): string {
  const shown = tree.filter((entry) => isGroup(entry) || entry.isHidden !== true);
  const width = Math.max(...shown.map(({ name }) => name.length));
  const lines = (entries: readonly Entry[]) =>
    entries.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    `hypermesh ${version}: a node of the mesh`,
    '',
    'Usage: hypermesh COMMAND [flags]',
    '',
    ...lines(shown.filter((entry) => !isGroup(entry))),
    '',
    'Groups of commands:',
    '',
    ...lines(shown.filter(isGroup)),
    '',
    'hypermesh COMMAND --help explains one. New here? hypermesh init founds a mesh, hypermesh join enters one.',
  ].join('\n');
}

/** Help of a group, from the tree. */
export function groupHelp(group: Group): string {
  const width = Math.max(...group.commands.map(({ name }) => name.length));
  return [
    `Usage: hypermesh ${group.name} COMMAND [flags]`,
    '',
    group.summary,
    ...(group.details === undefined ? [] : ['', group.details]),
    '',
    ...group.commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    `hypermesh ${group.name} COMMAND --help explains one.`,
  ].join('\n');
}

/** `hypermesh catalog install [NAME…] [flags]`: how a command is written. */
export function usageOf(path: string, { positionals }: Command): string {
  const words = positionals.map(({ name, required, many }) => {
    const text = many === true ? `${name}...` : name;
    return required ? ` ${text}` : ` [${text}]`;
  });
  return `hypermesh ${path}${words.join('')} [flags]`;
}

/** Help of one command, from its entry in the tree. */
export function commandHelp(path: string, command: Command): string {
  const flags = [...command.flags, ...commonFlags];
  const labels = flags.map(flagLabel);
  const width = Math.max(
    ...labels.map((label) => label.length),
    ...command.positionals.map(({ name }) => name.length),
  );
  const { examples = [] } = command;
  return [
    `Usage: ${usageOf(path, command)}`,
    '',
    command.summary,
    ...(command.details === undefined ? [] : ['', command.details]),
    '',
    ...command.positionals.map(({ name, describe }) => `  ${name.padEnd(width)}  ${describe}`),
    ...flags.map((flag, index) => `  ${(labels[index] ?? '').padEnd(width)}  ${describeFlag(flag)}`),
    ...(examples.length === 0 ? [] : ['', 'Examples:', ...examples.map((line) => `  ${line}`)]),
  ].join('\n');
}

function flagLabel(flag: Flag): string {
  const short = flag.short === undefined ? '    ' : `-${flag.short}, `;
  return `${short}--${flag.name}${flag.value === undefined ? '' : ` ${flag.value}`}`;
}

/** What a flag does, with what happens without it. */
export function describeFlag(flag: Flag): string {
  return flag.fallback === undefined ? flag.describe : `${flag.describe} (default: ${flag.fallback})`;
}
