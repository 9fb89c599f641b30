import { parseArgs } from 'node:util';
import { NodeError } from '../errors.ts';
import { type Command, commonFlags, type Flag } from './command.ts';

/** What was typed, checked against the command's table entry. */
export interface ParsedArguments {
  readonly flags: Readonly<Record<string, string | true | undefined>>;
  readonly positionals: readonly string[];
}

/**
 * Parses what follows the command's name. Throws `node/bad-flag` for an unknown flag (naming the nearest known one), a
 * flag twice, a missing or unwanted value, and for missing or surplus arguments.
 */
export function parseCommandLine(command: Command, argv: readonly string[]): ParsedArguments {
  const known = [...command.flags, ...commonFlags];
  const { tokens } = parseArgs({
    args: [...argv],
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
    if (flag === undefined) throw badFlag(token.rawName, nearest(token.name, known, command));
    if (flags[flag.name] !== undefined) throw badFlag(token.rawName, 'give it once');
    if (flag.value === undefined && token.value !== undefined) {
      throw badFlag(token.rawName, 'it is a switch and takes no value');
    }
    if (flag.value !== undefined && isMissing(token)) {
      throw badFlag(token.rawName, `it needs a value: --${flag.name} ${flag.value}`);
    }
    flags[flag.name] = token.value ?? true;
  }
  checkPositionals(command, positionals, flags['help'] === true);
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

function checkPositionals(command: Command, given: readonly string[], wantsHelp: boolean) {
  if (wantsHelp) return;
  const missing = command.positionals.find(({ required }, index) => required && given[index] === undefined);
  if (missing !== undefined) {
    throw badFlag(missing.name, `say which: hypermesh ${command.name} ${missing.name} (${missing.describe})`);
  }
  const surplus = given[command.positionals.length];
  if (surplus !== undefined) throw badFlag(surplus, `hypermesh ${command.name} --help shows what it takes`);
}

function badFlag(flag: string, next: string) {
  return new NodeError({ code: 'node/bad-flag', flag, next }, `Cannot use ${JSON.stringify(flag)} here`);
}

function nearest(typed: string, known: readonly Flag[], command: Command): string {
  const close = nearestName(
    typed,
    known.map(({ name }) => name),
  );
  return close === undefined
    ? `hypermesh ${command.name} --help lists the flags`
    : `did you mean --${close}?`;
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
