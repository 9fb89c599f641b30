import { lstat, open, opendir, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { CatalogError } from '../errors.ts';
import type { FolderEntry, SourceFolder } from '../pack/folder.ts';

/** Folders that no package takes in, so that they are not even walked. */
const PASSED_OVER = new Set(['.git', 'node_modules', '.hypermesh']);

/** Files up to this size are read at once: bytes. */
const SMALL = 256 * 1024;

/** A folder of this machine; `path` itself may be a link. Rejects with `catalog/files` where it is no folder. */
export async function openFolder(path: string): Promise<SourceFolder> {
  const root = await realpath(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  if (!(await lstat(root)).isDirectory()) throw unreadable(path, 'not a folder');
  async function* walk(folder: string): AsyncGenerator<FolderEntry> {
    for await (const found of await opendir(join(root, folder))) {
      const inside = folder === '' ? found.name : `${folder}/${found.name}`;
      if (found.isDirectory()) {
        if (!PASSED_OVER.has(found.name)) yield* walk(inside);
        continue;
      }
      const { size, mode } = await lstat(join(root, inside));
      const kind = found.isFile() ? 'file' : found.isSymbolicLink() ? 'link' : 'other';
      yield { path: inside, kind, size, executable: kind === 'file' && (mode & 0o111) !== 0 };
    }
  }
  return {
    walk: () => walk(''),
    async *read(inside) {
      const file = join(root, inside.split('/').join(sep));
      try {
        // A folder above may have become a link since the walk.
        const real = await realpath(file);
        if (real !== file) throw unreadable(inside, 'a link');
        await using opened = await open(file, 'r');
        const { size } = await opened.stat();
        // A stream for each of a thousand small files would cost more than the files.
        if (size <= SMALL) yield await opened.readFile();
        else
          yield* opened.createReadStream({
            highWaterMark: SMALL,
            autoClose: false,
          }) as AsyncIterable<Uint8Array>;
      } catch (cause) {
        throw cause instanceof CatalogError ? cause : unreadable(inside, cause);
      }
    },
  };
}

/** A failure of the file system, as the error of this package. */
export function unreadable(path: string, cause: unknown): CatalogError {
  const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
  return new CatalogError({ code: 'catalog/files', path, reason }, `${path}: ${reason}`, { cause });
}
