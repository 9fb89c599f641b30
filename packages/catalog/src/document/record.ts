import {
  type ContentRoot,
  cidOf,
  compareBytes,
  type DecodeReason,
  decodeRecord,
  encodeRecord,
  s,
  utf8,
  type Verdict,
} from '@hypermesh/core';
import { badArgument } from '../arguments.ts';
import { isRange, isVersion } from '../solver/versions.ts';
import { foldedPath, isPackageName, pathFault } from './names.ts';
import type { AssetPackage, Dependency, Execution, PackageType, Resources, Security } from './package.ts';

/** Says what the bytes are, wherever they are signed or hashed. */
const FORMAT = 'hypermesh/catalog/package/v1';

/** Most bytes of a package record. */
export const MAX_RECORD_BYTES = 4 * 2 ** 20;

/** Most files of a package. */
export const MAX_FILES = 20_000;

/** Most bytes of a package's files together: 4 GiB. */
export const MAX_PACKAGE_BYTES = 2 ** 32;

/** One file of a package. Its bytes begin in the content where those of the files before it end. */
export interface FileEntry {
  readonly path: string;
  readonly size: number;
  readonly executable: boolean;
}

/** What is signed of a package: all that its document says, its table of files, and the root of their bytes. */
export interface PackageRecord {
  readonly format: typeof FORMAT;
  readonly name: string;
  readonly version: string;
  readonly type: PackageType;
  readonly description: string;
  readonly tags: readonly string[];
  readonly license?: string;
  readonly authors: readonly string[];
  readonly homepage?: string;
  readonly dependencies: readonly Dependency[];
  readonly entrypoint?: string;
  readonly args: readonly string[];
  readonly resources: Resources;
  readonly execution: Execution;
  readonly security: Security;
  /** In the order of their paths as UTF-8 bytes. */
  readonly files: readonly FileEntry[];
  /** Sum of the sizes of the files, which is the size of the content. */
  readonly bytes: number;
  readonly root: ContentRoot;
}

/** Why bytes are no package record: how they are written, or what they say. */
export type PackageRecordReason =
  | DecodeReason
  | 'bad-name'
  | 'bad-version'
  | 'bad-range'
  | 'bad-path'
  | 'path-clash'
  | 'file-order'
  | 'size-sum'
  | 'entrypoint'
  | 'duplicate-dependency'
  | 'nodes';

const amount = s.optional(s.uint());
const schema = s.record({
  format: s.literal(FORMAT),
  name: s.text(214),
  version: s.text(128),
  type: s.union(
    s.literal('library.julia'),
    s.literal('library.python'),
    s.literal('library.rust'),
    s.literal('library.javascript'),
    s.literal('container.docker'),
    s.literal('vm.wasm'),
    s.literal('dataset.scientific'),
  ),
  description: s.text(16_384),
  tags: s.array(s.text(256), 64),
  license: s.optional(s.text(512)),
  authors: s.array(s.text(1024), 64),
  homepage: s.optional(s.text(2048)),
  dependencies: s.array(
    s.record({
      name: s.text(214),
      range: s.text(512),
      kind: s.union(s.literal('runtime'), s.literal('data'), s.literal('build')),
      optional: s.bool(),
    }),
    1024,
  ),
  entrypoint: s.optional(s.text(2048)),
  args: s.array(s.text(16_384), 256),
  resources: s.record({
    cpuMillicores: amount,
    cpuArchitecture: s.optional(s.text(128)),
    memoryBytes: amount,
    storageBytes: amount,
    networkBitsPerSecond: amount,
    gpuMemoryBytes: amount,
    gpuType: s.optional(s.text(256)),
  }),
  execution: s.record({
    cpuRequired: s.bool(),
    gpuRequired: s.bool(),
    persistentStorage: s.bool(),
    distributed: s.bool(),
    minNodes: s.uint(10_000),
    maxNodes: s.uint(10_000),
    timeoutMs: amount,
    fuel: amount,
    network: s.union(s.literal('none'), s.literal('restricted')),
    outputs: s.array(s.text(2048), 256),
  }),
  security: s.record({
    trustchainValidation: s.bool(),
    hypermeshConsensus: s.bool(),
    resourceIsolation: s.bool(),
  }),
  files: s.array(
    s.record({ path: s.text(2048), size: s.uint(MAX_PACKAGE_BYTES), executable: s.bool() }),
    MAX_FILES,
  ),
  bytes: s.uint(MAX_PACKAGE_BYTES),
  root: s.cid<ContentRoot>({ codec: 'dag-cbor', hash: 'blake3-256' }),
});

/** The order of files in a package: their paths as UTF-8 bytes. */
export function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return compareBytes(utf8(a.path), utf8(b.path));
}

/** What is wrong with a table of files, or undefined. */
function tableFault(files: readonly FileEntry[]): 'bad-path' | 'path-clash' | 'file-order' | undefined {
  let last: Uint8Array | undefined;
  for (const { path } of files) {
    if (pathFault(path) !== undefined) return 'bad-path';
    const bytes = utf8(path);
    const order = last === undefined ? -1 : compareBytes(last, bytes);
    if (order >= 0) return order === 0 ? 'path-clash' : 'file-order';
    last = bytes;
  }
  return hasClash(files) ? 'path-clash' : undefined;
}

/**
 * Whether a file system would let two of these files meet, as `claimPath` has it. By neighbours alone: a table of deep
 * paths has millions of folders, and a stranger wrote it.
 */
function hasClash(files: readonly FileEntry[]): boolean {
  // With the lowest character between parts, what is inside a path follows it at once.
  const sorted = files.map(({ path }) => foldedPath(path).replaceAll('/', '\0')).sort();
  return sorted.some((path, index) => {
    const next = sorted[index + 1];
    return next === path || next?.startsWith(`${path}\0`) === true;
  });
}

/**
 * Enters a path among those taken; false where a file system would let it meet another one: by letter case, or as a
 * file where another path has a folder.
 */
export function claimPath(taken: Map<string, 'file' | 'folder'>, path: string): boolean {
  const folded = foldedPath(path);
  for (let end = folded.indexOf('/'); end !== -1; end = folded.indexOf('/', end + 1)) {
    const folder = folded.slice(0, end);
    if (taken.get(folder) === 'file') return false;
    taken.set(folder, 'folder');
  }
  if (taken.has(folded)) return false;
  taken.set(folded, 'file');
  return true;
}

function faultOf(record: PackageRecord): Exclude<PackageRecordReason, DecodeReason> | undefined {
  if (!isPackageName(record.name)) return 'bad-name';
  if (!isVersion(record.version)) return 'bad-version';
  const names = new Set<string>();
  for (const { name, range } of record.dependencies) {
    if (!isPackageName(name)) return 'bad-name';
    if (!isRange(range)) return 'bad-range';
    if (names.has(name)) return 'duplicate-dependency';
    names.add(name);
  }
  const { minNodes, maxNodes } = record.execution;
  if (minNodes < 1 || maxNodes < minNodes) return 'nodes';
  const fault = tableFault(record.files);
  if (fault !== undefined) return fault;
  if (record.files.reduce((sum, { size }) => sum + size, 0) !== record.bytes) return 'size-sum';
  const { entrypoint } = record;
  if (entrypoint !== undefined && !record.files.some(({ path }) => path === entrypoint)) return 'entrypoint';
  return undefined;
}

/** What packing gives of a package's files. */
export interface PackedFiles {
  readonly files: readonly FileEntry[];
  readonly bytes: number;
  readonly root: ContentRoot;
}

/** The record of a document and its packed files; throws `catalog/bad-argument` where they do not go together. */
export function recordOf(
  { metadata, spec }: AssetPackage,
  { files, bytes, root }: PackedFiles,
): PackageRecord {
  const { description, type, content, resources, execution, security, dependencies } = spec;
  const { name, version, tags, license, authors, homepage } = metadata;
  const record: PackageRecord = {
    format: FORMAT,
    name,
    version,
    type,
    description,
    tags,
    ...(license === undefined ? {} : { license }),
    authors,
    ...(homepage === undefined ? {} : { homepage }),
    dependencies,
    ...(content?.entrypoint === undefined ? {} : { entrypoint: content.entrypoint }),
    args: content?.args ?? [],
    resources,
    execution,
    security,
    files: files.map((file) => ({ path: file.path, size: file.size, executable: file.executable })),
    bytes,
    root,
  };
  const fault = faultOf(record);
  if (fault !== undefined) throw badArgument('package', `a document that goes with its files (${fault})`);
  return record;
}

/** Canonical bytes of a record, and its digest: the CID (dag-cbor, sha2-256) that a lock and the registry hold. */
export function encodePackageRecord(record: PackageRecord): {
  readonly bytes: Uint8Array;
  readonly digest: string;
} {
  const fault = faultOf(record);
  if (fault !== undefined) throw badArgument('record', `a package record without fault (${fault})`);
  const bytes = encodeRecord(schema, record);
  if (bytes.length > MAX_RECORD_BYTES) throw badArgument('record', `at most ${MAX_RECORD_BYTES} bytes`);
  return { bytes, digest: cidOf(bytes, 'dag-cbor') };
}

/** Reads a record of someone else: canonical form, then names, ranges, paths, sums. Never throws. */
export function decodePackageRecord(
  bytes: Uint8Array,
): Verdict<{ record: PackageRecord; digest: string }, PackageRecordReason> {
  const decoded = decodeRecord(schema, bytes, { maxBytes: MAX_RECORD_BYTES });
  if (!decoded.ok) return { ok: false, reason: decoded.reason };
  const record: PackageRecord = decoded.value;
  const fault = faultOf(record);
  if (fault !== undefined) return { ok: false, reason: fault };
  return { ok: true, record, digest: cidOf(bytes, 'dag-cbor') };
}

/** Where the bytes of a file are in the content; undefined where the package has no such file. */
export function fileRange(
  record: Pick<PackageRecord, 'files'>,
  path: string,
): { readonly offset: number; readonly size: number } | undefined {
  let offset = 0;
  for (const file of record.files) {
    if (file.path === path) return { offset, size: file.size };
    offset += file.size;
  }
  return undefined;
}
