import { randomBytes, sign, verify } from 'node:crypto';
import { backendSource, NATIVE, NOBLE, runs } from './backend.ts';
import { exportPublic, importPublic, importSecret } from './native-key.ts';
import type { SignatureBackend, SignatureSuiteOptions } from './signature-suite.ts';

const native = backendSource<SignatureBackend>(
  NATIVE,
  () => runs(() => importSecret('ed25519', new Uint8Array(32))),
  async () => ({
    generate(seed = new Uint8Array(randomBytes(32))) {
      return {
        secretKey: seed,
        publicKey: exportPublic('ed25519', importSecret('ed25519', seed)),
      };
    },
    publicKeyOf: (secretKey) => exportPublic('ed25519', importSecret('ed25519', secretKey)),
    sign: (message, secretKey) => new Uint8Array(sign(null, message, importSecret('ed25519', secretKey))),
    verify: (signature, message, publicKey) =>
      verify(null, message, importPublic('ed25519', publicKey), signature),
  }),
);

const noble = backendSource<SignatureBackend>(
  { ...NOBLE, audit: '@noble/curves: audited in earlier versions' },
  () => true,
  async () => {
    const [{ ed25519 }, { sha512 }] = await Promise.all([
      import('@noble/curves/ed25519.js'),
      import('@noble/hashes/sha2.js'),
    ]);
    const { Point } = ed25519;
    /** OpenSSL checks [S]B = R + [k]A without the cofactor and refuses an R of small order; so do we. */
    const strict = (signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean => {
      const r = Point.fromBytes(signature.subarray(0, 32));
      if (r.isSmallOrder()) return false;
      const a = Point.fromBytes(publicKey);
      const s = Point.Fn.fromBytes(signature.subarray(32));
      const k = Point.Fn.create(
        littleEndian(sha512(Buffer.concat([signature.subarray(0, 32), publicKey, message]))),
      );
      return Point.BASE.multiplyUnsafe(s).subtract(a.multiplyUnsafe(k)).equals(r);
    };
    return {
      generate: (seed) => ed25519.keygen(seed),
      publicKeyOf: (secretKey) => ed25519.getPublicKey(secretKey),
      sign: (message, secretKey) => ed25519.sign(message, secretKey),
      verify: (signature, message, publicKey) =>
        ed25519.verify(signature, message, publicKey, { zip215: false }) &&
        strict(signature, message, publicKey),
    };
  },
);

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
}

/** Ed25519, pure, strict: the same verdicts as OpenSSL on every edge case known, by either backend. */
export const ED25519: SignatureSuiteOptions = {
  id: 'ed25519',
  standard: 'RFC 8032, FIPS 186-5',
  standardStatus: 'final',
  sizes: { seed: 32, secretKey: 32, publicKey: 32, signature: 64 },
  contextMax: 0,
  sources: [native, noble],
};
