import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { CatalogError, folderFromMap, MAX_FILES, type SourceFolder } from '@hypermesh/catalog';

/** Largest unpacked package: bytes. Held in memory while it is published. */
const maxUnpackedBytes = 512 * 2 ** 20;

const inflate = promisify(gunzip);

/**
 * The files of an npm tarball, in memory. The first part of each path is dropped, as npm does; links and devices are
 * refused, since a package of the mesh has none.
 */
export async function filesInTarball(tarball: Uint8Array): Promise<SourceFolder> {
  const { Parser } = await import('tar');
  const unpacked = await inflate(tarball, { maxOutputLength: maxUnpackedBytes }).catch((cause: unknown) => {
    throw broken('not-gzip', 'the tarball is no gzip stream, or too large unpacked', cause);
  });
  const files: Record<string, { bytes: Uint8Array; executable: boolean }> = Object.create(null);
  let count = 0;
  let fault: CatalogError | undefined;
  const parser = new Parser({
    strict: true,
    onReadEntry(entry) {
      const path = entry.path.slice(entry.path.indexOf('/') + 1);
      const isFile = entry.type === 'File' || entry.type === 'OldFile' || entry.type === 'ContiguousFile';
      if (isFile && path !== '') {
        count += 1;
        if (count > MAX_FILES)
          fault ??= broken('too-many-files', `the tarball has more than ${MAX_FILES} files`);
        if (path in files) fault ??= broken('path-clash', `the tarball has two files ${path}`);
        const parts: Uint8Array[] = [];
        entry.on('data', (part: Uint8Array) => parts.push(part));
        entry.on('end', () => {
          files[path] = { bytes: Buffer.concat(parts), executable: ((entry.mode ?? 0) & 0o111) !== 0 };
        });
      } else {
        if (entry.type !== 'Directory') fault ??= broken('not-a-file', `${path} is no ordinary file`);
        entry.resume();
      }
    },
  });
  const done = Promise.withResolvers<void>();
  parser.on('end', () => done.resolve());
  parser.on('error', (cause: unknown) =>
    done.reject(broken('not-a-tarball', 'the tarball is damaged', cause)),
  );
  parser.end(Buffer.from(unpacked));
  await done.promise;
  if (fault !== undefined) throw fault;
  return folderFromMap(files);
}

function broken(reason: string, message: string, cause?: unknown): CatalogError {
  const next = 'take the package from another registry';
  return new CatalogError({ code: 'catalog/bad-package', reason, next }, message, { cause });
}
