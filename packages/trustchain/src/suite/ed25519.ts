import { randomBytes } from '@noble/hashes/utils.js';
import { demandNodeCrypto } from '../native.ts';
import { backendSource, NATIVE, NOBLE, runs } from './backend.ts';
import { exportPublic, importPublic, importSecret } from './native-key.ts';
import type { SignatureBackend, SignatureSuiteOptions } from './signature-suite.ts';

const native = backendSource<SignatureBackend>(
  NATIVE,
  () => runs(() => importSecret('ed25519', new Uint8Array(32))),
  async () => ({
    generate(seed = randomBytes(32)) {
      return {
        secretKey: seed,
        publicKey: exportPublic('ed25519', importSecret('ed25519', seed)),
      };
    },
    publicKeyOf: (secretKey) => exportPublic('ed25519', importSecret('ed25519', secretKey)),
    sign: (message, secretKey) =>
      new Uint8Array(demandNodeCrypto().sign(null, message, importSecret('ed25519', secretKey))),
    verify: (signature, message, publicKey) =>
      demandNodeCrypto().verify(null, message, importPublic('ed25519', publicKey), signature),
  }),
);

const noble = backendSource<SignatureBackend>(
  { ...NOBLE, audit: '@noble/curves: audited in earlier versions' },
  () => true,
  async () => {
    const [{ ed25519 }, { verifyStrictly }] = await Promise.all([
      import('@noble/curves/ed25519.js'),
      import('./ed25519-strict.ts'),
    ]);
    return {
      generate: (seed) => ed25519.keygen(seed),
      publicKeyOf: (secretKey) => ed25519.getPublicKey(secretKey),
      sign: (message, secretKey) => ed25519.sign(message, secretKey),
      verify: verifyStrictly,
    };
  },
);

/** Ed25519, pure, strict: the same verdicts as OpenSSL on every edge case known, by either backend. */
export const ED25519: SignatureSuiteOptions = {
  id: 'ed25519',
  standard: 'RFC 8032, FIPS 186-5',
  standardStatus: 'final',
  sizes: { seed: 32, secretKey: 32, publicKey: 32, signature: 64 },
  contextMax: 0,
  sources: [native, noble],
};
