import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCatalog, createInvertedIndex } from '../src/index.ts';
import { createMemoryMesh } from '../src/testing/index.ts';
import { sourceOf } from './fixtures/sources.ts';

const documents = [
  { name: 'matrix', tags: ['math'], description: 'dense matrices' },
  { name: 'sparse-matrix', tags: ['math', 'linear'], description: 'matrices of few entries' },
  { name: 'plot', tags: ['chart'], description: 'draws a matrix or a chart' },
  { name: 'left-pad', tags: [], description: 'pads on the left' },
];
const names = (query: string) =>
  createInvertedIndex(documents)
    .find(query)
    .map(({ name }) => name);

describe('the inverted index', () => {
  test.each([
    [
      'the name itself is first, then words of names, then descriptions',
      'matrix',
      ['matrix', 'sparse-matrix', 'plot'],
    ],
    ['every word must be there', 'math sparse', ['sparse-matrix']],
    ['the beginning of a word is enough', 'mat', ['matrix', 'sparse-matrix', 'plot']],
    ['letter case does not count', 'CHART', ['plot']],
    ['a name with a hyphen is found whole', 'left-pad', ['left-pad']],
    ['what nobody has is not found', 'zebra', []],
    ['signs alone find nothing', '!!!', []],
    ['no words find all, by name', '', ['left-pad', 'matrix', 'plot', 'sparse-matrix']],
  ])('%s', (_, query, expected) => {
    expect(names(query)).toEqual(expected);
  });

  test('finds exactly the documents of which every word of the query begins a word', () => {
    const word = fc.stringMatching(/^[a-c]{1,3}$/);
    const document = fc.record({
      name: fc.stringMatching(/^[a-c]{1,4}$/),
      tags: fc.array(word, { maxLength: 3 }),
      description: fc.array(word, { maxLength: 5 }).map((words) => words.join(' ')),
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(document, { selector: ({ name }) => name }),
        fc.array(word, { minLength: 1, maxLength: 3 }),
        (all, query) => {
          const found = createInvertedIndex(all)
            .find(query.join(' '))
            .map(({ name }) => name);
          const expected = all.filter(({ name, tags, description }) => {
            const words = [name, ...tags, ...description.split(' ')];
            return query.every((asked) => words.some((each) => each.startsWith(asked)));
          });
          expect([...found].sort()).toEqual(expected.map(({ name }) => name).sort());
        },
      ),
    );
  });
});

describe('searching', () => {
  test('the type filter holds, versions are one hit, and hits are as many as asked for', async () => {
    const [node] = createMemoryMesh().nodes;
    const catalog = createCatalog((node as NonNullable<typeof node>).ports);
    for (const version of ['1.0.0', '1.1.0', '2.0.0-rc.1'])
      await catalog.publish(sourceOf({ name: 'alpha', version }));
    await catalog.publish(sourceOf({ name: 'snake', type: 'library.python', tags: ['alpha'] }));
    const found = await catalog.search({ text: 'alpha' });
    expect(found.map(({ key }) => key)).toEqual(['alpha@1.1.0', 'snake@1.0.0']);
    expect((await catalog.search({ text: 'alpha', type: 'library.python' })).map(({ name }) => name)).toEqual(
      ['snake'],
    );
    expect(await catalog.search({ limit: 1 })).toHaveLength(1);
    expect(await catalog.search({ type: 'vm.wasm' })).toEqual([]);
  });

  test('verifiedOnly hides what does not hold or cannot be had; the rest of the index is shown on demand [catalog-11]', async () => {
    const mesh = createMemoryMesh({ nodes: 2 });
    const [first, second] = mesh.nodes;
    if (first === undefined || second === undefined) throw new Error('two nodes');
    const alice = createCatalog(first.ports, { copies: 0 });
    const spoilt = await alice.publish(sourceOf({ name: 'spoilt' }));
    const gone = await alice.publish(sourceOf({ name: 'gone' }));
    await alice.publish(sourceOf({ name: 'sound' }));
    const store = mesh.content.stored(first.id);
    store.delete(gone.record);
    // A bundle that is whole and signs something else: the one of the sound package.
    const [bundleOfSpoilt] = (await alice.resolve('spoilt')).record.bundles;
    expect(bundleOfSpoilt).toBeDefined();
    const { artifacts } = second.ports;
    const bob = createCatalog({
      ...second.ports,
      artifacts: {
        ...artifacts,
        verify: async (bundle, bytes) => {
          const isSpoilt = Buffer.from(bytes).includes('spoilt');
          return isSpoilt ? { ok: false, reason: 'not-in-log' } : artifacts.verify(bundle, bytes);
        },
      },
    });
    expect((await bob.search()).map(({ name }) => name)).toEqual(['sound']);
    const all = await bob.search({ verifiedOnly: false });
    expect(all.map(({ name, verified }) => [name, verified])).toEqual([
      ['gone', false],
      ['sound', false],
      ['spoilt', false],
    ]);
    expect(spoilt.digest).toBe(all.find(({ name }) => name === 'spoilt')?.digest);
    await expect(bob.install('spoilt')).rejects.toMatchObject({
      failure: { check: 'signature', reason: 'not-in-log' },
    });
  });
});
