import { concatBytes, sha256 as digest, utf8 } from '@hypermesh/core';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { type BackendSource, backendSource } from './backend.ts';
import type { KemBackend, KemSuiteOptions } from './kem-suite.ts';
import { ML_KEM_768 } from './ml-kem.ts';
import type { BackendName } from './suite.ts';
import { X25519 } from './x25519.ts';

const DOMAIN = 'hypermesh/trustchain/x25519-ml-kem-768/v1';
const SEED = ML_KEM_768.sizes.seed;
const KEY = ML_KEM_768.sizes.publicKey;
const CIPHERTEXT = ML_KEM_768.sizes.ciphertext;

/**
 * Both secrets into one, so that it is secret while either of them is: HKDF-SHA-256 with ikm = ss_mlkem ‖ ss_x25519
 * (the order of TLS's X25519MLKEM768), no salt, info = domain ‖ SHA-256(ciphertext ‖ public key). Every part has a
 * fixed length, and the transcript binds the X25519 half, whose secret alone does not name its keys.
 */
function combine(
  secrets: readonly [Uint8Array, Uint8Array],
  ciphertext: Uint8Array,
  publicKey: Uint8Array,
): Uint8Array {
  const transcript = digest(ciphertext, publicKey);
  const ikm = concatBytes(...secrets);
  const info = concatBytes(utf8(DOMAIN), transcript);
  try {
    return hkdf(sha256, ikm, new Uint8Array(), info, 32);
  } finally {
    for (const secret of [ikm, ...secrets]) secret.fill(0);
  }
}

function hybrid(mlKem: KemBackend, x25519: KemBackend): KemBackend {
  const generate = async (seed?: Uint8Array) => {
    const [left, right] = await Promise.all([
      mlKem.generate(seed?.subarray(0, SEED)),
      x25519.generate(seed?.subarray(SEED)),
    ]);
    return {
      publicKey: concatBytes(left.publicKey, right.publicKey),
      secretKey: concatBytes(left.secretKey, right.secretKey),
    };
  };
  return {
    generate,
    async encapsulate(publicKey) {
      const [left, right] = await Promise.all([
        mlKem.encapsulate(publicKey.subarray(0, KEY)),
        x25519.encapsulate(publicKey.subarray(KEY)),
      ]);
      const ciphertext = concatBytes(left.ciphertext, right.ciphertext);
      const secrets = [left.sharedSecret, right.sharedSecret] as const;
      return { ciphertext, sharedSecret: combine(secrets, ciphertext, publicKey) };
    },
    async decapsulate(ciphertext, secretKey) {
      const secrets = await Promise.all([
        mlKem.decapsulate(ciphertext.subarray(0, CIPHERTEXT), secretKey.subarray(0, SEED)),
        x25519.decapsulate(ciphertext.subarray(CIPHERTEXT), secretKey.subarray(SEED)),
      ]);
      const { publicKey } = await generate(secretKey);
      return combine(secrets, ciphertext, publicKey);
    },
  };
}

/** The hybrid computed by one backend for both halves, available where both are. */
function source(name: BackendName): BackendSource<KemBackend> {
  const find = (sources: readonly BackendSource<KemBackend>[]) => {
    const found = sources.find((candidate) => candidate.name === name);
    if (found === undefined) throw new RangeError(`no ${name} half`);
    return found;
  };
  const [mlKem, x25519] = [find(ML_KEM_768.sources), find(X25519.sources)];
  return backendSource(
    mlKem,
    () => mlKem.isAvailable() && x25519.isAvailable(),
    async () => hybrid(...(await Promise.all([mlKem.load(), x25519.load()]))),
  );
}

/** X25519 and ML-KEM-768 together: secret while either of them holds. */
export const X25519_ML_KEM_768: KemSuiteOptions = {
  id: 'x25519-ml-kem-768',
  standard:
    'RFC 7748 X25519 and FIPS 203 ML-KEM-768, key shares and ciphertexts laid out as in TLS X25519MLKEM768; the combiner is ours',
  standardStatus: 'both halves final; the combiner is of HyperMesh alone',
  sizes: {
    seed: SEED + X25519.sizes.seed,
    secretKey: SEED + X25519.sizes.secretKey,
    publicKey: KEY + X25519.sizes.publicKey,
    ciphertext: CIPHERTEXT + X25519.sizes.ciphertext,
    sharedSecret: 32,
  },
  sources: [source('native'), source('noble')],
};
