import type { Output } from './output.ts';

/** Lists of names that the running node can give: shells complete them. */
export const nameLists = [
  'packages',
  'installed',
  'members',
  'assets',
  'extensions',
  'operations',
  'signers',
  'regions',
  'grants',
  'leases',
] as const;
/** One of the lists of names. */
export type NameList = (typeof nameLists)[number];

/** What a value must be, and how shells complete it: choices and whole numbers are checked when the line is parsed. */
export type Accepts =
  | { readonly oneOf: readonly string[] }
  | { readonly whole: true; readonly least?: number; readonly most?: number }
  | { readonly file: true }
  | { readonly folder: true }
  | { readonly from: NameList };

/** One flag of a command. `value` is its placeholder in help; without it the flag is a switch. */
export interface Flag {
  readonly name: string;
  readonly short?: string;
  readonly value?: string;
  readonly describe: string;
  /** Shown in help; the command itself applies it. */
  readonly fallback?: string;
  readonly accepts?: Accepts;
}

/** One argument without a flag, in order. */
export interface Positional {
  readonly name: string;
  readonly describe: string;
  readonly required: boolean;
  /** Of the last one alone: it takes all that follow. */
  readonly many?: true;
  readonly accepts?: Accepts;
}

/** What a command works with. `flags` holds texts for flags with values and `true` for switches that were given. */
export interface Invocation {
  readonly flags: Readonly<Record<string, string | true | undefined>>;
  readonly positionals: readonly string[];
  readonly output: Output;
  /** Aborts on SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
}

/**
 * One entry of the tree that makes parsing, help, completion and the reference. `run` returns what `--json` prints beside
 * `v`, `ok` and `command`; with an own `ok: false` the command ends with exit code 1. */
export interface Command {
  /** Its last word. */
  readonly name: string;
  readonly summary: string;
  readonly details?: string;
  readonly positionals: readonly Positional[];
  readonly flags: readonly Flag[];
  /** Whole lines that a person may copy. */
  readonly examples?: readonly string[];
  /** Kept out of help, completion and the reference: for the scripts that this program prints. */
  readonly isHidden?: true;
  run(invocation: Invocation): Promise<object>;
}

/** Commands that belong together, below one word. */
export interface Group {
  readonly name: string;
  readonly summary: string;
  readonly details?: string;
  readonly commands: readonly Command[];
}

/** What stands in the tree. */
export type Entry = Command | Group;

/** Whether an entry of the tree is a group. */
export function isGroup(entry: Entry): entry is Group {
  return 'commands' in entry;
}

/** Every command with its words, groups opened, in the tree's order; hidden ones left out. */
export function commandsOf(
  tree: readonly Entry[],
): readonly { readonly path: string; readonly command: Command }[] {
  return tree.flatMap((entry) =>
    isGroup(entry)
      ? entry.commands.map((command) => ({ path: `${entry.name} ${command.name}`, command }))
      : entry.isHidden
        ? []
        : [{ path: entry.name, command: entry }],
  );
}

/** Flags of every command. */
export const commonFlags: readonly Flag[] = [
  { name: 'json', describe: 'print one JSON object as the last line of stdout' },
  { name: 'quiet', short: 'q', describe: 'print no words, only failures' },
  { name: 'help', short: 'h', describe: 'show this help' },
];

/** The flag of every command that works with a node's files. */
export const dataFlag: Flag = {
  name: 'data',
  value: 'DIR',
  describe: "the node's data directory",
  fallback: '~/.hypermesh',
  accepts: { folder: true },
};

/** The flag of commands that spend or share something. */
export const dryRunFlag: Flag = { name: 'dry-run', describe: 'say what would be done, and do nothing' };

/** Whether `--dry-run` was given; says so first. */
export function isDryRun({ flags, output }: Invocation): boolean {
  if (flags['dry-run'] !== true) return false;
  output.line('Dry run: nothing is done.');
  return true;
}
