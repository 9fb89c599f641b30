import { createHash } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { Header, Pax } from 'tar';
import type { BackupFile } from './what.ts';

/** A file of an archive as its list of contents names it. */
export interface ArchivedFile {
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
}

const blockBytes = 512;
const readBytes = 2 ** 20;

/**
 * Writes a plain tar archive. Each file is read through one descriptor up to the size it had, so that one that grows or is
 * replaced meanwhile goes in as it was; one that is gone meanwhile is left out.
 */
export interface ArchiveWriter extends Disposable {
  /** Adds a file of the disk; answers undefined where it is gone. Yields to others between pieces. */
  add(file: BackupFile, moved: (bytes: number) => void): Promise<ArchivedFile | undefined>;
  addBytes(name: string, bytes: Uint8Array): void;
  /** Ends the archive; durable when it returns. */
  finish(): number;
}

/** Begins an archive in a file that must not be there. Nobody but the owner may read it. */
export function createArchive(path: string): ArchiveWriter {
  const output = openSync(path, 'wx', 0o600);
  let written = 0;
  const write = (bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length; ) at += writeSync(output, bytes, at);
    written += bytes.length;
  };
  const begin = (name: string, size: number, mode: number): void => {
    const block = Buffer.alloc(blockBytes);
    const header = new Header({ path: name, size, mode, mtime: new Date(0), type: 'File', uid: 0, gid: 0 });
    // What does not fit into a header of its own, such as a long name, stands before it.
    if (header.encode(block, 0)) write(new Pax({ path: name, size }).encode());
    write(block);
  };
  const pad = (): void => write(new Uint8Array((blockBytes - (written % blockBytes)) % blockBytes));
  return {
    async add({ name, path: source, mode }, moved) {
      const input = openIfThere(source);
      if (input === undefined) return undefined;
      try {
        const { size } = fstatSync(input);
        const hash = createHash('sha256');
        const buffer = new Uint8Array(Math.min(readBytes, Math.max(1, size)));
        begin(name, size, mode);
        for (let at = 0; at < size; ) {
          const got = readSync(input, buffer, 0, Math.min(buffer.length, size - at), at);
          if (got === 0) throw new RangeError(`${source} became shorter while it was read`);
          const part = buffer.subarray(0, got);
          hash.update(part);
          write(part);
          moved(got);
          at += got;
          await new Promise((resolve) => setImmediate(resolve));
        }
        pad();
        return { name, size, sha256: hash.digest('hex') };
      } finally {
        closeSync(input);
      }
    },
    addBytes(name, bytes) {
      begin(name, bytes.length, 0o600);
      write(bytes);
      pad();
    },
    finish() {
      write(new Uint8Array(2 * blockBytes));
      fsyncSync(output);
      return written;
    },
    [Symbol.dispose]: () => closeSync(output),
  };
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
