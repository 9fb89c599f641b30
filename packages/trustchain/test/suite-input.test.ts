import { runInNewContext } from 'node:vm';
import { suiteFor, suiteIds } from '@hypermesh/trustchain/suite';
import { describe, expect, test } from 'vitest';
import type { KemSuite, SignatureSuite } from '../src/suite/suite.ts';

/** Every suite with every backend that is here. */
const suites = suiteIds.flatMap((id) =>
  (['native', 'liboqs', 'noble'] as const).flatMap((backend) => {
    try {
      return [[`${id} by ${backend}`, suiteFor(id, { backend })] as const];
    } catch {
      return [];
    }
  }),
);
const signatures = suites.flatMap(([name, suite]): [string, SignatureSuite][] =>
  suite.kind === 'signature' ? [[name, suite]] : [],
);
const kems = suites.flatMap(([name, suite]): [string, KemSuite][] =>
  suite.kind === 'kem' ? [[name, suite]] : [],
);

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
/** The same bytes in every form that a caller may have them in. */
const forms: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array | string>> = {
  hex,
  'upper-case hex': (bytes) => hex(bytes).toUpperCase(),
  'a Buffer': (bytes) => Buffer.from(bytes),
  'a view into other bytes': (bytes) => {
    const holder = new Uint8Array(bytes.length + 13);
    holder.set(bytes, 7);
    return holder.subarray(7, 7 + bytes.length);
  },
  'an array of another realm': (bytes) => runInNewContext('new Uint8Array(list)', { list: [...bytes] }),
  'shared memory': (bytes) => {
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
    shared.set(bytes);
    return shared;
  },
};

const NOT_BYTES: readonly unknown[] = [
  null,
  5,
  true,
  10n,
  Symbol('x'),
  {},
  { length: 64 },
  [1, 2, 3],
  () => {},
  'not hex',
  'abc',
  new ArrayBuffer(8),
  new DataView(new ArrayBuffer(8)),
  Object.create(Uint8Array.prototype),
  new Proxy(new Uint8Array(64), {}),
];

describe.each(signatures)('%s', (_, suite) => {
  const message = new TextEncoder().encode('a message');

  test('takes bytes in every form, and nothing else for bytes', async () => {
    const pair = await suite.generate();
    const signature = await suite.sign(message, pair.secretKey);
    for (const [form, of] of Object.entries(forms)) {
      expect(await suite.verify(of(signature), of(message), of(pair.publicKey)), form).toBe(true);
    }
    const good = [signature, message, pair.publicKey] as const;
    for (const wrong of NOT_BYTES) {
      for (const place of [0, 1, 2]) {
        const [s, m, p] = good.map((bytes, at) => (at === place ? wrong : bytes)) as unknown as typeof good;
        expect(await suite.verify(s, m, p)).toBe(false);
      }
      const refusal = { code: 'trustchain/bad-argument' };
      await expect(suite.sign(wrong as never, pair.secretKey)).rejects.toMatchObject(refusal);
      await expect(suite.sign(message, wrong as never)).rejects.toMatchObject(refusal);
      await expect(suite.generate(wrong as never)).rejects.toMatchObject(refusal);
      await expect(suite.publicKeyOf(wrong as never)).rejects.toMatchObject(refusal);
    }
    expect(await suite.verify(...good, null as never)).toBe(true);
    const again = await suite.sign(message, Buffer.from(pair.secretKey), null as never);
    expect(await suite.verify(again, message, pair.publicKey)).toBe(true);
  });
});

describe.each(kems)('%s', (_, suite) => {
  test('takes Buffers and views, and nothing else for bytes', async () => {
    const pair = await suite.generate();
    for (const form of ['a Buffer', 'a view into other bytes', 'an array of another realm'] as const) {
      const of = forms[form] as (bytes: Uint8Array) => Uint8Array;
      const { ciphertext, sharedSecret } = await suite.encapsulate(of(pair.publicKey));
      expect(await suite.decapsulate(of(ciphertext), of(pair.secretKey)), form).toEqual(sharedSecret);
    }
    for (const wrong of NOT_BYTES as readonly Uint8Array[]) {
      const refusal = { code: 'trustchain/bad-argument' };
      await expect(suite.generate(wrong)).rejects.toMatchObject(refusal);
      await expect(suite.encapsulate(wrong)).rejects.toMatchObject(refusal);
      await expect(suite.decapsulate(wrong, pair.secretKey)).rejects.toMatchObject(refusal);
    }
  });
});

test.each(suites.filter(([name]) => !name.startsWith('falcon')))(
  '%s: a key outlives the seed that it was made from, a Buffer too',
  async (_, suite) => {
    for (const seed of [new Uint8Array(suite.sizes.seed).fill(7), Buffer.alloc(suite.sizes.seed, 7)]) {
      const { secretKey } = await suite.generate(seed);
      const before = hex(secretKey);
      seed.fill(0);
      expect(hex(secretKey)).toBe(before);
    }
  },
);

test('what is no id names no suite', () => {
  for (const wrong of [...NOT_BYTES, undefined, '', 'toString', '__proto__']) {
    expect(() => suiteFor(wrong as never)).toThrow(
      expect.objectContaining({ code: 'trustchain/unknown-suite' }),
    );
  }
  expect(suiteFor('ed25519', null as never).id).toBe('ed25519');
});
