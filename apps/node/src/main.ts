import { readFileSync } from 'node:fs';
import type { Command } from './cli/command.ts';
import { commands } from './cli/commands.ts';
import { commandHelp, programHelp } from './cli/help.ts';
import { createOutput, printable, toJson } from './cli/output.ts';
import { nearestName, parseCommandLine } from './cli/parse.ts';
import { NodeError } from './errors.ts';

/** Exit codes: 0 done, 1 could not be done, 2 wrong use of the command line, 130 interrupted. */
export async function main(argv: readonly string[]): Promise<void> {
  const interrupt = new AbortController();
  // The first signal asks for an end in order, the second one is the end.
  const onSignal = (name: NodeJS.Signals) => {
    if (interrupt.signal.aborted) process.exit(130);
    interrupt.abort(new Error(`stopped by ${name}`));
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  // A reader that goes away (`hypermesh status | head`) is no failure of ours.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
  process.exitCode = await dispatch(argv, interrupt.signal);
  process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
}

async function dispatch(argv: readonly string[], signal: AbortSignal): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    console.log(programHelp(commands, version()));
    return 0;
  }
  if (name === '--version') {
    console.log(version());
    return 0;
  }
  const json = rest.includes('--json');
  try {
    const command = commands.find((entry) => entry.name === name);
    if (command === undefined) throw unknownCommand(name);
    return await runCommand(command, rest, json, signal);
  } catch (error) {
    return fail(error, json, signal.aborted);
  }
}

async function runCommand(
  command: Command,
  argv: readonly string[],
  json: boolean,
  signal: AbortSignal,
): Promise<number> {
  const { flags, positionals } = parseCommandLine(command, argv);
  if (flags['help'] === true) {
    console.log(commandHelp(command));
    return 0;
  }
  const output = createOutput(json);
  try {
    const result = await command.run({ flags, positionals, output, signal });
    output.progress(undefined);
    if (json) console.log(toJson({ ok: true, ...result }));
    return 'ok' in result && result.ok === false ? 1 : 0;
  } finally {
    output.progress(undefined);
  }
}

function fail(error: unknown, json: boolean, interrupted: boolean): number {
  const failure =
    error instanceof Error && 'failure' in error
      ? (error.failure as { code: string; next?: string })
      : undefined;
  const message = error instanceof Error ? error.message : String(error);
  if (json) console.log(toJson({ ok: false, error: { code: 'node/internal', ...failure, message } }));
  console.error(printable(`hypermesh: ${message}`));
  if (failure?.next !== undefined) console.error(printable(`  ${failure.next}`));
  if (failure === undefined && process.env['HYPERMESH_TRACE'] !== undefined) console.error(error);
  if (interrupted) return 130;
  return failure?.code === 'node/bad-flag' || failure?.code === 'node/unknown-command' ? 2 : 1;
}

function unknownCommand(typed: string): NodeError {
  const close = nearestName(
    typed,
    commands.map(({ name }) => name),
  );
  const next =
    close === undefined ? 'hypermesh --help lists the commands' : `did you mean: hypermesh ${close}?`;
  return new NodeError(
    { code: 'node/unknown-command', command: typed, next },
    `There is no command ${typed}`,
  );
}

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
