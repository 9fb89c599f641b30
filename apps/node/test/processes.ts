import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type ControlClient, connectControl } from '../src/control/client.ts';
import { dataDirectory } from '../src/data-directory.ts';

/** The command as its package starts it, from the sources. */
const sources: readonly string[] = [
  '--conditions=@hypermesh/source',
  fileURLToPath(new URL('./fixtures/hypermesh.ts', import.meta.url)),
];
/** The command as an operator starts it: built, and a daemon with its lean memory. */
const built: readonly string[] = [fileURLToPath(new URL('../bin/hypermesh.mjs', import.meta.url))];

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The object that `--json` prints last. */
  json(): Record<string, unknown>;
}

/** Runs one `hypermesh` command to its end. */
export const hypermesh = (...argv: readonly string[]): Promise<Ended> => hypermeshIn([], ...argv);

/** `hypermesh` below a command that leads it, such as one that enters a namespace. */
export async function hypermeshIn(leading: readonly string[], ...argv: readonly string[]): Promise<Ended> {
  const [program = '', ...words] = [...leading, process.execPath, ...sources, ...argv];
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  const [code] = (await once(child, 'close')) as [number | null];
  return {
    code,
    stdout: stdout(),
    stderr: stderr(),
    json: () => JSON.parse(stdout().trim().split('\n').at(-1) ?? '') as Record<string, unknown>,
  };
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  let text = '';
  stream?.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  return () => text;
}

/** A node that runs as a process of its own. */
export interface RunningNode extends AsyncDisposable {
  readonly pid: number;
  readonly directory: string;
  readonly address: string;
  /** What it logged. */
  log(): string;
  call<T extends object = Record<string, unknown>>(method: string, params?: object): Promise<T>;
  /** Sends a signal and resolves with the exit code, or with the signal that ended it. */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
  /** Closes its standard input and resolves with the exit code. */
  closeStdin(): Promise<number | NodeJS.Signals | null>;
}

/** Starts `hypermesh up` and resolves when it says that it serves. */
export const startNode = (directory: string, ...flags: readonly string[]): Promise<RunningNode> =>
  startNodeIn([], directory, ...flags);

/** `startNode` below a command that leads it. */
export const startNodeIn = (
  leading: readonly string[],
  directory: string,
  ...flags: readonly string[]
): Promise<RunningNode> => startNodeBy([...leading, process.execPath, ...sources], directory, flags);

/** `startNode` with the built command. */
export const startBuiltNode = (directory: string): Promise<RunningNode> =>
  startNodeBy([process.execPath, ...built], directory, []);

async function startNodeBy(
  command: readonly string[],
  directory: string,
  flags: readonly string[],
): Promise<RunningNode> {
  const up = ['up', '--data', directory, '--stop-with-stdin', '--json', ...flags];
  const [program = '', ...argv] = [...command, ...up];
  const child: ChildProcess = spawn(program, argv, { stdio: ['pipe', 'pipe', 'pipe'] });
  const [stdout, log] = [collect(child.stdout), collect(child.stderr)];
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const ended = exited.then(([code, signal]) => signal ?? code);
  let hasEnded = false;
  void ended.then(() => {
    hasEnded = true;
  });
  while (!stdout().includes('\n')) {
    await Promise.race([once(child.stdout ?? child, 'data'), ended]);
    if (hasEnded) throw new Error(`the node ended: ${log()}`);
  }
  const { address } = JSON.parse(stdout().split('\n')[0] ?? '') as { address: string };
  let client: Promise<ControlClient> | undefined;
  const end = (signal: NodeJS.Signals) => {
    client = undefined;
    child.kill(signal);
    return ended;
  };
  return {
    pid: child.pid ?? 0,
    directory,
    address,
    log,
    async call(method, params = {}) {
      client ??= connectControl(dataDirectory(directory).controlSocket, directory);
      return (await client).call(method, params);
    },
    end,
    closeStdin() {
      child.stdin?.end();
      return ended;
    },
    async [Symbol.asyncDispose]() {
      if (!hasEnded) await end('SIGKILL');
    },
  };
}
