import { fromHex, toHex, utf8 } from '@hypermesh/core';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { randomBytes } from '@noble/hashes/utils.js';
import { demandNodeCrypto } from '../native.ts';
import { backendSource, NATIVE, NOBLE, runs } from './backend.ts';
import { exportPublic, importPublic, importSecret } from './native-key.ts';
import type { SignatureBackend, SignatureSuiteOptions } from './signature-suite.ts';

const KEY_DOMAIN = 'hypermesh/trustchain/p256-key/v1';
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** A scalar in 1..n-1 from a seed: 48 bytes reduced, so that the bias is below 2^-128 (FIPS 186-5, A.2.1). */
function scalarFrom(seed: Uint8Array): Uint8Array {
  const wide = hkdf(sha256, seed, new Uint8Array(), utf8(KEY_DOMAIN), 48);
  const scalar = (BigInt(`0x${toHex(wide)}`) % (ORDER - 1n)) + 1n;
  const read = fromHex(scalar.toString(16).padStart(64, '0'));
  if (!read.ok) throw new RangeError('not hex');
  return read.bytes;
}

/** OpenSSL reads a scalar beyond the order without complaint, so the range is checked here. */
function inRange(secretKey: Uint8Array): Uint8Array {
  const scalar = BigInt(`0x${toHex(secretKey)}`);
  if (scalar === 0n || scalar >= ORDER) throw new RangeError('not a scalar of P-256');
  return secretKey;
}

const native = backendSource<SignatureBackend>(
  NATIVE,
  () => runs(() => importSecret('p256', scalarFrom(new Uint8Array(32)))),
  async () => ({
    generate(seed = randomBytes(32)) {
      const secretKey = scalarFrom(seed);
      return { secretKey, publicKey: exportPublic('p256', importSecret('p256', secretKey)) };
    },
    publicKeyOf: (secretKey) => exportPublic('p256', importSecret('p256', inRange(secretKey))),
    sign: (message, secretKey) =>
      new Uint8Array(demandNodeCrypto().sign('sha256', message, importSecret('p256', inRange(secretKey)))),
    verify: (signature, message, publicKey) =>
      publicKey[0] === 4 &&
      demandNodeCrypto().verify('sha256', message, importPublic('p256', publicKey), signature),
  }),
);

const noble = backendSource<SignatureBackend>(
  { ...NOBLE, audit: '@noble/curves: audited in earlier versions' },
  () => true,
  async () => {
    const { p256 } = await import('@noble/curves/nist.js');
    return {
      generate(seed = randomBytes(32)) {
        const secretKey = scalarFrom(seed);
        return { secretKey, publicKey: p256.getPublicKey(secretKey, false) };
      },
      publicKeyOf: (secretKey) => p256.getPublicKey(secretKey, false),
      sign: (message, secretKey) => p256.sign(message, secretKey, { format: 'der', lowS: false }),
      verify: (signature, message, publicKey) =>
        publicKey[0] === 4 && p256.verify(signature, message, publicKey, { format: 'der', lowS: false }),
    };
  },
);

/** ECDSA over P-256 with SHA-256; signatures are strict DER, either value of `s` is taken. */
export const P256: SignatureSuiteOptions = {
  id: 'p256',
  standard: 'FIPS 186-5 ECDSA, P-256 with SHA-256; signatures as DER Ecdsa-Sig-Value (RFC 3279)',
  standardStatus: 'final',
  sizes: { seed: 32, secretKey: 32, publicKey: 65, signature: 72 },
  contextMax: 0,
  sources: [native, noble],
};
