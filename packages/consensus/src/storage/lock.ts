import { open, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ConsensusError } from '../errors.ts';

const held = new Set<string>();

/** When the process started, in the kernel's ticks: tells a reused process id apart. Empty where there is no /proc. */
async function startOf(pid: number): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
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

/** Makes this process the only one that uses `dir`; the answer frees it. A lock whose process is gone is taken over. */
export async function lockDirectory(dir: string): Promise<() => Promise<void>> {
  const file = join(dir, 'lock');
  const name = resolve(dir);
  if (held.has(name)) throw locked(dir, process.pid);
  held.add(name);
  try {
    await claim(file, dir);
  } catch (error) {
    held.delete(name);
    throw error;
  }
  return async () => {
    held.delete(name);
    await rm(file, { force: true });
  };
}

async function claim(file: string, dir: string): Promise<void> {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      const handle = await open(file, 'wx');
      await handle.writeFile(`${process.pid} ${await startOf(process.pid)}`);
      await handle.close();
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const [pidText = '', start = ''] = (await readFile(file, 'utf8').catch(() => '')).split(' ');
    const pid = Number(pidText);
    const isOther = pid > 0 && pid !== process.pid && isAlive(pid) && (await startOf(pid)) === start;
    if (isOther) throw locked(dir, pid);
    await rm(file, { force: true });
  }
  throw locked(dir, 0);
}

function locked(dir: string, pid: number): ConsensusError {
  return new ConsensusError(
    { code: 'consensus/storage-locked', dir, pid },
    `${dir} is in use by process ${pid}: one validator has one owner`,
  );
}
