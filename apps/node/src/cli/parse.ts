import { parseArgs } from 'node:util';
import { NodeError } from '../errors.ts';
import { type Accepts, type Command, commonFlags, type Entry, type Flag, isGroup } from './command.ts';

/** The command that words mean, with what follows them. */
export interface FoundCommand {
  /** Its words: `catalog install`. */
  readonly path: string;
  readonly command: Command;
  readonly rest: readonly string[];
}

/** Finds what the first words mean: a command, or a whole group where only it was named. Throws `node/unknown-command`. */
export function findEntry(
  tree: readonly Entry[],
  argv: readonly string[],
): FoundCommand | Extract<Entry, { commands: unknown }> {
  const [word = '', ...rest] = argv;
  const entry = tree.find(({ name }) => name === word);
  if (entry === undefined) throw unknown(tree, word);
  if (!isGroup(entry)) return { path: entry.name, command: entry, rest };
  const [second, ...after] = rest;
  if (second === undefined || second === '--help' || second === '-h') return entry;
  const command = entry.commands.find(({ name }) => name === second);
  if (command !== undefined) return { path: `${entry.name} ${command.name}`, command, rest: after };
  const close = nearestName(
    second,
    entry.commands.map(({ name }) => name),
  );
  const commands = entry.commands.map(({ name }) => name).join(', ');
  throw new NodeError(
    {
      code: 'node/unknown-command',
      command: `${word} ${second}`,
      next:
        close === undefined
          ? `hypermesh ${word} has: ${commands}`
          : `did you mean: hypermesh ${word} ${close}?`,
    },
    second.startsWith('-')
      ? `hypermesh ${word} needs a command before ${second}`
      : `There is no command ${word} ${second}`,
  );
}

/** A word that is a command of exactly one group, or near one, leads there. */
function unknown(tree: readonly Entry[], word: string): NodeError {
  const grouped = tree.flatMap((entry) =>
    isGroup(entry) ? entry.commands.map(({ name }) => ({ name, path: `${entry.name} ${name}` })) : [],
  );
  const shown = tree.filter((entry) => isGroup(entry) || entry.isHidden !== true).map(({ name }) => name);
  const close = nearestName(word, [
    ...grouped.map(({ name }) => name).filter((name) => name === word),
    ...shown,
  ]);
  const near =
    close ??
    nearestName(
      word,
      grouped.map(({ name }) => name),
    );
  const meant = shown.includes(near ?? '')
    ? [`hypermesh ${near}`]
    : grouped.filter(({ name }) => name === near).map(({ path }) => `hypermesh ${path}`);
  const next =
    meant.length === 0 ? 'hypermesh --help lists the commands' : `did you mean: ${meant.join(', or ')}?`;
  return new NodeError({ code: 'node/unknown-command', command: word, next }, `There is no command ${word}`);
}

/** What was typed, checked against the command's table entry. */
export interface ParsedArguments {
  readonly flags: Readonly<Record<string, string | true | undefined>>;
  readonly positionals: readonly string[];
}

/**
 * Parses what follows the command's words. Throws `node/bad-flag` for an unknown flag (naming the nearest known one), a
 * flag twice, a missing, unwanted or impossible value, and for missing or surplus arguments.
 */
export function parseCommandLine({ path, command, rest }: FoundCommand): ParsedArguments {
  const known = [...command.flags, ...commonFlags];
  const { tokens } = parseArgs({
    args: [...rest],
    options: Object.fromEntries(known.map((flag) => [flag.name, parseOption(flag)])),
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const flags: Record<string, string | true | undefined> = Object.create(null);
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') {
      positionals.push(token.value);
      continue;
    }
    const flag = known.find(({ name }) => name === token.name);
    if (flag === undefined) throw badFlag(token.rawName, nearest(token.name, known, path));
    if (flags[flag.name] !== undefined) throw badFlag(token.rawName, 'give it once');
    if (flag.value === undefined && token.value !== undefined) {
      throw badFlag(token.rawName, 'it is a switch and takes no value');
    }
    if (flag.value !== undefined && isMissing(token)) {
      throw badFlag(token.rawName, `it needs a value: --${flag.name} ${flag.value}`);
    }
    if (token.value !== undefined) checkValue(token.rawName, token.value, flag.accepts);
    flags[flag.name] = token.value ?? true;
  }
  if (flags['help'] !== true) checkPositionals(path, command, positionals);
  return { flags, positionals };
}

function parseOption(flag: Flag) {
  return {
    type: flag.value === undefined ? ('boolean' as const) : ('string' as const),
    ...(flag.short === undefined ? {} : { short: flag.short }),
  };
}

/** An empty value is a variable that was not set; a separate one that begins with a hyphen is the next flag. */
function isMissing(token: { inlineValue?: boolean | undefined; value?: string | undefined }): boolean {
  const { value, inlineValue } = token;
  return value === undefined || value === '' || (inlineValue === false && value.startsWith('-'));
}

function checkPositionals(path: string, command: Command, given: readonly string[]) {
  const { positionals } = command;
  const missing = positionals.find(({ required }, index) => required && given[index] === undefined);
  if (missing !== undefined) {
    throw badFlag(
      missing.name,
      `say which: hypermesh ${path} ${missing.name} (${missing.describe})`,
      `${missing.name} is missing`,
    );
  }
  const last = positionals.at(-1);
  const surplus = last?.many === true ? undefined : given[positionals.length];
  if (surplus !== undefined) {
    throw badFlag(surplus, `hypermesh ${path} --help shows what it takes`);
  }
  given.forEach((value, index) => {
    const positional = positionals[index] ?? last;
    if (value === '') {
      throw badFlag(positional?.name ?? value, 'it is empty: a variable that was not set?');
    }
    checkValue(positional?.name ?? value, value, positional?.accepts);
  });
}

function checkValue(name: string, value: string, accepts: Accepts | undefined): void {
  if (accepts === undefined) return;
  const wrong = `${JSON.stringify(value)} is no value for ${name}`;
  if ('oneOf' in accepts && !accepts.oneOf.includes(value)) {
    const close = nearestName(value, accepts.oneOf);
    throw badFlag(
      name,
      close === undefined ? `give ${oneOfWords(accepts.oneOf)}` : `did you mean ${close}?`,
      wrong,
    );
  }
  if (!('whole' in accepts)) return;
  const { least = 0, most } = accepts;
  const isWhole = /^\d{1,18}$/.test(value);
  if (isWhole && BigInt(value) >= BigInt(least) && (most === undefined || BigInt(value) <= BigInt(most)))
    return;
  const range = most === undefined ? `from ${least}` : `from ${least} to ${most}`;
  throw badFlag(name, `give a whole number ${range}`, wrong);
}

/** `a, b or c`. */
export function oneOfWords(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

function badFlag(flag: string, next: string, message = `Cannot use ${JSON.stringify(flag)} here`) {
  return new NodeError({ code: 'node/bad-flag', flag, next }, message);
}

function nearest(typed: string, known: readonly Flag[], path: string): string {
  const close = nearestName(
    typed,
    known.map(({ name }) => name),
  );
  return close === undefined ? `hypermesh ${path} --help lists the flags` : `did you mean --${close}?`;
}

/** The name that is least far from what was typed, if it is so near that it may be meant. */
export function nearestName(typed: string, names: readonly string[]): string | undefined {
  const most = Math.min(2, Math.floor(typed.length / 2));
  const [best] = names
    .map((name) => ({ name, edits: distance(typed, name) }))
    .filter(({ edits }) => edits <= most)
    .sort((a, b) => a.edits - b.edits);
  return best?.name;
}

/** Edit distance (Levenshtein) of a text that somebody typed, however long, and a short name. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, substitution));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
