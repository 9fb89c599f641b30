import assert from 'node:assert/strict';
import type { ChunkId } from '@hypermesh/core';
import { cidOf } from '@hypermesh/core';
import { publish } from '../content/publish.ts';
import { readContent } from '../content/read.ts';
import { type ContentStore, createMemoryStore } from '../content/store.ts';
import type { ComplianceCase } from './compliance.ts';

/** The promises of the `ContentStore` port. `create` opens an empty store; `reopen`, where there is one, opens the same again. */
export function contentStoreCompliance(subject: {
  readonly create: () => Promise<ContentStore>;
  readonly reopen?: (store: ContentStore) => Promise<ContentStore>;
}): readonly ComplianceCase[] {
  const chunk = (text: string) => {
    const bytes = Buffer.from(text);
    return { id: cidOf(bytes, 'raw', 'blake3-256') as ChunkId, bytes };
  };
  const content = async (text: string) => {
    const shelf = createMemoryStore();
    const { root } = await publish(shelf, Buffer.from(text));
    return { ...chunk(text), root, manifest: (await shelf.manifest(root)) ?? new Uint8Array() };
  };
  const rootsOf = async (store: ContentStore): Promise<string[]> => {
    const roots: string[] = [];
    for await (const root of store.roots()) roots.push(root);
    return roots;
  };
  const cases: ComplianceCase[] = [
    {
      name: 'what was put can be read at once, and what was not is absent',
      async run() {
        const store = await subject.create();
        const { id, bytes } = chunk('one');
        assert.equal(await store.has(id), false);
        assert.equal(await store.get(id), undefined);
        await store.put(id, bytes);
        assert.equal(await store.has(id), true);
        assert.deepEqual(Buffer.from((await store.get(id)) ?? []), bytes);
        assert.equal(await store.has(chunk('other').id), false);
      },
    },
    {
      name: 'putting again, also at the same time, changes nothing',
      async run() {
        const store = await subject.create();
        const { id, bytes } = chunk('again');
        await Promise.all([store.put(id, bytes), store.put(id, bytes)]);
        await store.put(id, bytes);
        assert.deepEqual(Buffer.from((await store.get(id)) ?? []), bytes);
      },
    },
    {
      name: 'a root is listed and its manifest read only after its commit',
      async run() {
        const store = await subject.create();
        const { id, bytes, root, manifest } = await content('content');
        await store.put(id, bytes);
        assert.equal(await store.manifest(root), undefined);
        await store.commit(root, manifest);
        assert.deepEqual(Buffer.from((await store.manifest(root)) ?? []), Buffer.from(manifest));
        assert.deepEqual(await rootsOf(store), [root]);
      },
    },
    {
      name: 'a root whose chunks are not all there is refused, and so is a manifest of another root',
      async run() {
        const store = await subject.create();
        const { id, bytes, root, manifest } = await content('whole');
        const other = await content('other');
        await assert.rejects(store.commit(root, manifest), { code: 'stoq/content-missing' });
        await store.put(id, bytes);
        await assert.rejects(store.commit(root, other.manifest), { code: 'stoq/bad-argument' });
        assert.deepEqual(await rootsOf(store), []);
      },
    },
    {
      name: 'a root that was begun is not there before its commit, and only begun again when a chunk of it is discarded',
      async run() {
        const store = await subject.create();
        const { id, bytes, root, manifest } = await content('on its way');
        await store.begin(root, manifest);
        assert.deepEqual(Buffer.from((await store.begun(root)) ?? []), Buffer.from(manifest));
        assert.equal(await store.manifest(root), undefined);
        await store.put(id, bytes);
        await store.commit(root, manifest);
        assert.equal(await store.begun(root), undefined);
        await store.begin(root, manifest);
        assert.notEqual(await store.manifest(root), undefined);
        await store.discard(id);
        assert.deepEqual([await store.has(id), await store.manifest(root)], [false, undefined]);
        assert.deepEqual(Buffer.from((await store.begun(root)) ?? []), Buffer.from(manifest));
        assert.deepEqual(await rootsOf(store), []);
      },
    },
    {
      name: 'many chunks at once are all kept',
      async run() {
        const store = await subject.create();
        const chunks = Array.from({ length: 300 }, (_, index) => chunk(`chunk ${index}`));
        await Promise.all(chunks.map(({ id, bytes }) => store.put(id, bytes)));
        for (const { id, bytes } of chunks) assert.deepEqual(Buffer.from((await store.get(id)) ?? []), bytes);
      },
    },
  ];
  const { reopen } = subject;
  if (reopen === undefined) return cases;
  return [
    ...cases,
    {
      name: 'what was committed is there when the store is opened again',
      async run() {
        const store = await subject.create();
        const content = Buffer.alloc(300_000, 'kept');
        const { root } = await publish(store, content);
        const again = await reopen(store);
        const parts: Uint8Array[] = [];
        for await (const part of readContent(again, root)) parts.push(part);
        assert.ok(Buffer.concat(parts).equals(content));
      },
    },
  ];
}
