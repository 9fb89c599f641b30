import { randomBytes } from '@noble/hashes/utils.js';
import { demandNodeCrypto } from '../native.ts';
import { backendSource, NATIVE, NOBLE, runs } from './backend.ts';
import { exportPublic, importPublic, importSecret } from './native-key.ts';
import type { SignatureBackend, SignatureSuiteOptions } from './signature-suite.ts';

type MlDsaId = 'ml-dsa-44' | 'ml-dsa-65';

function native(id: MlDsaId) {
  return backendSource<SignatureBackend>(
    NATIVE,
    () => runs(() => importSecret(id, new Uint8Array(32))),
    async () => ({
      generate(seed = randomBytes(32)) {
        return { secretKey: seed, publicKey: exportPublic(id, importSecret(id, seed)) };
      },
      publicKeyOf: (secretKey) => exportPublic(id, importSecret(id, secretKey)),
      sign: (message, secretKey, { context }) =>
        new Uint8Array(demandNodeCrypto().sign(null, message, { key: importSecret(id, secretKey), context })),
      verify: (signature, message, publicKey, context) =>
        demandNodeCrypto().verify(null, message, { key: importPublic(id, publicKey), context }, signature),
    }),
  );
}

function noble(id: MlDsaId) {
  return backendSource<SignatureBackend>(
    { ...NOBLE, audit: '@noble/post-quantum: audited by its author only' },
    () => true,
    async () => {
      const { ml_dsa44, ml_dsa65 } = await import('@noble/post-quantum/ml-dsa.js');
      const algorithm = id === 'ml-dsa-44' ? ml_dsa44 : ml_dsa65;
      /** noble works on the expanded key; ours is the seed that it grows from. */
      const expand = (secretKey: Uint8Array) => algorithm.keygen(secretKey);
      return {
        generate(seed = randomBytes(32)) {
          return { secretKey: seed, publicKey: expand(seed).publicKey };
        },
        publicKeyOf: (secretKey) => expand(secretKey).publicKey,
        sign: (message, secretKey, { context }) =>
          algorithm.sign(message, expand(secretKey).secretKey, { context }),
        verify: (signature, message, publicKey, context) =>
          algorithm.verify(signature, message, publicKey, { context }),
      };
    },
  );
}

const suite = (id: MlDsaId, publicKey: number, signature: number): SignatureSuiteOptions => ({
  id,
  standard: `FIPS 204 ${id.toUpperCase()}, pure, hedged signing; secret keys as the 32-byte seed`,
  standardStatus: 'final',
  sizes: { seed: 32, secretKey: 32, publicKey, signature },
  contextMax: 255,
  sources: [native(id), noble(id)],
});

/** ML-DSA-44, category 2: what C2SP witnesses sign with. */
export const ML_DSA_44: SignatureSuiteOptions = suite('ml-dsa-44', 1312, 2420);

/** ML-DSA-65, category 3: the post-quantum signature of online work. */
export const ML_DSA_65: SignatureSuiteOptions = suite('ml-dsa-65', 1952, 3309);
