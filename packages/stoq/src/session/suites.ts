import {
  createPublicKey,
  decapsulate,
  diffieHellman,
  encapsulate,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';

/** Suite 1: X25519 and ML-KEM-768, AES-256-GCM, SHA-256. */
export const HYBRID = 1;
/** Suite 2: X25519 alone, AES-256-GCM, SHA-256; spoken only with `pq: 'prefer'` on both ends. */
export const CLASSICAL = 2;

export type SuiteId = typeof HYBRID | typeof CLASSICAL;

/** What a suite's key agreement is called in `peer.security.kem`, and how long its shares are, bytes. */
export const SUITES = {
  [HYBRID]: { kem: 'X25519+ML-KEM-768', pq: true, dialerShare: 32 + 1184, listenerShare: 32 + 1088 },
  [CLASSICAL]: { kem: 'X25519', pq: false, dialerShare: 32, listenerShare: 32 },
} as const;

/** The dialer's half of a key agreement, used once. */
export interface DialerShare {
  readonly suite: SuiteId;
  /** X25519 public key, then for suite 1 the ML-KEM-768 encapsulation key. */
  readonly share: Uint8Array;
  /** The shared secret, ML-KEM's before X25519's; undefined for a share that cannot be one. */
  finish(listenerShare: Uint8Array): Uint8Array | undefined;
}

const X25519_SPKI = Buffer.from('302a300506032b656e032100', 'hex');
const ML_KEM_768_SPKI = Buffer.from('308204b2300b0609608648016503040402038204a100', 'hex');

function publicKeyFrom(prefix: Uint8Array, raw: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([prefix, raw]), format: 'der', type: 'spki' });
}

function rawFrom(key: KeyObject, prefix: Uint8Array): Uint8Array {
  return key.export({ format: 'der', type: 'spki' }).subarray(prefix.length);
}

/** Makes fresh keys for the dialer's side of `suite`. */
export function createDialerShare(suite: SuiteId): DialerShare {
  const x25519 = generateKeyPairSync('x25519');
  const kem = suite === HYBRID ? generateKeyPairSync('ml-kem-768') : undefined;
  const parts = [rawFrom(x25519.publicKey, X25519_SPKI)];
  if (kem !== undefined) parts.push(rawFrom(kem.publicKey, ML_KEM_768_SPKI));
  return {
    suite,
    share: Buffer.concat(parts),
    finish(listenerShare) {
      if (listenerShare.length !== SUITES[suite].listenerShare) return undefined;
      try {
        const shared = agree(x25519.privateKey, listenerShare.subarray(0, 32));
        if (kem === undefined) return shared;
        return Buffer.concat([decapsulate(kem.privateKey, listenerShare.subarray(32)), shared]);
      } catch {
        // OpenSSL rejects malformed and low-order keys: a share of the peer's making, so an answer and no exception.
        return undefined;
      }
    },
  };
}

/** Fresh shares for all that a dialer of this policy offers. */
export function createDialerShares(pq: 'require' | 'prefer'): readonly DialerShare[] {
  const suites: readonly SuiteId[] = pq === 'require' ? [HYBRID] : [HYBRID, CLASSICAL];
  return suites.map(createDialerShare);
}

/** Answers a dialer's share: the listener's share and the secret; undefined for a share that cannot be one. */
export function answerDialerShare(
  suite: SuiteId,
  dialerShare: Uint8Array,
): { readonly share: Uint8Array; readonly secret: Uint8Array } | undefined {
  if (dialerShare.length !== SUITES[suite].dialerShare) return undefined;
  try {
    const x25519 = generateKeyPairSync('x25519');
    const ours = rawFrom(x25519.publicKey, X25519_SPKI);
    const shared = agree(x25519.privateKey, dialerShare.subarray(0, 32));
    if (suite === CLASSICAL) return { share: ours, secret: shared };
    const kem = encapsulate(publicKeyFrom(ML_KEM_768_SPKI, dialerShare.subarray(32)));
    return {
      share: Buffer.concat([ours, kem.ciphertext]),
      secret: Buffer.concat([kem.sharedKey, shared]),
    };
  } catch {
    // As above: ML-KEM's modulus check and X25519's low-order points fail here.
    return undefined;
  }
}

function agree(privateKey: KeyObject, theirs: Uint8Array): Uint8Array {
  return diffieHellman({ privateKey, publicKey: publicKeyFrom(X25519_SPKI, theirs) });
}
