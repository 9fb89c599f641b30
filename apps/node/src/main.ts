import { isGroup } from './cli/command.ts';
import { tree } from './cli/commands.ts';
import { exitCodeOf } from './cli/exit-codes.ts';
import { commandHelp, groupHelp, programHelp } from './cli/help.ts';
import { createOutput, jsonVersion, painted, printable, toJson } from './cli/output.ts';
import { type FoundCommand, findEntry, parseCommandLine } from './cli/parse.ts';
import { version } from './version.ts';

/** Runs one command line and sets the exit code; `cli/exit-codes.ts` lists them. */
export async function main(argv: readonly string[]): Promise<void> {
  const interrupt = new AbortController();
  // The first signal asks for an end in order, the second one is the end.
  const onSignal = (name: NodeJS.Signals) => {
    if (interrupt.signal.aborted) process.exit(130);
    interrupt.abort(new Error(`stopped by ${name}`));
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  // A reader that goes away (`hypermesh status | head`) is no failure of ours.
  for (const stream of [process.stdout, process.stderr])
    stream.off('error', unlessGone).on('error', unlessGone);
  process.exitCode = await dispatch(argv, interrupt.signal);
  process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
}

function unlessGone(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

async function dispatch(argv: readonly string[], signal: AbortSignal): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === '--help' || name === '-h') {
    console.log(programHelp(tree, version()));
    return 0;
  }
  if (name === '--version') {
    console.log(version());
    return 0;
  }
  if (name === 'help') return dispatch(rest.length === 0 ? [] : [...rest, '--help'], signal);
  const json = argv.includes('--json');
  let path: string | undefined;
  try {
    const found = findEntry(tree, argv);
    if ('commands' in found && isGroup(found)) {
      console.log(groupHelp(found));
      return 0;
    }
    path = found.path;
    return await runCommand(found, json, signal);
  } catch (error) {
    return fail(error, path, { json, interrupted: signal.aborted });
  }
}

async function runCommand(found: FoundCommand, json: boolean, signal: AbortSignal): Promise<number> {
  const { path, command } = found;
  const { flags, positionals } = parseCommandLine(found);
  if (flags['help'] === true) {
    console.log(commandHelp(path, command));
    return 0;
  }
  const output = createOutput({ json, isQuiet: flags['quiet'] === true });
  try {
    const result = await command.run({ flags, positionals, output, signal });
    output.progress(undefined);
    const ok = !('ok' in result && result.ok === false);
    if (json) console.log(toJson({ v: jsonVersion, ok, command: path, ...result }));
    return ok ? 0 : 1;
  } finally {
    output.progress(undefined);
  }
}

function fail(
  error: unknown,
  path: string | undefined,
  { json, interrupted }: { readonly json: boolean; readonly interrupted: boolean },
): number {
  const failure =
    error instanceof Error && 'failure' in error
      ? (error.failure as { code: string; next?: string })
      : undefined;
  const message = error instanceof Error ? error.message : String(error);
  if (json) {
    const described = { code: 'node/internal', ...failure, message };
    const command = path === undefined ? {} : { command: path };
    console.log(toJson({ v: jsonVersion, ok: false, ...command, error: described }));
  }
  console.error(`${painted('hypermesh:', 'bad', process.stderr)} ${printable(message)}`);
  if (failure?.next !== undefined) console.error(printable(`  ${failure.next}`));
  if (failure === undefined && process.env['HYPERMESH_TRACE'] !== undefined) console.error(error);
  return interrupted ? 130 : exitCodeOf(failure);
}
