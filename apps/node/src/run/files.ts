import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { NodeError } from '../errors.ts';
import { maxInputBytes } from './protocol.ts';

/**
 * Reads a file of the person who asks: the daemon runs as the same user. Only a plain file: a pipe or a device would
 * never end. Throws `node/bad-flag`.
 */
export async function readInput(path: string): Promise<Uint8Array> {
  const refused = (reason: string): NodeError => {
    const next = `give the absolute path of a file of at most ${maxInputBytes} bytes that this user can read`;
    return new NodeError(
      { code: 'node/bad-flag', flag: '--input', next },
      `${path} cannot be read (${reason})`,
    );
  };
  if (!isAbsolute(path)) throw refused('it is not absolute');
  // A pipe that nobody writes would hold a thread while it is opened.
  const flags = constants.O_RDONLY | constants.O_NONBLOCK;
  const file = await open(path, flags).catch((error: NodeJS.ErrnoException) => {
    throw refused(error.code ?? error.message);
  });
  try {
    const found = await file.stat();
    if (!found.isFile()) throw refused('it is no file');
    if (found.size > maxInputBytes) throw refused('it is too long');
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** A path that an output is written to: absolute, since the daemon's own folder means nothing to who asks. Throws `node/bad-flag`. */
export function outputPath(path: string): string {
  if (isAbsolute(path)) return path;
  const next = 'give an absolute path';
  throw new NodeError(
    { code: 'node/bad-flag', flag: '--output', next },
    `${path.slice(0, 200)} is not an absolute path`,
  );
}
