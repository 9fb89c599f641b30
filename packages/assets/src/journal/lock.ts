import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { AssetsError } from '../errors.ts';

const held = new Set<string>();

/** When a process started, in the kernel's ticks: tells a reused process id apart. Empty where there is no /proc. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    // Another operating system: the process id alone has to do.
    return '';
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Makes this process the only one that uses a file; the answer frees it. A lock whose process is gone is taken over. */
export function lockFile(path: string): () => void {
  const file = `${resolve(path)}.lock`;
  if (held.has(file)) throw locked(path, process.pid);
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      const handle = openSync(file, 'wx', 0o600);
      writeSync(handle, `${process.pid} ${startOf(process.pid)}`);
      closeSync(handle);
      held.add(file);
      return () => {
        held.delete(file);
        rmSync(file, { force: true });
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const [pidText = '', start = ''] = readOwner(file).split(' ');
    const pid = Number(pidText);
    const isOther = pid > 0 && pid !== process.pid && isAlive(pid) && startOf(pid) === start;
    if (isOther) throw locked(path, pid);
    rmSync(file, { force: true });
  }
  throw locked(path, 0);
}

function readOwner(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    // Freed between the two looks at it.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

function locked(path: string, pid: number): AssetsError {
  return new AssetsError(
    { code: 'assets/journal-locked', file: path, pid },
    `${path} is in use by process ${pid}: a journal has one owner`,
  );
}
