import {
  type ContentRoot,
  checkRecord,
  decodeRecord,
  encodeRecord,
  type Infer,
  record,
  s,
  type Verdict,
} from '@hypermesh/core';
import semver from 'semver';

const file = record({
  path: s.text(255),
  size: s.bigint(),
  root: s.cid<ContentRoot>({ codec: 'dag-cbor', hash: 'blake3-256' }),
});

const schema = record({
  v: s.literal(1),
  name: s.text(64),
  version: s.text(64),
  /**
   * What the package runs: a WebAssembly module of hm-abi-1 and the operation that is called, or, of the type
   * `library.javascript`, a script and its export.
   */
  program: record({
    type: s.optional(s.union(s.literal('vm.wasm'), s.literal('library.javascript'))),
    module: s.text(255),
    operation: s.text(64),
    input: s.optional(s.text(255)),
  }),
  files: s.array(file, 1024),
});

/** What a package is: its name, its files by content root, and what it runs. Signed over its canonical bytes. */
export type PackageDocument = Infer<typeof schema>;

const namePattern = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/;
const pathPattern = /^(?!\/)(?!.*(?:^|\/)\.{1,2}(?:\/|$))[A-Za-z0-9._/-]{1,255}$/;

/** Whether a file of a package may be called so: relative, without `.` and `..`, in letters, digits and `._-/`. */
export function isPackagePath(path: string): boolean {
  return pathPattern.test(path);
}

/** The canonical bytes of a document. Throws `core/not-a-record` for what is not one. */
export function encodePackageDocument(document: PackageDocument): Uint8Array {
  return encodeRecord(schema, document);
}

/** Reads a document from anybody: shape, names, versions and paths. */
export function decodePackageDocument(bytes: Uint8Array): Verdict<{ document: PackageDocument }> {
  const decoded = decodeRecord(schema, bytes, { maxBytes: 1024 * 1024 });
  if (!decoded.ok) return { ok: false, reason: `${decoded.reason} at ${decoded.path}` };
  const reason = documentFault(decoded.value);
  return reason === undefined ? { ok: true, document: decoded.value } : { ok: false, reason };
}

/** What is wrong with a document, in words: its shape, names, versions and paths. */
export function documentFault(document: PackageDocument): string | undefined {
  const shape = checkRecord(schema, document);
  if (!shape.ok) return `${shape.path.replace(/^\$\.?/, '')}: ${shape.reason}`;
  const { name, version, program, files } = document;
  if (!namePattern.test(name)) return 'name must be 1 to 64 of a-z, 0-9 and inner hyphens';
  if (semver.valid(version) !== version) return 'version must be a semantic version such as 1.0.0';
  const paths = files.map(({ path }) => path);
  const badPath = paths.find((path) => !isPackagePath(path));
  if (badPath !== undefined) return `path ${JSON.stringify(badPath)} must be relative, without . and ..`;
  if (new Set(paths.map((path) => path.toLowerCase())).size < paths.length)
    return 'two paths differ by case at most';
  if (!paths.includes(program.module))
    return `program.module names ${program.module}, which is not among the files`;
  if (program.input !== undefined && !paths.includes(program.input)) {
    return `program.input names ${program.input}, which is not among the files`;
  }
  return undefined;
}
