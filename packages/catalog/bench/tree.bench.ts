import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { interleave, report } from '@hypermesh/bench';
import { createTreeStore, pack } from '@hypermesh/catalog';
import { linkTree, openFolder, openTreeFiles } from '@hypermesh/catalog/node';
import { cidOf, utf8 } from '@hypermesh/core';

/* A package of 1000 files of 1 to 3 KiB: packing it, building its tree with every file synchronized, linking it; beside plain writes of the same files. */

const dir = await mkdtemp(join(tmpdir(), 'catalog-bench-'));
const COUNT = 1000;
const files = new Map(
  Array.from({ length: COUNT }, (_, number) => [
    `lib/d${number % 40}/f${number}.js`,
    new Uint8Array(1024 + ((number * 37) % 2048)).fill(number),
  ]),
);

async function writePlain(to: string): Promise<void> {
  for (const [path, bytes] of files) {
    await mkdir(dirname(join(to, path)), { recursive: true });
    await writeFile(join(to, path), bytes);
  }
}

try {
  const source = join(dir, 'source');
  await writePlain(source);
  const folder = await openFolder(source);
  const packed = await pack(folder);
  if (!packed.ok) throw new Error(packed.problems[0]?.message);
  const parts: Uint8Array[] = [];
  for await (const part of packed.stream()) parts.push(part.slice());
  const store = createTreeStore(await openTreeFiles(join(dir, 'store')));
  let turn = 0;
  const digest = () => cidOf(utf8(String(turn)), 'dag-cbor');
  async function* content() {
    yield* parts;
  }
  const held = cidOf(utf8('held'), 'dag-cbor');
  await store.install(held, packed, content());
  const sampled = await interleave({
    rounds: 7,
    warmup: 1,
    cases: {
      pack: async () => {
        const again = await pack(folder);
        if (!again.ok) throw new Error('refused');
        for await (const _ of again.stream());
      },
      tree: async () => {
        turn += 1;
        const installed = await store.install(digest(), packed, content());
        if (!installed.ok) throw new Error(installed.reason);
      },
      plain: () => writePlain(join(dir, `plain-${turn}`)),
      held: async () => {
        const installed = await store.install(held, packed, content());
        if (!installed.ok || installed.isNew) throw new Error('built again');
        await linkTree(installed.path, join(dir, 'project/packages/it'));
      },
    },
  });
  const baselineName = 'plain writes of the same files, nothing synchronized';
  for (const name of ['pack', 'tree', 'held'] as const) {
    report({
      name: `catalog/${name} files=${COUNT}`,
      value: sampled[name],
      unit: 'ms',
      baseline: sampled.plain,
      baselineName,
      ...(name === 'held' ? { aim: '<= 0.1' } : {}),
    });
  }
} finally {
  await rm(dir, { recursive: true, force: true });
}
