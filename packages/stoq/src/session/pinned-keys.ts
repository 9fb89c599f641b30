import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';
import { StoqError } from '../errors.ts';
import type { Authenticator } from '../ports.ts';

/** A key pair of Ed25519 and ML-DSA-65 together: a signature holds only when both do. */
export interface PinnedKey {
  /** Ed25519 public key, 32 bytes, then ML-DSA-65 public key, 1952 bytes. What others pin. */
  readonly publicKey: Uint8Array;
  /** Ed25519 seed and ML-DSA-65 seed, 32 bytes each. Keep it secret; the same seeds give the same public key. */
  readonly secretKey: Uint8Array;
}

const ED25519 = {
  spki: Buffer.from('302a300506032b6570032100', 'hex'),
  pkcs8: Buffer.from('302e020100300506032b657004220420', 'hex'),
};
const ML_DSA_65 = {
  spki: Buffer.from('308207b2300b0609608648016503040312038207a100', 'hex'),
  pkcs8: Buffer.from('3034020100300b060960864801650304031204228020', 'hex'),
};
const PUBLIC_BYTES = 32 + 1952;
const SIGNATURE_BYTES = 64 + 3309;

/** Makes a key pair, from 64 bytes of seeds where they are given, else from fresh ones. About 1 ms. */
export function generatePinnedKey(seeds?: Uint8Array): PinnedKey {
  const secretKey = Uint8Array.from(seeds ?? randomBytes(64));
  checkLength('seeds', secretKey, 64);
  const { ed25519, mlDsa } = privateKeys(secretKey);
  return {
    publicKey: Buffer.concat([rawPublic(ed25519, ED25519.spki), rawPublic(mlDsa, ML_DSA_65.spki)]),
    secretKey,
  };
}

/** How `pinnedKeys` decides: `allow` lists public keys, or is `any` where who it is matters and not whether it is known. */
export interface PinnedKeysOptions {
  readonly self: PinnedKey;
  readonly allow: readonly Uint8Array[] | 'any';
}

/**
 * An authenticator without certificates: each end shows its public key and signs with Ed25519 (RFC 8032) and ML-DSA-65
 * (FIPS 204), both by node:crypto. A peer's id is the hex of SHA-256 of its public key.
 */
export function pinnedKeys({ self, allow }: PinnedKeysOptions): Authenticator {
  checkLength('self.publicKey', self.publicKey, PUBLIC_BYTES);
  checkLength('self.secretKey', self.secretKey, 64);
  const own = privateKeys(self.secretKey);
  const allowed = allow === 'any' ? undefined : new Set(allow.map(pinnedId));
  /** Of those that are allowed, once they came: reading a key takes a quarter as long as checking a signature with it. */
  const known = new Map<string, PublicKeys>();
  return {
    certificate: () => [self.publicKey],
    sign: (transcript) =>
      Buffer.concat([sign(null, transcript, own.ed25519), sign(null, transcript, own.mlDsa)]),
    async verify(chain, transcript, signature) {
      const [publicKey] = chain;
      if (publicKey?.length !== PUBLIC_BYTES || chain.length !== 1) return { ok: false, reason: 'bad-key' };
      if (signature.length !== SIGNATURE_BYTES) return { ok: false, reason: 'bad-signature' };
      const id = pinnedId(publicKey);
      if (allowed?.has(id) === false) return { ok: false, reason: 'unknown-key' };
      const keys = known.get(id) ?? publicKeys(publicKey);
      if (keys === undefined) return { ok: false, reason: 'bad-key' };
      if (allowed !== undefined) known.set(id, keys);
      const isSound =
        verify(null, transcript, keys.ed25519, signature.subarray(0, 64)) &&
        verify(null, transcript, keys.mlDsa, signature.subarray(64));
      return isSound
        ? { ok: true, peer: { id, sig: 'Ed25519+ML-DSA-65' } }
        : { ok: false, reason: 'bad-signature' };
    },
  };
}

/** The id under which a pinned public key is known: hex of its SHA-256. */
export function pinnedId(publicKey: Uint8Array): string {
  return createHash('sha256').update(publicKey).digest('hex');
}

function privateKeys(seeds: Uint8Array): { readonly ed25519: KeyObject; readonly mlDsa: KeyObject } {
  return {
    ed25519: privateKey(ED25519.pkcs8, seeds.subarray(0, 32)),
    mlDsa: privateKey(ML_DSA_65.pkcs8, seeds.subarray(32)),
  };
}

function privateKey(prefix: Uint8Array, seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([prefix, seed]), format: 'der', type: 'pkcs8' });
}

function rawPublic(key: KeyObject, prefix: Uint8Array): Uint8Array {
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(prefix.length);
}

interface PublicKeys {
  readonly ed25519: KeyObject;
  readonly mlDsa: KeyObject;
}

/** Both public keys; undefined for bytes that are none. */
function publicKeys(raw: Uint8Array): PublicKeys | undefined {
  try {
    return {
      ed25519: publicKey(ED25519.spki, raw.subarray(0, 32)),
      mlDsa: publicKey(ML_DSA_65.spki, raw.subarray(32)),
    };
  } catch {
    // OpenSSL refuses what is no key: anybody may show anything.
    return undefined;
  }
}

function publicKey(prefix: Uint8Array, raw: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([prefix, raw]), format: 'der', type: 'spki' });
}

function checkLength(argument: string, bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) {
    throw new StoqError({ code: 'stoq/bad-argument', argument, expected: `${length} bytes` });
  }
}
