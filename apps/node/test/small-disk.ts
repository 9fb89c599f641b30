import { spawnSync } from 'node:child_process';
import { closeSync, cpSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type ControlClient, connectControl } from '../src/control/client.ts';
import { dataDirectory } from '../src/data-directory.ts';
import { type RunningNode, startNodeIn } from './processes.ts';

/** A node whose data directory lies on a file system of its own, of a few mebibytes. */
export interface NodeOnSmallDisk extends AsyncDisposable {
  readonly node: RunningNode;
  call<T extends object = Record<string, unknown>>(method: string, params?: object): Promise<T>;
  /** Takes all of the space but `leaveBytes`. */
  fill(leaveBytes?: number): void;
  /** Gives it back. */
  free(): void;
  freeBytes(): number;
  /** Copies the data directory to a place that stays. */
  copyTo(path: string): void;
}

/** Why this machine has no small disks, or undefined. */
export function smallDisksAbsent(): string | undefined {
  if (process.platform !== 'linux') return 'namespaces are a thing of Linux';
  const tried = spawnSync('unshare', ['-Urm', 'sh', '-c', 'mount -t tmpfs none /tmp'], { encoding: 'utf8' });
  if (tried.status === 0) return undefined;
  return `no mount namespace is to be had: ${tried.error?.message ?? tried.stderr.trim()}`;
}

/** Starts a copy of a data directory on a tmpfs that only the node sees. */
export async function startOnSmallDisk(
  from: string,
  at: string,
  mebibytes: number,
): Promise<NodeOnSmallDisk> {
  const prepare =
    'mkdir -p "$2" && mount -t tmpfs -o size="$3"m,mode=700 none "$2" && cp -a "$1"/. "$2"/ && shift 3 && exec "$@"';
  const node = await startNodeIn(
    ['unshare', '-Urm', 'sh', '-c', prepare, 'sh', from, at, `${mebibytes}`],
    at,
  );
  const inside = (path: string) => join('/proc', `${node.pid}`, 'root', path);
  const filler = inside(join(at, 'filler'));
  const { controlSocket } = dataDirectory(at);
  let client: Promise<ControlClient> | undefined;
  const freeBytes = () => {
    const { bavail, bsize } = statfsSync(inside(at));
    return bavail * bsize;
  };
  return {
    node,
    freeBytes,
    async call(method, params = {}) {
      client ??= connectControl(inside(controlSocket), inside(at));
      return (await client).call(method, params);
    },
    fill(leaveBytes = 0) {
      const file = openSync(filler, 'a');
      try {
        const part = new Uint8Array(2 ** 16);
        while (freeBytes() > leaveBytes) writeSync(file, part);
      } catch (error) {
        // The node may have been quicker with the last of it.
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      } finally {
        closeSync(file);
      }
    },
    free: () => rmSync(filler, { force: true }),
    copyTo: (path) =>
      cpSync(inside(at), path, { recursive: true, filter: (name) => !name.endsWith('.sock') }),
    [Symbol.asyncDispose]: () => node[Symbol.asyncDispose](),
  };
}
