import { randomBytes } from '@noble/hashes/utils.js';
import { demandNodeCrypto, nodeCrypto } from '../native.ts';
import { backendSource, NATIVE, NOBLE, runs } from './backend.ts';
import type { KemBackend, KemSuiteOptions } from './kem-suite.ts';
import { exportPublic, importPublic, importSecret } from './native-key.ts';

const ID = 'ml-kem-768';

const native = backendSource<KemBackend>(
  NATIVE,
  () => typeof nodeCrypto?.encapsulate === 'function' && runs(() => importSecret(ID, new Uint8Array(64))),
  async () => ({
    generate(seed = randomBytes(64)) {
      return { secretKey: seed, publicKey: exportPublic(ID, importSecret(ID, seed)) };
    },
    encapsulate(publicKey) {
      const { ciphertext, sharedKey } = demandNodeCrypto().encapsulate(importPublic(ID, publicKey));
      return { ciphertext: new Uint8Array(ciphertext), sharedSecret: new Uint8Array(sharedKey) };
    },
    decapsulate: (ciphertext, secretKey) =>
      new Uint8Array(demandNodeCrypto().decapsulate(importSecret(ID, secretKey), ciphertext)),
  }),
);

const noble = backendSource<KemBackend>(
  { ...NOBLE, audit: '@noble/post-quantum: audited by its author only' },
  () => true,
  async () => {
    const { ml_kem768 } = await import('@noble/post-quantum/ml-kem.js');
    return {
      generate(seed = randomBytes(64)) {
        return { secretKey: seed, publicKey: ml_kem768.keygen(seed).publicKey };
      },
      encapsulate(publicKey) {
        const { cipherText, sharedSecret } = ml_kem768.encapsulate(publicKey);
        return { ciphertext: cipherText, sharedSecret };
      },
      decapsulate: (ciphertext, secretKey) =>
        ml_kem768.decapsulate(ciphertext, ml_kem768.keygen(secretKey).secretKey),
    };
  },
);

/** ML-KEM-768 alone: a building block of the hybrid. */
export const ML_KEM_768: KemSuiteOptions = {
  id: ID,
  standard: 'FIPS 203 ML-KEM-768; secret keys as the 64-byte seed d ‖ z',
  standardStatus: 'final',
  sizes: { seed: 64, secretKey: 64, publicKey: 1184, ciphertext: 1088, sharedSecret: 32 },
  sources: [native, noble],
};
