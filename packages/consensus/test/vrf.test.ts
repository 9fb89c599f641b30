import { createVrfKey, verifyVrf } from '@hypermesh/consensus';
import { toHex } from '@hypermesh/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

/** RFC 9381, appendix B.3: ECVRF-EDWARDS25519-SHA512-TAI, examples 16 to 18. */
const examples = [
  {
    secret: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    key: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    alpha: '',
    proof:
      '8657106690b5526245a92b003bb079ccd1a92130477671f6fc01ad16f26f723f26f8a57ccaed74ee1b190bed1f479d9727d2d0f9b005a6e456a35d4fb0daab1268a1b0db10836d9826a528ca76567805',
    output:
      '90cf1df3b703cce59e2a35b925d411164068269d7b2d29f3301c03dd757876ff66b71dda49d2de59d03450451af026798e8f81cd2e333de5cdf4f3e140fdd8ae',
  },
  {
    secret: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    key: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    alpha: '72',
    proof:
      'f3141cd382dc42909d19ec5110469e4feae18300e94f304590abdced48aed5933bf0864a62558b3ed7f2fea45c92a465301b3bbf5e3e54ddf2d935be3b67926da3ef39226bbc355bdc9850112c8f4b02',
    output:
      'eb4440665d3891d668e7e0fcaf587f1b4bd7fbfe99d0eb2211ccec90496310eb5e33821bc613efb94db5e5b54c70a848a0bef4553a41befc57663b56373a5031',
  },
  {
    secret: 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    key: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    alpha: 'af82',
    proof:
      '9bc0f79119cc5604bf02d23b4caede71393cedfbb191434dd016d30177ccbf8096bb474e53895c362d8628ee9f9ea3c0e52c7a5c691b6c18c9979866568add7a2d41b00b05081ed0f58ee5e31b3a970e',
    output:
      '645427e5d00c62a23fb703732fa5d892940935942101e456ecca7bb217c61c452118fec1219202a0edcf038bb6373241578be7217ba85a2687f7a0310b2df19f',
  },
];

describe('the verifiable random function', () => {
  test('keeps a copy of its seed, also where that is a Buffer', () => {
    const seed = Buffer.alloc(32, 7);
    const { secretKey } = createVrfKey(seed);
    seed.fill(0);
    expect(toHex(secretKey)).toBe('07'.repeat(32));
  });

  test('gives the proofs and outputs of RFC 9381', () => {
    let checked = 0;
    for (const { secret, key, alpha, proof, output } of examples) {
      const own = createVrfKey(Buffer.from(secret, 'hex'));
      expect(toHex(own.publicKey)).toBe(key);
      const made = own.prove(Buffer.from(alpha, 'hex'));
      expect([toHex(made.proof), toHex(made.output)]).toEqual([proof, output]);
      const verdict = verifyVrf({ publicKey: key, alpha, proof });
      expect(verdict.ok && toHex(verdict.output)).toBe(output);
      checked++;
    }
    expect(checked).toBe(3);
  });

  test('refuses a proof with any bit flipped, another input, another key', () => {
    const own = createVrfKey(new Uint8Array(32).fill(1));
    const other = createVrfKey(new Uint8Array(32).fill(2));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(639), (alpha, bit) => {
        const { proof } = own.prove(alpha);
        const altered = proof.slice();
        altered[bit >> 3] = (altered[bit >> 3] as number) ^ (1 << (bit & 7));
        expect(verifyVrf({ publicKey: own.publicKey, alpha, proof: altered }).ok).toBe(false);
        expect(verifyVrf({ publicKey: other.publicKey, alpha, proof }).ok).toBe(false);
        const longer = Uint8Array.of(...alpha, 0);
        expect(verifyVrf({ publicKey: own.publicKey, alpha: longer, proof }).ok).toBe(false);
      }),
      { numRuns: 20 },
    );
  });

  test.each([
    ['no bytes', { publicKey: 5, alpha: '', proof: '' }, 'malformed'],
    ['a short proof', { publicKey: examples[0]?.key, alpha: '', proof: '00' }, 'malformed'],
    [
      'the identity as key',
      { publicKey: `01${'00'.repeat(31)}`, alpha: '', proof: '00'.repeat(80) },
      'bad-key',
    ],
    [
      'a key that is no point',
      { publicKey: `02${'00'.repeat(31)}`, alpha: '', proof: '00'.repeat(80) },
      'bad-key',
    ],
    [
      'a gamma that is no point',
      { publicKey: examples[0]?.key, alpha: '', proof: `02${'00'.repeat(79)}` },
      'bad-point',
    ],
    [
      'a scalar out of range',
      { publicKey: examples[0]?.key, alpha: '', proof: `${examples[0]?.key}${'ff'.repeat(48)}` },
      'bad-scalar',
    ],
  ])('names %s', (_, claim, reason) => {
    expect(verifyVrf(claim as never)).toEqual({ ok: false, reason });
  });
});
