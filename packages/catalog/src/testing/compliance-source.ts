import assert from 'node:assert/strict';
import { pack } from '../pack/pack.ts';
import type { PackageSource } from '../ports.ts';
import { readAll } from '../registry/verification.ts';
import type { ComplianceCase } from './compliance.ts';

/** The promises of the `PackageSource` port, shown on a spec that can be opened and one that is its own and cannot. */
export function packageSourceCompliance(
  create: () => Promise<{ readonly source: PackageSource; readonly good: string; readonly bad: string }>,
): readonly ComplianceCase[] {
  return [
    {
      name: 'a package that is opened twice packs to the same bytes',
      async run() {
        const { source, good } = await create();
        assert.ok(source.takes(good));
        const streams: Uint8Array[] = [];
        for (const _ of [1, 2]) {
          const opened = await source.open(good);
          const { content } = opened.package.spec;
          const packed = await pack(opened.folder, content === undefined ? {} : { files: content.files });
          assert.ok(packed.ok);
          streams.push(await readAll(packed.stream()));
          await opened.close?.();
        }
        assert.ok((streams[0]?.length ?? 0) > 0);
        assert.deepEqual(streams[0], streams[1]);
      },
    },
    {
      name: 'what is no package is refused by a code of catalog',
      async run() {
        const { source, bad } = await create();
        assert.ok(source.takes(bad));
        await assert.rejects(source.open(bad), (error: unknown) => {
          assert.match(String((error as { readonly code?: unknown }).code), /^catalog\//);
          return true;
        });
      },
    },
  ];
}
