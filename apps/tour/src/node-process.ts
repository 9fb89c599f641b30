import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Progress } from '@hypermesh/client';
import { type ControlClient, connectControl, dataDirectory, type NodeStatus } from '@hypermesh/node/control';

/** The command line of a node, as a user of the package runs it. */
const binary = fileURLToPath(
  new URL('../../bin/hypermesh.mjs', import.meta.resolve('@hypermesh/node/control')),
);

/** Runs one `hypermesh` command to its end and answers its JSON. Throws with what it said where it failed. */
export async function hypermesh(
  argv: readonly string[],
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  const child = spawn(process.execPath, [...process.execArgv, binary, ...argv, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`hypermesh ${argv[0]} failed: ${err.trim() || `exit code ${code}`}`);
  return JSON.parse(out.trim().split('\n').at(-1) ?? '{}') as Record<string, unknown>;
}

/** One node: its folder, its process while it runs, and a way to ask it things. */
export interface NodeProcess {
  readonly name: string;
  readonly directory: string;
  readonly pid: number | undefined;
  /** Greatest resident size that `status` has told of any process of this node, bytes. */
  readonly peakResidentBytes: number;
  /** Starts `hypermesh up`; resolves when its control socket answers. */
  start(signal: AbortSignal): Promise<void>;
  call<T extends object>(
    method: string,
    params: object,
    options?: {
      readonly signal?: AbortSignal;
      readonly onProgress?: (text: string, progress: Progress) => void;
    },
  ): Promise<T>;
  status(): Promise<NodeStatus>;
  /** Resolves when the present process is gone, whatever ended it. */
  ended(): Promise<void>;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM, and SIGKILL where that is not followed in time; resolves when the process is gone. */
  stop(): Promise<void>;
}

/** Time that a node has to stop by itself, milliseconds. */
const stopMs = 5_000;

/** Describes a node whose data is in `directory`; nothing runs yet. */
export function createNodeProcess(name: string, directory: string): NodeProcess {
  let child: ChildProcess | undefined;
  let exited: Promise<unknown> = Promise.resolve();
  let client: Promise<ControlClient> | undefined;
  const paths = dataDirectory(directory);
  let peakResidentBytes = 0;

  /** One connection for all calls; one that could not be opened or ended is opened anew for the next call. */
  function connect(): Promise<ControlClient> {
    client ??= connectControl(paths.controlSocket, directory);
    const present = client;
    present.catch(() => {
      if (client === present) client = undefined;
    });
    return present;
  }

  function disconnect(): void {
    client?.then(
      (open) => open[Symbol.dispose](),
      () => undefined,
    );
    client = undefined;
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    disconnect();
    if (child === undefined) return;
    child.kill(signal);
    const timer = setTimeout(() => child?.kill('SIGKILL'), stopMs);
    await exited;
    clearTimeout(timer);
    child = undefined;
  }

  return {
    name,
    directory,
    get pid() {
      return child?.pid;
    },
    get peakResidentBytes() {
      return peakResidentBytes;
    },
    async start(signal) {
      await mkdir(directory, { recursive: true });
      const log = createWriteStream(join(directory, 'daemon.log'), { flags: 'a' });
      await once(log, 'open');
      // The node ends with its standard input, so that none is left behind when this process is killed.
      const started = spawn(
        process.execPath,
        [...process.execArgv, binary, 'up', '--data', directory, '--stop-with-stdin', '--json'],
        { stdio: ['pipe', 'pipe', 'pipe'] },
      );
      child = started;
      // A process that cannot be started has ended too; `ready` tells why.
      exited = once(started, 'exit').catch(() => undefined);
      started.stderr?.pipe(log);
      await ready(started, name, directory, signal);
    },
    async call(method, params, { signal, onProgress } = {}) {
      const control = await connect();
      try {
        return await control.call(method, params, {
          ...(signal === undefined ? {} : { signal }),
          ...(onProgress === undefined
            ? {}
            : { onProgress: (progress) => onProgress(progress.text, progress) }),
        });
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'node/not-running') disconnect();
        throw error;
      }
    },
    async status() {
      const status = await (await connect()).call<NodeStatus>('status');
      peakResidentBytes = Math.max(peakResidentBytes, status.peakResidentBytes);
      return status;
    },
    async ended() {
      await exited;
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  };
}

/** Waits for the line with which a node says that it serves. */
async function ready(
  child: ChildProcess,
  name: string,
  directory: string,
  signal: AbortSignal,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let text = '';
    const settle = (outcome: () => void) => {
      child.off('exit', fail).off('error', fail);
      signal.removeEventListener('abort', stop);
      outcome();
    };
    const fail = (cause: unknown) =>
      settle(() =>
        reject(new Error(`${name} did not start; see ${join(directory, 'daemon.log')}`, { cause })),
      );
    const stop = () => {
      child.kill('SIGTERM');
      settle(() => reject(signal.reason));
    };
    child.once('exit', fail).once('error', fail);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) return stop();
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (!text.includes('\n')) return;
      child.stdout?.removeAllListeners('data').resume();
      settle(resolve);
    });
  });
}
