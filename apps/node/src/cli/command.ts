import type { Output } from './output.ts';

/** One flag of a command. `value` is its placeholder in help; without it the flag is a switch. */
export interface Flag {
  readonly name: string;
  readonly short?: string;
  readonly value?: string;
  readonly describe: string;
  /** Shown in help; the command itself applies it. */
  readonly fallback?: string;
}

/** One argument without a flag, in order. */
export interface Positional {
  readonly name: string;
  readonly describe: string;
  readonly required: boolean;
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
 * One entry of the table that makes parsing and help. `run` returns what `--json` prints beside `ok: true`; with an own `ok: false`
 * the command ends with exit code 1. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly details?: string;
  readonly positionals: readonly Positional[];
  readonly flags: readonly Flag[];
  run(invocation: Invocation): Promise<object>;
}

/** Flags of every command. */
export const commonFlags: readonly Flag[] = [
  { name: 'json', describe: 'print one JSON object as the last line of stdout' },
  { name: 'help', short: 'h', describe: 'show this help' },
];

/** The flag of every command that works with a node's files. */
export const dataFlag: Flag = {
  name: 'data',
  value: 'DIR',
  describe: "the node's data directory",
  fallback: '~/.hypermesh',
};
