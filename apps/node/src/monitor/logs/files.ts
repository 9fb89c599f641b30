import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

/** How much of the log stays on disk. */
export interface LogBounds {
  /** A file that is longer is ended, bytes. */
  readonly fileBytes: number;
  /** Files that stay, the open one among them. */
  readonly files: number;
}

/** What a node keeps unless told otherwise: 50 MiB. */
export const defaultLogBounds: LogBounds = { fileBytes: 10 * 2 ** 20, files: 5 };

/** The log of one process on disk. */
export interface LogFiles extends Disposable {
  /** Adds a line; false where the disk does not take it. */
  write(line: string): boolean;
}

const namePattern = /^node-(\d{1,12})\.log$/;

/** A folder's files by number, oldest first; none where there is no folder. */
export function logFilesIn(folder: string): readonly { readonly number: number; readonly path: string }[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return names
    .flatMap((name) => {
      const number = namePattern.exec(name)?.[1];
      return number === undefined ? [] : [{ number: Number(number), path: join(folder, name) }];
    })
    .sort((a, b) => a.number - b.number);
}

/** After a failure the disk is tried again so much later. */
const retryMs = 1_000;

/**
 * Opens the log in a folder and goes on in its newest file. Files are numbered and never renamed: a crash at any moment leaves
 * them as they are, and the line that it cut off is ended. Never throws for what the disk does: such lines are lost, and
 * `write` says so.
 */
export function openLogFiles(
  folder: string,
  bounds: LogBounds = defaultLogBounds,
  monotonicMs: () => number = () => performance.now(),
): LogFiles {
  let file: { readonly descriptor: number; readonly number: number; bytes: number } | undefined;
  let failedMs = Number.NEGATIVE_INFINITY;

  function open(number: number): NonNullable<typeof file> {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const descriptor = openSync(join(folder, `node-${number}.log`), 'a+', 0o600);
    const bytes = fstatSync(descriptor).size;
    const last = Buffer.alloc(1);
    const isCut = bytes > 0 && readSync(descriptor, last, 0, 1, bytes - 1) === 1 && last[0] !== 0x0a;
    const ended = isCut ? writeSync(descriptor, '\n') : 0;
    return { descriptor, number, bytes: bytes + ended };
  }

  function next(): NonNullable<typeof file> {
    const before = file;
    if (before !== undefined) {
      file = undefined;
      closeSync(before.descriptor);
    }
    const all = logFilesIn(folder);
    const number = (all.at(-1)?.number ?? 0) + (before === undefined && all.length > 0 ? 0 : 1);
    file = open(number);
    for (const { path } of logFilesIn(folder).slice(0, -bounds.files)) rmSync(path, { force: true });
    return file;
  }

  return {
    write(line) {
      if (monotonicMs() - failedMs < retryMs) return false;
      try {
        const to = file === undefined || file.bytes >= bounds.fileBytes ? next() : file;
        const bytes = Buffer.from(`${line}\n`);
        let written = 0;
        try {
          while (written < bytes.length) written += writeSync(to.descriptor, bytes, written);
        } catch (error) {
          // Half a line would take the next one with it.
          if (written > 0) ftruncateSync(to.descriptor, to.bytes);
          throw error;
        }
        to.bytes += bytes.length;
        return true;
      } catch {
        // The disk may be full or gone; whoever logs must not fail for it. The caller counts what is lost.
        failedMs = monotonicMs();
        return false;
      }
    },
    [Symbol.dispose]() {
      if (file !== undefined) closeSync(file.descriptor);
      file = undefined;
      failedMs = Number.POSITIVE_INFINITY;
    },
  };
}
