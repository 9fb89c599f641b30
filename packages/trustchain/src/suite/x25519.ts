import { randomBytes } from '@noble/hashes/utils.js';
import { demandNodeCrypto } from '../native.ts';
import { backendSource, NATIVE, NOBLE, runs } from './backend.ts';
import type { KemBackend, KemSuiteOptions } from './kem-suite.ts';
import { exportPublic, importPublic, importSecret } from './native-key.ts';

const native = backendSource<KemBackend>(
  NATIVE,
  () => runs(() => importSecret('x25519', new Uint8Array(32))),
  async () => ({
    generate(seed = randomBytes(32)) {
      return { secretKey: seed, publicKey: exportPublic('x25519', importSecret('x25519', seed)) };
    },
    encapsulate(publicKey) {
      const privateKey = importSecret('x25519', randomBytes(32));
      const shared = demandNodeCrypto().diffieHellman({
        privateKey,
        publicKey: importPublic('x25519', publicKey),
      });
      return { ciphertext: exportPublic('x25519', privateKey), sharedSecret: new Uint8Array(shared) };
    },
    decapsulate(ciphertext, secretKey) {
      const privateKey = importSecret('x25519', secretKey);
      return new Uint8Array(
        demandNodeCrypto().diffieHellman({ privateKey, publicKey: importPublic('x25519', ciphertext) }),
      );
    },
  }),
);

const noble = backendSource<KemBackend>(
  { ...NOBLE, audit: '@noble/curves: audited in earlier versions' },
  () => true,
  async () => {
    const { x25519 } = await import('@noble/curves/ed25519.js');
    return {
      generate: (seed) => x25519.keygen(seed),
      encapsulate(publicKey) {
        const { secretKey, publicKey: ciphertext } = x25519.keygen();
        return { ciphertext, sharedSecret: x25519.getSharedSecret(secretKey, publicKey) };
      },
      decapsulate: (ciphertext, secretKey) => x25519.getSharedSecret(secretKey, ciphertext),
    };
  },
);

/** X25519 alone: a building block of the hybrid. The shared secret is the raw u-coordinate, so hash it. */
export const X25519: KemSuiteOptions = {
  id: 'x25519',
  standard: 'RFC 7748 X25519 with an ephemeral key as ciphertext; an all-zero secret is refused',
  standardStatus: 'final',
  sizes: { seed: 32, secretKey: 32, publicKey: 32, ciphertext: 32, sharedSecret: 32 },
  sources: [native, noble],
};
