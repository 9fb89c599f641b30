import { fromUtf8 } from '@hypermesh/core';
import { parsePackage } from '../document/parse.ts';
import { CatalogError } from '../errors.ts';
import type { SourceFolder } from '../pack/folder.ts';
import type { PackageSource } from '../ports.ts';
import { readAll } from '../registry/verification.ts';

/** Names of the document in the folder of a package; the first that is there is read. */
export const DOCUMENT_NAMES = ['catalog.yaml', 'catalog.yml'] as const;

/** Largest package document: bytes. */
const maxDocumentBytes = 1024 * 1024;

/**
 * A source of packages that lie in folders with a `catalog.yaml`. `open` gives the files of one path; a document that
 * names `content.root` takes its files from below that. The document itself belongs to the files where its globs take it in.
 */
export function folderSource(
  openFolder: (path: string) => Promise<SourceFolder>,
  takes: (spec: string) => boolean,
): PackageSource {
  return {
    takes,
    async open(spec, { signal } = {}) {
      const folder = await openFolder(spec);
      const { name, text } = await readDocument(spec, folder);
      signal?.throwIfAborted();
      const parsed = parsePackage(text);
      if (!parsed.ok) {
        const told = parsed.errors.map(
          ({ line, column, message }) => `${name}:${line}:${column}: ${message}`,
        );
        throw new CatalogError(
          { code: 'catalog/bad-document', problems: parsed.errors, next: `correct ${name} in ${spec}` },
          told.join('; '),
        );
      }
      const { root = '.' } = parsed.package.spec.content ?? {};
      const isHere = root === '.' || root === './';
      return { package: parsed.package, folder: isHere ? folder : await openFolder(joined(spec, root)) };
    },
  };
}

async function readDocument(spec: string, folder: SourceFolder) {
  for (const name of DOCUMENT_NAMES) {
    let size: number | undefined;
    for await (const entry of folder.walk())
      if (entry.path === name && entry.kind === 'file') size = entry.size;
    if (size === undefined) continue;
    if (size > maxDocumentBytes) throw badPackage(spec, `${name} is larger than ${maxDocumentBytes} bytes`);
    const text = fromUtf8(await readAll(folder.read(name)));
    if (!text.ok) throw badPackage(spec, `${name} is not UTF-8`);
    return { name, text: text.text };
  }
  throw badPackage(spec, `it has no ${DOCUMENT_NAMES[0]}`);
}

function joined(folder: string, root: string): string {
  return `${folder.replace(/\/+$/, '')}/${root.replace(/^\.\//, '')}`;
}

function badPackage(spec: string, reason: string): CatalogError {
  const next = `put the package's document into ${DOCUMENT_NAMES[0]}`;
  return new CatalogError({ code: 'catalog/bad-package', reason, next }, `${spec}: ${reason}`);
}
