import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeCanonical, encodeCanonical } from '@hypermesh/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { suiteFor } from '../src/index.ts';
import { createKeystore, openKeystore, type StoredKey } from '../src/keystore/index.ts';
import { killAfter } from './killed-child.ts';
import { temporaryFolder } from './temporary-folder.ts';

const passphrase = 'correct horse battery staple';
const cost = { memoryKiB: 8192, passes: 1, lanes: 1 };

async function freshKeystore() {
  const folder = await temporaryFolder();
  const path = join(folder, 'keys');
  const keystore = await createKeystore({ path, passphrase, cost });
  return { folder, path, keystore };
}

async function storedKey(): Promise<StoredKey> {
  return { suite: 'ed25519', ...(await suiteFor('ed25519').generate()) };
}

/** Rewrites the file through `edit`, which sees the decoded record. */
async function alter(path: string, edit: (record: Record<string, unknown>) => void): Promise<void> {
  const decoded = decodeCanonical(new Uint8Array(await readFile(path)));
  if (!decoded.ok) throw new Error(decoded.reason);
  const record = { ...(decoded.value as Record<string, unknown>) };
  edit(record);
  await writeFile(path, encodeCanonical(record));
}

const flipped = (value: unknown) => {
  const bytes = (value as Uint8Array).slice();
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  return bytes;
};

test('keys of every suite come back as they were stored', async () => {
  const { path, keystore } = await freshKeystore();
  const stored = new Map<string, StoredKey>();
  for (const id of ['ed25519', 'p256', 'ml-dsa-65', 'falcon-1024-r3'] as const) {
    stored.set(id, { suite: id, ...(await suiteFor(id).generate()) });
  }
  await Promise.all([...stored].map(([name, key]) => keystore.put(name, key)));
  keystore.close();
  const opened = await openKeystore({ path, passphrase });
  if (!opened.ok) throw new Error(opened.reason);
  expect(opened.keystore.names()).toEqual([...stored.keys()].sort());
  for (const [name, key] of stored) expect(opened.keystore.get(name)).toEqual(key);
  expect(opened.keystore.get('absent')).toBeUndefined();
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test('a keystore takes 256 of the largest keys and not one more', async () => {
  const { path, keystore } = await freshKeystore();
  const largest = { suite: 'x'.repeat(64), publicKey: new Uint8Array(2592), secretKey: new Uint8Array(4896) };
  const name = (number: number) => `${number}`.padStart(128, '0');
  for (let number = 0; number < 8; number += 1) {
    await Promise.all(Array.from({ length: 32 }, (_, at) => keystore.put(name(32 * number + at), largest)));
  }
  await expect(keystore.put('more', largest)).rejects.toMatchObject({ code: 'trustchain/bad-argument' });
  const opened = await openKeystore({ path, passphrase });
  expect(opened.ok && opened.keystore.names()).toHaveLength(256);
});

test('a key is removed, replaced and handed out as a copy', async () => {
  const { path, keystore } = await freshKeystore();
  const [first, second] = [await storedKey(), await storedKey()];
  await keystore.put('a', first);
  keystore.get('a')?.secretKey.fill(0);
  expect(keystore.get('a')).toEqual(first);
  await keystore.put('a', second);
  await keystore.put('b', first);
  expect([await keystore.remove('b'), await keystore.remove('b')]).toEqual([true, false]);
  const opened = await openKeystore({ path, passphrase });
  expect(opened.ok && opened.keystore.names()).toEqual(['a']);
  expect(opened.ok && opened.keystore.get('a')).toEqual(second);
});

test('a changed passphrase opens and the former does not', async () => {
  const { path, keystore } = await freshKeystore();
  const key = await storedKey();
  await keystore.put('a', key);
  await keystore.changePassphrase('another');
  expect(await openKeystore({ path, passphrase })).toEqual({ ok: false, reason: 'wrong-passphrase' });
  const opened = await openKeystore({ path, passphrase: 'another' });
  expect(opened.ok && opened.keystore.get('a')).toEqual(key);
});

test('a passphrase opens in its composed and its decomposed spelling', async () => {
  const path = join(await temporaryFolder(), 'keys');
  await createKeystore({ path, passphrase: 'caf\u00e9', cost });
  expect(await openKeystore({ path, passphrase: 'cafe\u0301' })).toMatchObject({ ok: true });
});

test('no secret is ever in the folder in plain, as hex or as base64', async () => {
  const { folder, keystore } = await freshKeystore();
  const pair = await suiteFor('falcon-1024-r3').generate();
  await keystore.put('falcon', { suite: 'falcon-1024-r3', ...pair });
  const secret = Buffer.from(pair.secretKey.subarray(100, 148));
  const needles = [secret, secret.toString('hex'), secret.toString('base64'), passphrase];
  const names = await readdir(folder);
  expect(names).toEqual(['keys']);
  for (const name of names) {
    const bytes = await readFile(join(folder, name));
    for (const needle of needles) expect(bytes.includes(needle)).toBe(false);
    // The search itself finds what is there.
    expect(bytes.includes('hypermesh-keystore')).toBe(true);
  }
});

test('a wrong passphrase and each altered part are told apart', async () => {
  const { path, keystore } = await freshKeystore();
  await keystore.put('a', await storedKey());
  const good = await readFile(path);
  expect(await openKeystore({ path, passphrase: 'wrong' })).toEqual({
    ok: false,
    reason: 'wrong-passphrase',
  });
  for (const [field, reason] of [
    ['sealed', 'tampered'],
    ['nonce', 'tampered'],
    ['check', 'tampered'],
  ] as const) {
    await writeFile(path, good);
    await alter(path, (record) => {
      record[field] = flipped(record[field]);
    });
    expect(await openKeystore({ path, passphrase })).toEqual({ ok: false, reason });
    expect(await openKeystore({ path, passphrase: 'wrong' })).toEqual({
      ok: false,
      reason: 'wrong-passphrase',
    });
  }
  await writeFile(path, good);
  expect(await openKeystore({ path, passphrase })).toMatchObject({ ok: true });
});

test.each<[string, (cost: Record<string, unknown>) => void, string]>([
  ['64 GiB of memory', (it) => Object.assign(it, { memoryKiB: 64 << 20 }), 'cost-too-high'],
  ['a million passes', (it) => Object.assign(it, { passes: 1_000_000 }), 'cost-too-high'],
  ['thousands of lanes', (it) => Object.assign(it, { lanes: 5000 }), 'cost-too-high'],
  ['no memory', (it) => Object.assign(it, { memoryKiB: 0 }), 'cost-too-low'],
  ['no pass', (it) => Object.assign(it, { passes: 0 }), 'cost-too-low'],
  ['no lane', (it) => Object.assign(it, { lanes: 0 }), 'cost-too-low'],
  ['another algorithm', (it) => Object.assign(it, { algorithm: 'argon2d' }), 'malformed'],
  ['a negative cost', (it) => Object.assign(it, { passes: -1 }), 'malformed'],
  ['a short salt', (it) => Object.assign(it, { salt: new Uint8Array(8) }), 'malformed'],
  ['an unknown field', (it) => Object.assign(it, { more: 1 }), 'malformed'],
])('a header that asks for %s is refused before it costs anything', async (_, edit, reason) => {
  const field = 'cost';
  const { path } = await freshKeystore();
  await alter(path, (record) => {
    const altered = { ...(record[field] as Record<string, unknown>) };
    edit(altered);
    record[field] = altered;
  });
  expect(await openKeystore({ path, passphrase })).toEqual({ ok: false, reason });
});

test('malformed files are refused with a reason', async () => {
  const { path } = await freshKeystore();
  const good = new Uint8Array(await readFile(path));
  const cases: [Uint8Array, string][] = [
    [new Uint8Array(), 'malformed'],
    [new TextEncoder().encode('not a keystore'), 'malformed'],
    [good.subarray(0, good.length - 1), 'malformed'],
    [new Uint8Array([...good, 0]), 'malformed'],
    [encodeCanonical({ v: 1 }), 'malformed'],
    [new Uint8Array((2 << 20) + 5000), 'too-large'],
  ];
  for (const [bytes, reason] of cases) {
    await writeFile(path, bytes);
    expect(await openKeystore({ path, passphrase })).toEqual({ ok: false, reason });
  }
  expect(await openKeystore({ path: `${path}-absent`, passphrase })).toEqual({
    ok: false,
    reason: 'not-found',
  });
});

test('any flipped bit of a file is refused', async () => {
  const { path, keystore } = await freshKeystore();
  await keystore.put('a', await storedKey());
  const good = new Uint8Array(await readFile(path));
  await fc.assert(
    fc.asyncProperty(fc.nat(good.length - 1), fc.nat(7), async (at, bit) => {
      const copy = good.slice();
      copy[at] = (copy[at] ?? 0) ^ (1 << bit);
      await writeFile(path, copy);
      expect(await openKeystore({ path, passphrase })).toMatchObject({ ok: false });
    }),
    { numRuns: 60 },
  );
});

test('misuse fails with a code and changes nothing', async () => {
  const { path, keystore } = await freshKeystore();
  const key = await storedKey();
  await keystore.put('a', key);
  await expect(createKeystore({ path, passphrase, cost })).rejects.toMatchObject({
    code: 'trustchain/exists',
  });
  await expect(keystore.put('', key)).rejects.toMatchObject({ code: 'trustchain/bad-argument' });
  await expect(keystore.put('x'.repeat(129), key)).rejects.toMatchObject({ code: 'core/not-a-record' });
  for (const bad of [
    { path, passphrase: '' },
    { path: `${path}2`, passphrase, cost: { ...cost, memoryKiB: 64 << 20 } },
  ]) {
    await expect(createKeystore(bad)).rejects.toMatchObject({ code: 'trustchain/bad-argument' });
  }
  expect(keystore.names()).toEqual(['a']);
  keystore.close();
  await expect(keystore.put('b', key)).rejects.toMatchObject({ code: 'trustchain/closed' });
  expect(() => keystore.get('a')).toThrowError(expect.objectContaining({ code: 'trustchain/closed' }));
  const opened = await openKeystore({ path, passphrase });
  expect(opened.ok && opened.keystore.get('a')).toEqual(key);
});

test('an abort while the passphrase is stretched rejects with its reason', async () => {
  const { path } = await freshKeystore();
  const reason = new Error('enough');
  await expect(openKeystore({ path, passphrase, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

test.each([1, 2, 5, 9, 17])(
  'killed after save %i, the file is whole and holds what was acknowledged',
  async (lines) => {
    const folder = await temporaryFolder();
    const path = join(folder, 'keys');
    const printed = await killAfter(new URL('./fixtures/save-keys.ts', import.meta.url), [path], lines);
    const opened = await openKeystore({ path, passphrase: 'correct horse' });
    if (!opened.ok) throw new Error(opened.reason);
    const count = opened.keystore.get('count')?.secretKey[0] ?? 0;
    expect(count).toBeGreaterThanOrEqual(Number(printed.at(-1)));
    for (const name of opened.keystore.names().filter((one) => one !== 'count')) {
      const { secretKey } = opened.keystore.get(name) as StoredKey;
      expect(secretKey.every((byte) => byte === secretKey[0])).toBe(true);
    }
    expect(await readdir(folder)).toEqual(['keys']);
  },
);

test('a key stays whole when the caller wipes the Buffers that it was handed in', async () => {
  const { path, keystore } = await freshKeystore();
  const given = { suite: 'x', publicKey: Buffer.alloc(32, 1), secretKey: Buffer.alloc(32, 2) };
  const storing = keystore.put('a', given);
  given.publicKey.fill(0);
  given.secretKey.fill(0);
  await storing;
  await keystore.put('b', await storedKey());
  const opened = await openKeystore({ path, passphrase });
  const expected = {
    suite: 'x',
    publicKey: new Uint8Array(32).fill(1),
    secretKey: new Uint8Array(32).fill(2),
  };
  expect(opened.ok && opened.keystore.get('a')).toEqual(expected);
});

test('changes count in the order of the calls: of two removals one is told of the key, the last passphrase stays', async () => {
  const { path, keystore } = await freshKeystore();
  const putting = keystore.put('a', await storedKey());
  expect(await Promise.all([keystore.remove('a'), keystore.remove('a')])).toEqual([true, false]);
  await putting;
  // The first takes many times as long to derive.
  await Promise.all([
    keystore.changePassphrase('first', { cost: { memoryKiB: 65_536, passes: 2, lanes: 1 } }),
    keystore.changePassphrase('second', { cost }),
  ]);
  expect(await openKeystore({ path, passphrase: 'first' })).toMatchObject({ reason: 'wrong-passphrase' });
  expect(await openKeystore({ path, passphrase: 'second' })).toMatchObject({ ok: true });
  keystore.close();
  await expect(keystore.remove('a')).rejects.toMatchObject({ code: 'trustchain/closed' });
});

test.each([
  ['no key', undefined],
  ['a key of texts', { suite: 'x', publicKey: 'aa', secretKey: 'bb' }],
  ['a key without its suite', { publicKey: new Uint8Array(1), secretKey: new Uint8Array(1) }],
])('%s is refused by its code', async (_, key) => {
  const { keystore } = await freshKeystore();
  await expect(keystore.put('a', key as never)).rejects.toMatchObject({ code: 'trustchain/bad-argument' });
});

test.each([
  { memoryKiB: Number.NaN, passes: 1, lanes: 1 },
  { memoryKiB: 8192.5, passes: 1, lanes: 1 },
  { memoryKiB: 8192, passes: Number.POSITIVE_INFINITY, lanes: 1 },
  { memoryKiB: 8192, passes: 1, lanes: '1' as never },
])('a cost that is no count is refused by its code: %o', async (wrong) => {
  const path = join(await temporaryFolder(), 'keys');
  const creating = createKeystore({ path, passphrase, cost: wrong });
  await expect(creating).rejects.toMatchObject({
    code: 'trustchain/bad-argument',
    failure: { argument: 'cost' },
  });
});
