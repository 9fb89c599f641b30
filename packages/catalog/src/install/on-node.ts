import type { ContentRoot, NodeId } from '@hypermesh/core';
import { fileRange, type PackageRecord } from '../document/record.ts';
import { CatalogError } from '../errors.ts';
import type { WorkOptions } from '../events.ts';
import type { ArtifactSigner, Content, Fetched } from '../ports.ts';
import { readAll, type VerifiedRelease } from '../registry/verification.ts';
import type { Bringer } from './bring.ts';
import { inParallel } from './in-parallel.ts';

/** A package whose files are on this node, verified, with what it depends on. */
export interface PackageOnNode {
  /** `NAME@VERSION`. */
  readonly key: string;
  readonly digest: string;
  /** Content root of the package record. */
  readonly root: ContentRoot;
  readonly record: PackageRecord;
  readonly publisher: NodeId;
  readonly signers: readonly ArtifactSigner[];
  readonly bytes: number;
  readonly fetched: Fetched;
  /** The bytes of one file, each chunk hashed. Throws `catalog/no-such-file`. */
  readFile(path: string): Promise<Uint8Array>;
  /** What it depends on, by name; each has its own. */
  readonly dependencies: ReadonlyMap<string, PackageOnNode>;
}

const downloadsAtOnce = 4;

/** Brings verified packages here and opens the one that is asked for, its dependencies linked as their records say. */
export async function openPackages(
  key: string,
  verified: readonly VerifiedRelease[],
  ports: { readonly bringer: Bringer; readonly content: Content },
  options: WorkOptions,
): Promise<PackageOnNode> {
  const { bringer, content } = ports;
  const opened = await inParallel(verified, downloadsAtOnce, async (each) =>
    openPackage(each, await bringer.bring(each, { ...options, unpack: false }), content),
  );
  const byName = new Map(opened.map((each) => [each.record.name, each]));
  for (const each of opened) {
    for (const { name } of each.record.dependencies) {
      const dependency = byName.get(name);
      if (dependency !== undefined) each.dependencies.set(name, dependency);
    }
  }
  const found = opened.find((each) => each.key === key);
  if (found === undefined) throw new TypeError(`${key} must be among what was verified`);
  return found;
}

function openPackage(
  { release, record, signers, moved }: VerifiedRelease,
  fetched: Fetched,
  content: Content,
): PackageOnNode & { readonly dependencies: Map<string, PackageOnNode> } {
  const { key, publisher } = release;
  return {
    key,
    digest: release.record.digest,
    root: release.record.record,
    record,
    publisher,
    signers,
    bytes: record.bytes,
    fetched: { ...fetched, moved: fetched.moved + moved },
    dependencies: new Map(),
    async readFile(path) {
      const range = fileRange(record, path);
      if (range === undefined) {
        const next = `files of ${key}: ${record.files
          .slice(0, 20)
          .map((file) => file.path)
          .join(', ')}`;
        throw new CatalogError(
          { code: 'catalog/no-such-file', package: key, path, next },
          `${key} has no ${path}`,
        );
      }
      if (range.size === 0) return new Uint8Array();
      return readAll(content.get(record.root, { offset: range.offset, length: range.size }));
    },
  };
}
