import { concatBytes, equalBytes, sha512, type Verdict } from '@hypermesh/core';
import { ed25519 } from '@noble/curves/ed25519.js';
import { bytesOf } from '../bytes.ts';
import { ConsensusError } from '../errors.ts';
import { nodeCrypto } from '../native.ts';

const { Point } = ed25519;
type Point = InstanceType<typeof Point>;
const ORDER = Point.Fn.ORDER;
const SUITE = 0x03;
const VRF_PROOF_BYTES = 80;

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number);
  return value;
}

function toLittleEndian(value: bigint, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let rest = value;
  for (let i = 0; i < length; i++) {
    bytes[i] = Number(rest & 255n);
    rest >>= 8n;
  }
  return bytes;
}

/** A point as RFC 8032 decodes it, undefined where the bytes are not the encoding of one. */
function decodePoint(bytes: Uint8Array): Point | undefined {
  try {
    return Point.fromBytes(bytes);
  } catch {
    // noble reports bytes that are no point by throwing.
    return undefined;
  }
}

/** Encode-to-curve by try and increment (RFC 9381, 5.4.1.1). Its time depends on alpha, which is public here. */
function toCurve(publicKey: Uint8Array, alpha: Uint8Array): Point {
  for (let counter = 0; counter < 256; counter++) {
    const hash = sha512(Uint8Array.of(SUITE, 1), publicKey, alpha, Uint8Array.of(counter, 0));
    const point = decodePoint(hash.subarray(0, 32))?.clearCofactor();
    if (point !== undefined && !point.is0()) return point;
  }
  throw new Error('no point for this input'); // probability 2^-256
}

function challengeOf(...points: readonly Point[]): bigint {
  const hash = sha512(Uint8Array.of(SUITE, 2), ...points.map((p) => p.toBytes()), Uint8Array.of(0));
  return littleEndian(hash.subarray(0, 16));
}

function outputOf(gamma: Point): Uint8Array {
  return sha512(Uint8Array.of(SUITE, 3), gamma.clearCofactor().toBytes(), Uint8Array.of(0));
}

/** A key of the verifiable random function. The secret key has 32 bytes and stays with its owner. */
export interface VrfKey {
  readonly publicKey: Uint8Array;
  readonly secretKey: Uint8Array;
  /** The proof (80 bytes) and the output (64 bytes) that it proves; deterministic. About 5 ms. */
  prove(alpha: Uint8Array): { readonly proof: Uint8Array; readonly output: Uint8Array };
}

function randomSeed(): Uint8Array {
  return nodeCrypto?.randomBytes(32) ?? globalThis.crypto.getRandomValues(new Uint8Array(32));
}

/**
 * A key of ECVRF-EDWARDS25519-SHA512-TAI (RFC 9381), from a secret seed of 32 bytes or a fresh one. The scalar
 * multiplications are noble's, which aim at constant time as far as JavaScript allows; noble's curves are audited,
 * this composition is not.
 */
export function createVrfKey(seed: Uint8Array = randomSeed()): VrfKey {
  if (seed.length !== 32) {
    throw new ConsensusError(
      { code: 'consensus/bad-argument', argument: 'seed', expected: '32 bytes' },
      'seed must be 32 bytes',
    );
  }
  const { scalar: secret, pointBytes: publicKey } = ed25519.utils.getExtendedPublicKey(seed);
  const prefix = sha512(seed).subarray(32);
  const own = Point.fromBytes(publicKey);
  return {
    publicKey,
    secretKey: new Uint8Array(seed),
    prove(alpha) {
      const h = toCurve(publicKey, alpha);
      const gamma = h.multiply(secret);
      const nonce = littleEndian(sha512(prefix, h.toBytes())) % ORDER;
      const c = challengeOf(own, h, gamma, Point.BASE.multiply(nonce), h.multiply(nonce));
      const s = (nonce + c * secret) % ORDER;
      return {
        proof: concatBytes(gamma.toBytes(), toLittleEndian(c, 16), toLittleEndian(s, 32)),
        output: outputOf(gamma),
      };
    },
  };
}

export type VrfReason = 'malformed' | 'bad-key' | 'bad-point' | 'bad-scalar' | 'wrong-proof';

/** Checks a VRF proof (RFC 9381, 5.3, with key validation) and answers its output. 2 to 3 ms; never throws. */
export function verifyVrf(claim: {
  readonly publicKey: Uint8Array | string;
  readonly alpha: Uint8Array | string;
  readonly proof: Uint8Array | string;
}): Verdict<{ output: Uint8Array }, VrfReason> {
  const key = bytesOf(claim?.publicKey, 32);
  const alpha = bytesOf(claim?.alpha);
  const proof = bytesOf(claim?.proof, VRF_PROOF_BYTES);
  if (key === undefined || alpha === undefined || proof === undefined)
    return { ok: false, reason: 'malformed' };
  const y = decodePoint(key);
  if (y === undefined || y.isSmallOrder()) return { ok: false, reason: 'bad-key' };
  const gamma = decodePoint(proof.subarray(0, 32));
  if (gamma === undefined) return { ok: false, reason: 'bad-point' };
  const c = littleEndian(proof.subarray(32, 48));
  const s = littleEndian(proof.subarray(48, 80));
  if (s >= ORDER) return { ok: false, reason: 'bad-scalar' };
  const h = toCurve(key, alpha);
  const u = Point.BASE.multiplyUnsafe(s).subtract(y.multiplyUnsafe(c));
  const v = h.multiplyUnsafe(s).subtract(gamma.multiplyUnsafe(c));
  const expected = toLittleEndian(challengeOf(y, h, gamma, u, v), 16);
  if (!equalBytes(expected, proof.subarray(32, 48))) return { ok: false, reason: 'wrong-proof' };
  return { ok: true, output: outputOf(gamma) };
}
