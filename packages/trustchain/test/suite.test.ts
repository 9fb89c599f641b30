import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type BackendName,
  type KemSuiteId,
  type SignatureSuiteId,
  type SuiteId,
  suiteFor,
  suiteIds,
} from '../src/index.ts';

const SIGNATURE_IDS = ['ed25519', 'p256', 'ml-dsa-44', 'ml-dsa-65', 'falcon-1024-r3'] as const;
const KEM_IDS = ['x25519', 'ml-kem-768', 'x25519-ml-kem-768'] as const;
const BACKENDS: readonly BackendName[] = ['native', 'liboqs', 'noble'];
const message = new TextEncoder().encode('a message');
const codeOf = (error: unknown) => (error as { code?: string }).code;

function backendsOf(id: SuiteId): BackendName[] {
  return BACKENDS.filter((backend) => {
    try {
      return suiteFor(id, { backend }) !== undefined;
    } catch (error) {
      expect(codeOf(error)).toBe('trustchain/backend-absent');
      return false;
    }
  });
}

test('the registry lists its ids and refuses others', () => {
  expect(suiteIds).toEqual([...SIGNATURE_IDS, ...KEM_IDS]);
  for (const id of ['', 'rsa', 'toString', '__proto__', 'fn-dsa-1024']) {
    expect(() => suiteFor(id as SuiteId)).toThrowError(
      expect.objectContaining({ code: 'trustchain/unknown-suite' }),
    );
  }
});

test('each suite says which backend serves it and what is known of it', () => {
  for (const id of suiteIds) {
    const { info } = suiteFor(id);
    expect(info.backend).toBe(id === 'falcon-1024-r3' ? backendsOf(id)[0] : 'native');
    for (const text of [info.standard, info.standardStatus, info.constantTime, info.audit]) {
      expect(text.length).toBeGreaterThan(3);
    }
  }
  expect(suiteFor('falcon-1024-r3').info.standardStatus).toContain('not a standard');
});

test('an installed liboqs serves Falcon', () => {
  expect(backendsOf('falcon-1024-r3')).toContain('liboqs');
});

describe.each(SIGNATURE_IDS)('%s', (id: SignatureSuiteId) => {
  test('has the sizes that it states and derives the public key from the secret one', async () => {
    const suite = suiteFor(id);
    const pair = await suite.generate();
    const signature = await suite.sign(message, pair.secretKey);
    expect(pair.publicKey).toHaveLength(suite.sizes.publicKey);
    expect(pair.secretKey).toHaveLength(suite.sizes.secretKey);
    expect(signature.length).toBeLessThanOrEqual(suite.sizes.signature);
    expect(await suite.publicKeyOf(pair.secretKey)).toEqual(pair.publicKey);
  });

  test('takes hex wherever it verifies', async () => {
    const suite = suiteFor(id);
    const pair = await suite.generate();
    const signature = await suite.sign(message, pair.secretKey);
    const [s, m, p] = [signature, message, pair.publicKey].map((raw) => Buffer.from(raw).toString('hex'));
    expect(await suite.verify(s ?? '', (m ?? '').toUpperCase(), p ?? '')).toBe(true);
  });

  test('gives the same keys from a seed and verifies across every pair of backends', async () => {
    const suites = backendsOf(id).map((backend) => suiteFor(id, { backend }));
    const seed = new Uint8Array(suites[0]?.sizes.seed ?? 0).fill(7);
    const pairs = await Promise.all(suites.map((suite) => suite.generate(seed)));
    for (const pair of pairs) expect(pair).toEqual(pairs[0]);
    expect(suites.length).toBeGreaterThanOrEqual(2);
    for (const [index, signer] of suites.entries()) {
      const fresh = await signer.generate();
      for (const pair of [fresh, pairs[index] ?? fresh]) {
        const signature = await signer.sign(message, pair.secretKey);
        for (const verifier of suites) {
          expect(await verifier.verify(signature, message, pair.publicKey)).toBe(true);
          expect(await verifier.publicKeyOf(pair.secretKey)).toEqual(pair.publicKey);
        }
      }
    }
  });

  test('refuses every flipped bit of signature, message and key alike on each backend', async () => {
    const suites = backendsOf(id).map((backend) => suiteFor(id, { backend }));
    const pair = await suiteFor(id).generate();
    const signature = await suiteFor(id).sign(message, pair.secretKey);
    const parts = [signature, message, pair.publicKey] as const;
    await fc.assert(
      fc.asyncProperty(fc.nat(2), fc.nat(), fc.nat(7), async (which, at, bit) => {
        const [s, m, p] = parts.map((part, index) => {
          const copy = part.slice();
          const position = at % copy.length;
          if (index === which) copy[position] = (copy[position] ?? 0) ^ (1 << bit);
          return copy;
        });
        for (const suite of suites) {
          expect(await suite.verify(s ?? '', m ?? '', p ?? '')).toBe(false);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('answers false to bad bytes and never throws', async () => {
    const pair = await suiteFor(id).generate();
    const good = await suiteFor(id).sign(message, pair.secretKey);
    const bad: unknown[] = [
      undefined,
      null,
      7,
      {},
      [],
      'zz',
      'abc',
      new Uint8Array(),
      good.subarray(1),
      new Uint8Array([...good, 0]),
      new Uint8Array(good.length),
      new Uint8Array(good.length).fill(255),
      new Uint8Array(1 << 20),
    ];
    const badKeys: unknown[] = [
      ...bad.slice(0, 8),
      pair.publicKey.subarray(1),
      new Uint8Array([...pair.publicKey, 0]),
      new Uint8Array(pair.publicKey.length).fill(255),
    ];
    for (const backend of backendsOf(id)) {
      const suite = suiteFor(id, { backend });
      const verify = suite.verify as (...args: unknown[]) => Promise<boolean>;
      for (const value of bad) expect(await verify(value, message, pair.publicKey)).toBe(false);
      for (const value of badKeys) expect(await verify(good, message, value)).toBe(false);
      for (const value of bad.slice(0, 7)) expect(await verify(good, value, pair.publicKey)).toBe(false);
    }
  });

  test('rejects misuse with the argument named', async () => {
    const suite = suiteFor(id);
    const sign = suite.sign as (...args: unknown[]) => Promise<Uint8Array>;
    const failing: [string, () => Promise<unknown>][] = [
      ['seed', () => suite.generate(new Uint8Array(5))],
      ['message', () => sign('text', new Uint8Array(suite.sizes.secretKey))],
      ['secretKey', () => sign(message, new Uint8Array(suite.sizes.secretKey + 1))],
      ['secretKey', () => sign(message, undefined)],
      ['secretKey', () => suite.publicKeyOf(new Uint8Array(1))],
      [
        'context',
        () => suite.sign(message, new Uint8Array(suite.sizes.secretKey), { context: new Uint8Array(256) }),
      ],
    ];
    for (const [argument, call] of failing) {
      await expect(call()).rejects.toMatchObject({ failure: { code: 'trustchain/bad-argument', argument } });
    }
  });
});

test('a secret key that does not decode is refused by every backend', async () => {
  for (const [id, secretKey] of [
    ['p256', new Uint8Array(32)],
    ['p256', new Uint8Array(32).fill(255)],
    ['falcon-1024-r3', new Uint8Array(2305).fill(255)],
  ] as const) {
    for (const backend of backendsOf(id)) {
      await expect(suiteFor(id, { backend }).sign(message, secretKey)).rejects.toMatchObject({
        failure: { code: 'trustchain/bad-argument', argument: 'secretKey' },
      });
    }
  }
});

test('an ML-DSA signature is bound to its context', async () => {
  const suite = suiteFor('ml-dsa-65');
  const pair = await suite.generate();
  const context = new Uint8Array([1, 2, 3]);
  const signature = await suite.sign(message, pair.secretKey, { context });
  expect(await suite.verify(signature, message, pair.publicKey, { context })).toBe(true);
  expect(await suite.verify(signature, message, pair.publicKey)).toBe(false);
  const noble = suiteFor('ml-dsa-65', { backend: 'noble' });
  expect(await noble.verify(signature, message, pair.publicKey, { context: '010203' })).toBe(true);
});

describe.each(KEM_IDS)('%s', (id: KemSuiteId) => {
  test('carries one secret between every pair of backends', async () => {
    const suites = backendsOf(id).map((backend) => suiteFor(id, { backend }));
    const seed = new Uint8Array(suites[0]?.sizes.seed ?? 0).fill(9);
    const pair = await suiteFor(id).generate(seed);
    for (const sender of suites) {
      expect(await sender.generate(seed)).toEqual(pair);
      const { ciphertext, sharedSecret } = await sender.encapsulate(pair.publicKey);
      expect(ciphertext).toHaveLength(sender.sizes.ciphertext);
      expect(sharedSecret).toHaveLength(sender.sizes.sharedSecret);
      for (const receiver of suites) {
        expect(await receiver.decapsulate(ciphertext, pair.secretKey)).toEqual(sharedSecret);
      }
    }
  });

  test('an altered ciphertext never gives the secret', async () => {
    const suite = suiteFor(id);
    const pair = await suite.generate();
    const { ciphertext, sharedSecret } = await suite.encapsulate(pair.publicKey);
    await fc.assert(
      fc.asyncProperty(fc.nat(ciphertext.length - 1), fc.nat(7), async (at, bit) => {
        // RFC 7748 ignores the top bit of a u-coordinate; the hybrid's transcript does not.
        fc.pre(!(id === 'x25519' && at === 31 && bit === 7));
        const altered = ciphertext.slice();
        altered[at] = (altered[at] ?? 0) ^ (1 << bit);
        const got = await suite.decapsulate(altered, pair.secretKey).catch(codeOf);
        expect(got).not.toEqual(sharedSecret);
      }),
      { numRuns: 60 },
    );
  });

  test('rejects wrong lengths and types with the argument named', async () => {
    const suite = suiteFor(id);
    const pair = await suite.generate();
    const untyped = (value: unknown) => value as Uint8Array;
    const failing: [string, Promise<unknown>][] = [
      ['seed', suite.generate(new Uint8Array(3))],
      ['publicKey', suite.encapsulate(pair.publicKey.subarray(1))],
      ['publicKey', suite.encapsulate(untyped('00'))],
      ['ciphertext', suite.decapsulate(new Uint8Array(4), pair.secretKey)],
      ['secretKey', suite.decapsulate(new Uint8Array(suite.sizes.ciphertext), untyped(null))],
    ];
    for (const [argument, call] of failing) {
      await expect(call).rejects.toMatchObject({ failure: { code: 'trustchain/bad-argument', argument } });
    }
  });
});

test('an ML-KEM public key with coefficients beyond the modulus is refused', async () => {
  for (const backend of backendsOf('ml-kem-768')) {
    const suite = suiteFor('ml-kem-768', { backend });
    await expect(suite.encapsulate(new Uint8Array(1184).fill(255))).rejects.toMatchObject({
      failure: { code: 'trustchain/bad-argument', argument: 'publicKey' },
    });
  }
});
