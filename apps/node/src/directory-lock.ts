import { linkSync, renameSync, rmSync } from 'node:fs';
import { type DataDirectory, makeFolder, readIfPresent, writeDurably } from './data-directory.ts';
import { NodeError } from './errors.ts';

/** Most times that a lock of a dead process is taken away before somebody else must be at it too. */
const maxTakeovers = 3;

/**
 * Claims the directory for one process. Throws `node/already-running`; a lock left by a dead process is taken over. The
 * lock appears with its content, and a dead one is moved away before it is judged for the last time, so that of two
 * processes that start at once one gets it.
 */
export function lockDirectory(directory: DataDirectory): Disposable {
  makeFolder(directory.path);
  const own = `${directory.lock}.${process.pid}`;
  const text = `${process.pid} ${processStart(process.pid) ?? ''}\n`;
  writeDurably(own, text);
  try {
    for (let takeovers = 0; ; takeovers++) {
      if (linkIfFree(own, directory.lock)) break;
      const holder = lockHolder(directory);
      if (holder !== undefined || takeovers >= maxTakeovers) throw alreadyRunning(directory, holder);
      const dead = `${own}.dead`;
      if (!renameIfPresent(directory.lock, dead)) continue;
      // Somebody may have taken the dead lock over meanwhile: theirs goes back.
      if (holderIn(dead) !== undefined) linkIfFree(dead, directory.lock);
      rmSync(dead, { force: true });
    }
  } finally {
    rmSync(own, { force: true });
  }
  return {
    [Symbol.dispose]() {
      if (readIfPresent(directory.lock)?.toString('utf8') === text) rmSync(directory.lock, { force: true });
    },
  };
}

function linkIfFree(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function renameIfPresent(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** The process that holds the directory, or undefined where none that lives does. */
export function lockHolder(directory: DataDirectory): number | undefined {
  return holderIn(directory.lock);
}

function holderIn(lock: string): number | undefined {
  const [pidText = '', start = ''] = (readIfPresent(lock)?.toString('utf8') ?? '').trim().split(' ');
  const pid = Number(pidText);
  if (!Number.isSafeInteger(pid) || pid <= 0 || !isAlive(pid)) return undefined;
  // A recycled process id has another start time.
  const now = processStart(pid);
  return start === '' || now === undefined || now === start ? pid : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Start time of a process in clock ticks since boot, where the system tells (Linux). */
function processStart(pid: number): string | undefined {
  const stat = readIfPresent(`/proc/${pid}/stat`)?.toString('utf8');
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

function alreadyRunning(directory: DataDirectory, pid = 0): NodeError {
  return new NodeError(
    {
      code: 'node/already-running',
      directory: directory.path,
      pid,
      next: 'stop that process, or use another --data',
    },
    `${directory.path} is in use already${pid === 0 ? '' : ` by process ${pid}`}`,
  );
}
