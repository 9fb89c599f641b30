import type { PackageOnNode } from '@hypermesh/catalog';
import { expect, it } from 'vitest';
import { catalogPrograms } from '../src/adapters/catalog-programs.ts';
import { failureOf } from './support.ts';

const huge = 300 * 2 ** 20;

/** A package on this node of one file that says it is so large; nothing of it is ever read. */
function packageOf(
  type: string,
  sizes: { readonly main: number; readonly data?: number },
  needs?: PackageOnNode,
) {
  const files = Object.entries(sizes).map(([path, size]) => ({ path, size, executable: false }));
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  return {
    key: 'wide@1.0.0',
    record: { name: 'wide', type, entrypoint: 'main', args: ['run', 'data'], files, bytes },
    dependencies: new Map(needs === undefined ? [] : [['needed', needs]]),
    readFile: async (path: string) => {
      const size = files.find((file) => file.path === path)?.size ?? 0;
      if (size === huge) throw new Error('it was read');
      return new Uint8Array(size);
    },
  } as unknown as PackageOnNode;
}

const bring = (found: PackageOnNode) =>
  catalogPrograms({ obtain: async () => found } as never).bring(
    { package: found.key, dependencies: {} } as never,
    () => {},
    new AbortController().signal,
  );

it.each([
  ['module', packageOf('vm.wasm', { main: huge })],
  ['script', packageOf('library.javascript', { main: 1, data: huge })],
  [
    'dependency',
    packageOf('library.javascript', { main: 1 }, packageOf('library.javascript', { main: huge })),
  ],
])('a %s that would not fit into memory is refused by its signed size', async (_, found) => {
  const failure = await failureOf(() => bring(found));
  expect(failure).toMatchObject({ code: 'node/refused', by: 'wide@1.0.0' });
  expect(failure.message).toContain('a program has at most');
});

it('so is an input, when it is asked for', async () => {
  const { input } = await bring(packageOf('vm.wasm', { main: 5, data: huge }));
  await expect((async () => input())()).rejects.toMatchObject({ code: 'node/refused' });
  const small = await bring(packageOf('vm.wasm', { main: 5, data: 7 }));
  expect(await small.input()).toHaveLength(7);
});
