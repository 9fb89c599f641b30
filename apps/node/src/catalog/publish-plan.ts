import { CatalogError, encodePackageRecord, pack, recordOf } from '@hypermesh/catalog';
import { createMemoryStore, publish } from '@hypermesh/stoq/content';
import { packageSources } from './sources.ts';

/** What publishing a source would publish. */
export interface PublishPlan {
  readonly name: string;
  readonly version: string;
  readonly type: string;
  /** CID of the package record, and content root of the files: what the real thing will have. */
  readonly digest: string;
  readonly content: string;
  readonly bytes: number;
  readonly chunks: number;
  readonly files: readonly { readonly path: string; readonly size: number }[];
  readonly dependencies: readonly { readonly name: string; readonly range: string }[];
  /** Files that look as if they were not meant to be published. */
  readonly warnings: readonly string[];
}

/** Packs, cuts and hashes as `publish` does, and keeps nothing. Throws `catalog/bad-package` and the like, as `publish` would. */
export async function planPublish(source: string, signal: AbortSignal): Promise<PublishPlan> {
  const taker = packageSources().find((each) => each.takes(source));
  if (taker === undefined) {
    const next = 'give a folder, --npm NAME@VERSION or --npm-folder DIR';
    throw new CatalogError({ code: 'catalog/unknown-source', spec: source, next }, `${source} is no source`);
  }
  const opened = await taker.open(source, { signal });
  try {
    const { content } = opened.package.spec;
    const packed = await pack(opened.folder, {
      ...(content?.files === undefined ? {} : { files: content.files }),
      ...(content?.entrypoint === undefined ? {} : { entrypoint: content.entrypoint }),
      signal,
    });
    const { name, version } = opened.package.metadata;
    if (!packed.ok) {
      const reason = packed.problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
      const next = 'correct the files, or what content.files takes in';
      throw new CatalogError({ code: 'catalog/bad-package', reason, next }, `${name}@${version}: ${reason}`);
    }
    const { files, bytes, warnings } = packed;
    const { root, chunks } = await publish(forgetful(), packed.stream(), { profile: 'package', signal });
    const record = recordOf(opened.package, { files, bytes, root });
    return {
      name,
      version,
      type: record.type,
      digest: encodePackageRecord(record).digest,
      content: root,
      bytes,
      chunks,
      files: files.map(({ path, size }) => ({ path, size })),
      dependencies: record.dependencies.map((each) => ({ name: each.name, range: each.range })),
      warnings,
    };
  } finally {
    await opened.close?.();
  }
}

/** A store that keeps no chunk: only the hashes are wanted, whatever the size. */
function forgetful() {
  return { ...createMemoryStore(), put: async () => {}, commit: async () => {} };
}
