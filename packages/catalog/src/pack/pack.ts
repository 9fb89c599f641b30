import { foldedPath, type PathFault, pathFault } from '../document/names.ts';
import { byPath, claimPath, type FileEntry, MAX_FILES, MAX_PACKAGE_BYTES } from '../document/record.ts';
import { CatalogError } from '../errors.ts';
import type { SourceFolder } from './folder.ts';
import { createSelection } from './globs.ts';
import { holdsPrivateKey, isSecretByName } from './secrets.ts';

/** What keeps a folder from being packed. Plain data. */
export interface PackProblem {
  readonly code:
    | 'bad-path'
    | 'path-clash'
    | 'link'
    | 'device'
    | 'private-key'
    | 'too-many-files'
    | 'too-large'
    | 'no-files'
    | 'no-entrypoint';
  readonly path: string;
  /** What is wrong and what to do. */
  readonly message: string;
}

/** How a folder is packed. */
export interface PackOptions {
  /** Globs, `**` unless given. */
  readonly files?: readonly string[];
  /** A file that must be among them. */
  readonly entrypoint?: string;
  readonly signal?: AbortSignal;
}

/** A package's files as a table and one stream, or why not. */
export type Packing =
  | {
      readonly ok: true;
      /** In the order of the stream. */
      readonly files: readonly FileEntry[];
      readonly bytes: number;
      /** The bytes of the files, one behind the other. May be asked for again. Rejects with `catalog/files` when a file changed. */
      stream(): AsyncIterable<Uint8Array>;
      /** Files that look as if they were not meant to be published. */
      readonly warnings: readonly string[];
    }
  | { readonly ok: false; readonly problems: readonly PackProblem[] };

/** Never packed, whatever the globs say: what tools keep for themselves. */
const NEVER = new Set(['.git', '.hg', '.svn', '.hypermesh', 'node_modules', '.ds_store', 'catalog.lock']);

const MAX_PROBLEMS = 50;
/** Small pieces are joined up to this size before they leave. */
const BLOCK = 128 * 1024;

const PATH_WORDS: Record<PathFault, string> = {
  empty: 'is empty',
  'too-long': 'is longer than 512 characters',
  absolute: 'is absolute',
  climbs: 'leaves the folder',
  'not-normal': 'has an empty part, a dot at the end of a part, or letters that are not composed',
  'bad-character': 'has a character that some system cannot have in a name',
  device: 'is the name of a device on Windows',
};

/**
 * Takes the files of a folder that `files` selects, checks what can be wrong with them, and gives their table and their
 * bytes, sorted by path. Reads the beginning of small files, to look for private keys; the rest only in `stream`.
 */
export async function pack(folder: SourceFolder, options: PackOptions = {}): Promise<Packing> {
  const isSelected = createSelection(options.files ?? ['**']);
  const problems: PackProblem[] = [];
  const warnings: string[] = [];
  const files: FileEntry[] = [];
  const refuse = (code: PackProblem['code'], path: string, message: string) => {
    if (problems.length < MAX_PROBLEMS) problems.push({ code, path, message });
  };
  for await (const { path, kind, size, executable } of folder.walk()) {
    options.signal?.throwIfAborted();
    if (path.split('/').some((part) => NEVER.has(part.toLowerCase())) || !isSelected(path)) continue;
    const fault = pathFault(path);
    if (fault !== undefined)
      refuse('bad-path', path, `its path ${PATH_WORDS[fault]}; rename it or leave it out`);
    else if (kind === 'link') refuse('link', path, 'a link; put the file itself there or leave it out');
    else if (kind === 'other') refuse('device', path, 'no ordinary file; leave it out');
    else files.push({ path, size, executable });
    if (files.length > MAX_FILES) {
      refuse('too-many-files', path, `more than ${MAX_FILES} files; pack fewer, or put them into an archive`);
      return { ok: false, problems };
    }
  }
  files.sort(byPath);
  const taken = new Map<string, 'file' | 'folder'>();
  for (const { path } of files) {
    if (!claimPath(taken, path)) {
      refuse(
        'path-clash',
        path,
        `meets another path where letter case does not count (${foldedPath(path)}); rename it`,
      );
    }
  }
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  if (bytes > MAX_PACKAGE_BYTES)
    refuse('too-large', '.', `${bytes} bytes; a package has at most ${MAX_PACKAGE_BYTES}`);
  if (files.length === 0)
    refuse('no-files', '.', 'no file is selected; check content.root and content.files');
  const { entrypoint } = options;
  if (entrypoint !== undefined && !files.some(({ path }) => path === entrypoint)) {
    refuse(
      'no-entrypoint',
      entrypoint,
      'the entrypoint is not among the files; build it, or check content.files',
    );
  }
  if (problems.length === 0) {
    for (const file of files) {
      options.signal?.throwIfAborted();
      if (isSecretByName(file.path))
        warnings.push(`${file.path} often holds secrets; leave it out with "!${file.path}"`);
      if (await holdsPrivateKey(folder, file)) {
        refuse('private-key', file.path, `holds a private key; leave it out with "!${file.path}"`);
      }
    }
  }
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, files, bytes, warnings, stream: () => joined(folder, files, options.signal) };
}

async function* joined(
  folder: SourceFolder,
  files: readonly FileEntry[],
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  let block = new Uint8Array(BLOCK);
  let filled = 0;
  for (const { path, size } of files) {
    let left = size;
    for await (const piece of folder.read(path)) {
      signal?.throwIfAborted();
      left -= piece.length;
      if (left < 0) break;
      if (filled + piece.length > BLOCK) {
        if (filled > 0) yield block.subarray(0, filled);
        block = new Uint8Array(BLOCK);
        filled = 0;
      }
      if (piece.length >= BLOCK) {
        yield piece;
      } else {
        block.set(piece, filled);
        filled += piece.length;
      }
    }
    if (left !== 0) {
      const reason = 'changed while it was packed';
      throw new CatalogError({ code: 'catalog/files', path, reason }, `${path} ${reason}; pack again`);
    }
  }
  if (filled > 0) yield block.subarray(0, filled);
}
