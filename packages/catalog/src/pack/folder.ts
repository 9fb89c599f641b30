import { CatalogError } from '../errors.ts';

/** Something that a folder holds. */
export interface FolderEntry {
  /** Relative to the folder, parted by `/`. */
  readonly path: string;
  readonly kind: 'file' | 'link' | 'other';
  readonly size: number;
  readonly executable: boolean;
}

/** Files to be packed. The folder is not to change while it is read; what changes is found out by its size. */
export interface SourceFolder {
  /** Everything that is no folder itself, in any order. Links are told and never followed. */
  walk(): AsyncIterable<FolderEntry>;
  /** The bytes of a file that `walk` gave out. */
  read(path: string): AsyncIterable<Uint8Array>;
}

/** A folder in memory; a file is executable where it is given as such. */
export function folderFromMap(
  files: Readonly<Record<string, Uint8Array | { readonly bytes: Uint8Array; readonly executable: boolean }>>,
): SourceFolder {
  const held = new Map(
    Object.entries(files).map(([path, file]) => [
      path,
      'bytes' in file ? file : { bytes: file, executable: false },
    ]),
  );
  return {
    async *walk() {
      for (const [path, { bytes, executable }] of held) {
        yield { path, kind: 'file', size: bytes.length, executable };
      }
    },
    async *read(path) {
      const file = held.get(path);
      if (file === undefined)
        throw new CatalogError(
          { code: 'catalog/files', path, reason: 'no such file' },
          `${path}: no such file`,
        );
      yield file.bytes;
    },
  };
}
