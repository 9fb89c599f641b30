import type { BackendName, KeyPair } from './suite.ts';

/** Falcon-1024, round 3, padded, computed on the calling thread. Throws on keys that do not decode. */
export interface FalconEngine {
  generate(seed?: Uint8Array): KeyPair;
  publicKeyOf(secretKey: Uint8Array): Uint8Array;
  sign(message: Uint8Array, secretKey: Uint8Array): Uint8Array;
  verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
}

/** The backends that know Falcon; OpenSSL does not. */
export type FalconBackendName = Exclude<BackendName, 'native'>;

/** liboqs copies a message into its own memory and does not notice when that is full: beyond this, noble works. */
const LIBOQS_MESSAGE_MAX_BYTES = 1 << 20;

/** Loads an engine; rejects where its package is not installed. */
export function openFalconEngine(name: FalconBackendName): Promise<FalconEngine> {
  return name === 'liboqs' ? openLiboqs() : openNoble();
}

async function openNoble(): Promise<FalconEngine> {
  const { falcon1024padded } = await import('@noble/post-quantum/falcon.js');
  return {
    generate: (seed) => falcon1024padded.keygen(seed),
    publicKeyOf: (secretKey) => falcon1024padded.getPublicKey(secretKey),
    sign: (message, secretKey) => falcon1024padded.sign(message, secretKey),
    verify: (signature, message, publicKey) => falcon1024padded.verify(signature, message, publicKey),
  };
}

async function openLiboqs(): Promise<FalconEngine> {
  const { createFalconPadded1024 } = await import('@oqs/liboqs-js/sig');
  const [liboqs, noble] = await Promise.all([createFalconPadded1024(), openNoble()]);
  const fits = (message: Uint8Array) => message.length <= LIBOQS_MESSAGE_MAX_BYTES;
  return {
    // liboqs takes no seed and derives no public key from a private one.
    generate: (seed) => (seed === undefined ? liboqs.generateKeyPair() : noble.generate(seed)),
    publicKeyOf: noble.publicKeyOf,
    sign: (message, secretKey) =>
      fits(message) ? liboqs.sign(message, secretKey) : noble.sign(message, secretKey),
    verify: (signature, message, publicKey) =>
      fits(message)
        ? liboqs.verify(message, signature, publicKey)
        : noble.verify(signature, message, publicKey),
  };
}
