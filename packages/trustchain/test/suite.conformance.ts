import { hkdfSync } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { type BackendName, suiteFor } from '../src/index.ts';
import { vectorFile, vectors, type WycheproofCase, wycheproof } from './vectors.ts';

const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));
const hex = (raw: Uint8Array) => Buffer.from(raw).toString('hex');
const backends: readonly BackendName[] = ['native', 'noble'];

beforeEach((context) => {
  if (vectors.skip) context.skip(vectors.reason);
});

describe.each(backends)('wycheproof with the %s backend', (backend) => {
  /** Runs every case and names those whose verdict differs from the file's. */
  async function differing(name: string, count: number, accept: (one: WycheproofCase) => Promise<boolean>) {
    const { cases, stated } = wycheproof(name);
    expect([cases.length, stated]).toEqual([count, count]);
    const wrong: string[] = [];
    for (const one of cases) {
      if ((await accept(one)) !== (one.result === 'valid')) wrong.push(`${one.tcId} ${one.comment}`);
    }
    return wrong;
  }

  test('ed25519: 151 of 151', async () => {
    const suite = suiteFor('ed25519', { backend });
    const accept = (one: WycheproofCase) => suite.verify(one.sig, one.msg, one.group.publicKey.pk);
    expect(await differing('ed25519', 151, accept)).toEqual([]);
  });

  test('p256: 484 of 484', async () => {
    const suite = suiteFor('p256', { backend });
    const accept = (one: WycheproofCase) => {
      return suite.verify(one.sig, one.msg, one.group.publicKey.uncompressed);
    };
    expect(await differing('ecdsa_secp256r1_sha256', 484, accept)).toEqual([]);
  });

  test.each([
    ['ml-dsa-44', 180],
    ['ml-dsa-65', 210],
  ] as const)('%s: %i of as many', async (id, count) => {
    const suite = suiteFor(id, { backend });
    const accept = (one: WycheproofCase) =>
      suite.verify(one.sig, one.msg, one.group.publicKey, {
        context: one.ctx ?? '',
      });
    expect(await differing(`mldsa_${id.slice(-2)}_verify`, count, accept)).toEqual([]);
  });

  test('ml-kem-768: 193 of 193', async () => {
    const suite = suiteFor('ml-kem-768', { backend });
    const accept = async (one: WycheproofCase) => {
      try {
        const pair = await suite.generate(bytes(one.seed));
        const shared = await suite.decapsulate(bytes(one.c), pair.secretKey);
        return hex(pair.publicKey) === one.ek && hex(shared) === one.K;
      } catch {
        return false;
      }
    };
    expect(await differing('mlkem_768', 193, accept)).toEqual([]);
  });

  test('x25519: 518 of 518, an all-zero secret refused', async () => {
    const suite = suiteFor('x25519', { backend });
    const { cases, stated } = wycheproof('x25519');
    expect([cases.length, stated]).toEqual([518, 518]);
    const wrong: number[] = [];
    for (const one of cases) {
      const wanted = one.shared;
      const got = await suite.decapsulate(bytes(one.public), bytes(one.private)).then(hex, () => 'refused');
      if (got !== (/^0+$/.test(wanted) ? 'refused' : wanted)) wrong.push(one.tcId);
    }
    expect(wrong).toEqual([]);
  });
});

describe('other vectors', () => {
  test('hkdf-sha-256, under the hybrid combiner: 86 of 86', () => {
    const { cases, stated } = wycheproof('hkdf_sha256');
    expect([cases.length, stated]).toEqual([86, 86]);
    for (const one of cases) {
      const derive = () =>
        hex(new Uint8Array(hkdfSync('sha256', bytes(one.ikm), bytes(one.salt), bytes(one.info), one.size)));
      if (one.result === 'valid') expect(derive()).toBe(one.okm);
      else expect(derive).toThrow();
    }
  });

  test('ed25519: native and noble agree on all 914 edge cases of CCTV', async () => {
    const cases = vectorFile<{ key: string; sig: string; msg: string }[]>('cctv-ed25519.json');
    expect(cases).toHaveLength(914);
    const [native, noble] = backends.map((backend) => suiteFor('ed25519', { backend }));
    let accepted = 0;
    for (const { key, sig, msg } of cases) {
      const message = new Uint8Array(Buffer.from(msg));
      const verdict = await native?.verify(sig, message, key);
      expect(await noble?.verify(sig, message, key)).toBe(verdict);
      if (verdict) accepted += 1;
    }
    expect(accepted).toBe(43);
  });
});
