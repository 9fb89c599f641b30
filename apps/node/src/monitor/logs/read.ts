import { type FileHandle, open } from 'node:fs/promises';
import { logFilesIn } from './files.ts';
import { isWanted, type LogFilter, type LogLine, parseLogLine } from './line.ts';

/** A line with its place, by which older ones are asked for. */
export interface PlacedLine extends LogLine {
  /** File and byte: `NUMBER.OFFSET`. */
  readonly place: string;
}

const blockBytes = 64 * 1024;
const placePattern = /^(\d{1,12})\.(\d{1,12})$/;

/** The newest lines that are wanted, newest first. */
export async function readLogs(
  folder: string,
  asked: LogFilter & {
    readonly limit: number;
    readonly before?: string | undefined;
    readonly signal?: AbortSignal;
  },
): Promise<readonly PlacedLine[]> {
  const [, fileText, offsetText] = placePattern.exec(asked.before ?? '') ?? [];
  const found: PlacedLine[] = [];
  for (const { number, path } of logFilesIn(folder).toReversed()) {
    if (fileText !== undefined && number > Number(fileText)) continue;
    const end = number === Number(fileText) ? Number(offsetText) : undefined;
    for await (const { text, offset } of linesBackwards(path, end)) {
      asked.signal?.throwIfAborted();
      const line = parseLogLine(text);
      if (line === undefined) continue;
      if (isWanted(line, asked)) found.push({ ...line, place: `${number}.${offset}` });
      if (found.length >= asked.limit) return found;
    }
  }
  return found;
}

/** Lines of a file from its end, or from a byte before which they stand, to its beginning. */
async function* linesBackwards(
  path: string,
  end: number | undefined,
): AsyncGenerator<{ readonly text: string; readonly offset: number }, void, undefined> {
  const file = await openIfThere(path);
  if (file === undefined) return;
  try {
    const { size } = await file.stat();
    let at = Math.min(end ?? size, size);
    let rest = Buffer.alloc(0);
    while (at > 0) {
      const length = Math.min(blockBytes, at);
      at -= length;
      const block = Buffer.alloc(length);
      const { bytesRead } = await file.read(block, 0, length, at);
      let bytes = Buffer.concat([block.subarray(0, bytesRead), rest]);
      for (;;) {
        // The newline that ends a line stands behind it: what is looked for is the one before.
        const cut = bytes.lastIndexOf(0x0a, bytes.length - 2);
        if (cut < 0 || bytes.length < 2) break;
        yield { text: bytes.toString('utf8', cut + 1).trimEnd(), offset: at + cut + 1 };
        bytes = bytes.subarray(0, cut + 1);
      }
      rest = Buffer.from(bytes);
    }
    if (rest.length > 0) yield { text: rest.toString('utf8').trimEnd(), offset: 0 };
  } finally {
    await file.close();
  }
}

/** The place behind the last line: lines before it are there, what comes stands behind it. */
export async function endOfLogs(folder: string): Promise<string> {
  const last = logFilesIn(folder).at(-1);
  return last === undefined ? '0.0' : `${last.number}.${await sizeOf(last.path)}`;
}

/** Lines that come behind a place, until `signal` aborts; looks every quarter of a second, over the ends of files. */
export async function* followLogs(
  folder: string,
  filter: LogFilter & { readonly after: string },
  signal: AbortSignal,
): AsyncGenerator<LogLine, void, undefined> {
  let [number = 0, at = 0] = filter.after.split('.').map(Number);
  while (!signal.aborted) {
    for (const file of logFilesIn(folder)) {
      if (file.number < number) continue;
      if (file.number > number) [number, at] = [file.number, 0];
      const bytes = await readFrom(file.path, at);
      const end = bytes.lastIndexOf(0x0a) + 1;
      at += end;
      for (const text of bytes.toString('utf8', 0, end).split('\n')) {
        const line = parseLogLine(text);
        if (line !== undefined && isWanted(line, filter)) yield line;
      }
    }
    await pause(250, signal);
  }
}

async function sizeOf(path: string): Promise<number> {
  const file = await openIfThere(path);
  if (file === undefined) return 0;
  try {
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

async function readFrom(path: string, at: number): Promise<Buffer> {
  const file = await openIfThere(path);
  if (file === undefined) return Buffer.alloc(0);
  try {
    const { size } = await file.stat();
    const block = Buffer.alloc(Math.max(0, Math.min(size - at, 1024 * 1024)));
    const { bytesRead } = await file.read(block, 0, block.length, at);
    return block.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** A file that was taken away meanwhile is none. */
async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
