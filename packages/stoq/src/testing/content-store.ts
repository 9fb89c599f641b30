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
        const { root } = await publish(createMemoryStore(), Buffer.from('content'));
        assert.equal(await store.manifest(root), undefined);
        await store.commit(root, Buffer.from('manifest'));
        assert.deepEqual(Buffer.from((await store.manifest(root)) ?? []), Buffer.from('manifest'));
        const roots: string[] = [];
        for await (const each of store.roots()) roots.push(each);
        assert.deepEqual(roots, [root]);
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
