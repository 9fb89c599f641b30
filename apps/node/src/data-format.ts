import { type DataDirectory, readIfPresent, writeDurably } from './data-directory.ts';
import { NodeError } from './errors.ts';

/** Version of the format of data directories that this code reads and writes. */
export const currentFormat = 2;

/** The format of a data directory: one without a file `format` has the first. Throws `node/damaged-file`. */
export function formatOf(directory: DataDirectory): number {
  const text = readIfPresent(directory.format)?.toString('utf8').trim();
  if (text === undefined) return 1;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new NodeError(
    {
      code: 'node/damaged-file',
      file: directory.format,
      reason: 'it names no version',
      next: 'restore it from a backup',
    },
    `${directory.format} names no version of a data directory`,
  );
}

/** Says that a new data directory has the present format. */
export function writeFormat(directory: DataDirectory): void {
  writeDurably(directory.format, `${currentFormat}\n`);
}
