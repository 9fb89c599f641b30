import { type ContentRoot, cidOf, utf8 } from '@hypermesh/core';
import { generateKey } from '@hypermesh/core/ed25519';
import { describe, expect, test } from 'vitest';
import {
  createCatalog,
  type IndexRecord,
  judgeSigners,
  openIndexRecord,
  reportSequences,
  signIndexRecord,
} from '../src/index.ts';
import { createMemoryArtifacts, createMemoryMesh } from '../src/testing/index.ts';
import { sourceOf } from './fixtures/sources.ts';

const contentRoot = cidOf(utf8('content'), 'dag-cbor', 'blake3-256') as ContentRoot;
const body: IndexRecord = {
  v: 1,
  name: 'alpha',
  version: '1.0.0',
  type: 'library.javascript',
  description: 'd',
  tags: ['t'],
  sequence: 1,
  digest: cidOf(utf8('record'), 'dag-cbor'),
  record: contentRoot,
  bundles: [contentRoot],
  content: contentRoot,
  bytes: 1,
  dependencies: [],
  publishedMs: 0,
};

function firstTwo(nodes = 4) {
  const mesh = createMemoryMesh({ nodes });
  const [first, second] = mesh.nodes;
  if (first === undefined || second === undefined) throw new Error('two nodes');
  return { mesh, first, second };
}

describe('an index record', () => {
  const artifacts = createMemoryArtifacts(generateKey(new Uint8Array(32).fill(7)));

  test('comes back as it was signed, with the node of the key', async () => {
    const opened = openIndexRecord(await signIndexRecord(body, artifacts));
    expect(opened).toEqual({ ok: true, record: body, publisher: artifacts.self.node });
  });

  test('with any bit changed is refused', async () => {
    const signed = await signIndexRecord(body, artifacts);
    for (let at = 0; at < signed.length; at += 7) {
      const changed = signed.slice();
      changed[at] = (changed[at] ?? 0) ^ 0x10;
      const opened = openIndexRecord(changed);
      // The one change that can pass is to another key that signed nothing.
      expect(opened.ok, `byte ${at}`).toBe(false);
    }
  });

  const bad: readonly (readonly [string, Partial<Record<keyof IndexRecord, unknown>>, string])[] = [
    ['a name in capitals', { name: 'Alpha' }, 'bad-name'],
    ['a name that climbs', { name: '../alpha' }, 'bad-name'],
    ['no semantic version', { version: '1.0' }, 'bad-version'],
    ['sequence zero', { sequence: 0 }, 'malformed'],
    ['no bundle', { bundles: [] }, 'malformed'],
    ['an unknown type', { type: 'library.cobol' }, 'malformed'],
    [
      'a range that is none',
      { dependencies: [{ name: 'left', range: '>>1', optional: false }] },
      'malformed',
    ],
  ];
  test.each(bad)('with %s is refused', async (_, change, reason) => {
    const signed = await signIndexRecord({ ...body, ...change } as IndexRecord, artifacts);
    expect(openIndexRecord(signed)).toEqual({ ok: false, reason });
  });

  test.each([
    ['nothing', new Uint8Array()],
    ['text', utf8('{"name":"alpha"}')],
    ['too much', new Uint8Array(40_000)],
  ])('that is %s is refused', (_, bytes) => {
    expect(openIndexRecord(bytes)).toEqual({ ok: false, reason: 'malformed' });
  });
});

describe('sequences', () => {
  test.each([
    [[], 0, { highest: 0, gaps: [], repeated: [] }],
    [[1, 2, 3], 0, { highest: 3, gaps: [], repeated: [] }],
    [[3, 1], 0, { highest: 3, gaps: [2], repeated: [] }],
    [[1, 2, 2], 2, { highest: 2, gaps: [], repeated: [2] }],
    [[1, 2], 3, { highest: 2, gaps: [], repeated: [], rolledBackFrom: 3 }],
    [[], 1, { highest: 0, gaps: [], repeated: [], rolledBackFrom: 1 }],
  ])('of %j with %d seen before', (numbers, seen, report) => {
    expect(reportSequences(numbers, seen)).toEqual(report);
  });

  test('a gap of a million numbers is shown by its beginning', () => {
    expect(reportSequences([1_000_000], 0).gaps).toHaveLength(100);
  });

  test('an index that shows an older state than was seen is refused, also by a new process', async () => {
    const { mesh, first, second } = firstTwo();
    const alice = createCatalog(first.ports);
    await alice.publish(sourceOf({ name: 'alpha', version: '1.0.0' }));
    await alice.publish(sourceOf({ name: 'alpha', version: '1.0.1' }));
    expect(await createCatalog(second.ports).versions('alpha')).toEqual(['1.0.0', '1.0.1']);
    mesh.index.entries.delete('alpha@1.0.1');
    const restarted = createCatalog(second.ports);
    expect(await restarted.versions('alpha')).toEqual([]);
    expect(await restarted.search({ verifiedOnly: false })).toEqual([]);
    await expect(restarted.install('alpha')).rejects.toMatchObject({
      code: 'catalog/refused',
      failure: { check: 'sequence', reason: 'rolled-back' },
    });
  });

  test('a publisher that counts to the end is remembered by a new process all the same', async () => {
    const { mesh, first, second } = firstTwo();
    await createCatalog(first.ports).publish(sourceOf({ name: 'alpha' }));
    const entry = mesh.index.entries.get('alpha@1.0.0');
    const opened = openIndexRecord(entry?.record ?? utf8(''));
    if (entry === undefined || !opened.ok) throw new Error('published');
    const last = { ...opened.record, version: '2.0.0', sequence: Number.MAX_SAFE_INTEGER };
    const record = await signIndexRecord(last, first.ports.artifacts);
    mesh.index.entries.set('alpha@2.0.0', { ...entry, key: 'alpha@2.0.0', record });
    expect(await createCatalog(second.ports).versions('alpha')).toEqual(['1.0.0', '2.0.0']);
    mesh.index.entries.delete('alpha@2.0.0');
    expect(await createCatalog(second.ports).versions('alpha')).toEqual([]);
  });

  test('a record that is kept back from the middle is flagged as a gap', async () => {
    const { mesh, first, second } = firstTwo();
    const alice = createCatalog(first.ports);
    for (const name of ['alpha', 'beta', 'gamma']) await alice.publish(sourceOf({ name }));
    mesh.index.entries.delete('beta@1.0.0');
    const { sequence } = await createCatalog(second.ports).info('alpha');
    expect(sequence).toEqual({ highest: 3, gaps: [2], repeated: [] });
  });
});

describe('entries that are not believed', () => {
  test('forged records never show, are never installed, and are named [catalog-11]', async () => {
    const { mesh, first, second } = firstTwo();
    const alice = createCatalog(first.ports);
    await alice.publish(sourceOf({ name: 'alpha' }));
    const real = mesh.index.entries.get('alpha@1.0.0');
    if (real === undefined) throw new Error('published');
    const mallory = createMemoryArtifacts(generateKey(new Uint8Array(32).fill(99)));
    const forged = await signIndexRecord({ ...body, version: '9.9.9' }, mallory);
    const plant = (key: string, entry: object) => mesh.index.entries.set(key, { ...real, key, ...entry });
    // By her own key under alice's name, by her key in alice's name, under another key, and no record at all.
    plant('alpha@9.9.9', { record: forged, publisher: mallory.self.node, height: 99 });
    plant('alpha@8.0.0', { record: await signIndexRecord({ ...body, version: '8.0.0' }, mallory) });
    plant('alpha@7.0.0', { record: real.record });
    plant('alpha@6.0.0', { record: utf8('nothing') });
    const bob = createCatalog(second.ports);
    for (const verifiedOnly of [true, false]) {
      expect((await bob.search({ text: 'alpha', verifiedOnly })).map(({ key }) => key)).toEqual([
        'alpha@1.0.0',
      ]);
    }
    const { refused } = await bob.info('alpha');
    expect(Object.fromEntries(refused.map(({ key, reason }) => [key, reason]))).toEqual({
      'alpha@9.9.9': 'not-the-owner',
      'alpha@8.0.0': 'signed-by-another',
      'alpha@7.0.0': 'another-key',
      'alpha@6.0.0': 'malformed',
    });
    await expect(bob.install('alpha@9.9.9')).rejects.toMatchObject({
      code: expect.stringMatching(/^catalog\//),
    });
    expect((await bob.install('alpha')).packages).toHaveLength(1);
  });
});

describe('a publisher that names one record twice', () => {
  test.each([
    ['another version', { version: '2.0.0' }, 'another-version'],
    ['another name, for which a rule asks more', { name: '@acme/alpha' }, 'another-name'],
    ['another size', { bytes: 7 }, 'another-bytes'],
  ])('is refused for %s, also after the record was verified', async (_, change, reason) => {
    const { mesh, first, second } = firstTwo();
    await createCatalog(first.ports).publish(sourceOf({ name: 'alpha' }));
    const rules = [{ names: '@acme/*', threshold: 2 }];
    const bob = createCatalog(second.ports, { policy: { rules } });
    expect((await bob.info('alpha')).record.version).toBe('1.0.0');
    const entry = mesh.index.entries.get('alpha@1.0.0');
    const opened = openIndexRecord(entry?.record ?? utf8(''));
    if (entry === undefined || !opened.ok) throw new Error('published');
    const lie = { ...opened.record, sequence: 2, ...change };
    const key = `${lie.name}@${lie.version}`;
    const record = await signIndexRecord(lie, first.ports.artifacts);
    mesh.index.entries.set(key, { ...entry, key, record });
    await expect(bob.install(key)).rejects.toMatchObject({
      code: 'catalog/refused',
      failure: { check: 'record', reason },
    });
  });
});

describe('the policy on signers', () => {
  const [owner, other, third] = ['owner', 'other', 'third'] as never[];
  const twoOfThree = {
    rules: [{ names: '@acme/*', threshold: 2, signers: [owner, other, third] as never[] }],
  };
  test.each([
    ['unsigned is refused without any rule', { rules: [] }, 'alpha', [], 'unsigned'],
    ['the owner alone suffices without a rule', { rules: [] }, 'alpha', [owner], undefined],
    ['somebody else alone does not', { rules: [] }, 'alpha', [other], 'owner-did-not-sign'],
    ['one of three is too few', twoOfThree, '@acme/x', [owner], 'too-few-signers'],
    ['the same one twice is one', twoOfThree, '@acme/x', [owner, owner], 'too-few-signers'],
    ['two of three suffice', twoOfThree, '@acme/x', [owner, third], undefined],
    ['the owner must be among them', twoOfThree, '@acme/x', [other, third], 'owner-did-not-sign'],
    ['a stranger does not count', twoOfThree, '@acme/x', [owner, 'stranger' as never], 'too-few-signers'],
    ['another scope has no rule', twoOfThree, '@other/x', [owner], undefined],
    [
      'a threshold without names counts nodes',
      { rules: [{ names: '*', threshold: 2 }] },
      'a',
      [owner, other],
      undefined,
    ],
    [
      'a threshold of zero asks for the owner all the same',
      { rules: [{ names: '*', threshold: 0 }] },
      'a',
      [],
      'unsigned',
    ],
  ])('%s', (_, policy, name, signedBy, reason) => {
    const verdict = judgeSigners(policy, name, owner as never, signedBy as never[]);
    expect(verdict.ok ? undefined : verdict.reason).toBe(reason);
  });

  test('a second signer attests the record before it is published, and is asked for by the policy', async () => {
    const { first, second, mesh } = firstTwo();
    const source = sourceOf({ name: '@acme/alpha' });
    const alice = createCatalog(first.ports);
    const attestation = await second.ports.artifacts.sign(await createCatalog(second.ports).describe(source));
    const rules = [{ names: '@acme/*', threshold: 2, signers: [first.id, second.id] }];
    const strict = createCatalog(mesh.nodes[3]?.ports ?? (undefined as never), { policy: { rules } });
    await alice.publish(sourceOf({ name: '@acme/beta' }));
    await expect(strict.install('@acme/beta')).rejects.toMatchObject({ failure: { check: 'signers' } });
    const wrong = alice.publish(source, { attestations: [utf8('no bundle')] });
    await expect(wrong).rejects.toMatchObject({ code: 'catalog/bad-package' });
    await alice.publish(source, { attestations: [attestation.bundle] });
    const { packages } = await strict.install('@acme/alpha');
    expect(packages[0]?.package.signers).toHaveLength(2);
  });
});
