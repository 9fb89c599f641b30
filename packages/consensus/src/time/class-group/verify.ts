import type { Verdict } from '@hypermesh/core';
import { bytesOf } from '../../bytes.ts';
import { deserialize, FORM_BYTES, serialize } from './compressed-form.ts';
import { type ClassGroup, classGroupOf, type Form, isEqual } from './form.ts';
import { CHALLENGE_BYTES, challengeOf, rememberedDiscriminantOf } from './hash-prime.ts';
import { powerProduct } from './power.ts';

const MIN_BITS = 256;
const MAX_BITS = 1024;
const MIN_SEED_BYTES = 8;
const MAX_SEED_BYTES = 64;
const MAX_ITERATIONS = 2n ** 63n;
const MAX_DEPTH = 64;
const COUNT_BYTES = 8;
const SEGMENT_BYTES = COUNT_BYTES + CHALLENGE_BYTES + FORM_BYTES;

/** A claim that x squared `iterations` times is y, in the class group of the seed's discriminant. */
export interface ClassGroupClaim {
  /** What the discriminant is hashed from: 8 to 64 bytes. */
  readonly seed: Uint8Array | string;
  /** 256 to 1,024, a multiple of 8. */
  readonly discriminantBits: number;
  /** 100 bytes each, whatever `discriminantBits` is. */
  readonly x: Uint8Array | string;
  readonly y: Uint8Array | string;
  /** 100 bytes, then 141 for each segment that `depth` counts. */
  readonly proof: Uint8Array | string;
  /** 1 to 2^63. */
  readonly iterations: number | bigint;
  /** Segments before the last one: 0 to 64. */
  readonly depth: number;
}

export type ClassGroupReason =
  | 'malformed'
  | 'bad-discriminant-bits'
  | 'bad-iterations'
  | 'bad-depth'
  | 'bad-segment'
  | 'no-discriminant'
  | 'not-canonical'
  | 'wrong-proof';

interface Segment {
  readonly iterations: bigint;
  readonly challenge: bigint;
  readonly proof: Uint8Array;
}

interface Chain {
  readonly segments: readonly Segment[];
  readonly lastProof: Uint8Array;
  readonly lastIterations: bigint;
}

const refuse = (reason: ClassGroupReason): { ok: false; reason: ClassGroupReason } => ({ ok: false, reason });

function toInteger(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}

function isCountBetween(value: unknown, min: number, max: number): value is number {
  return Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
}

function iterationsOf(value: unknown): bigint | undefined {
  const isCount = typeof value === 'bigint' || Number.isSafeInteger(value);
  const count = isCount ? BigInt(value as number | bigint) : 0n;
  return count >= 1n && count <= MAX_ITERATIONS ? count : undefined;
}

/** The segments in the order of time. They lie in the proof behind that of the last stretch, the first one last. */
function chainOf(proof: Uint8Array, iterations: bigint): Chain | undefined {
  const segments: Segment[] = [];
  let left = iterations;
  for (let at = proof.length - SEGMENT_BYTES; at >= FORM_BYTES; at -= SEGMENT_BYTES) {
    const challenge = proof.subarray(at + COUNT_BYTES, at + COUNT_BYTES + CHALLENGE_BYTES);
    const segment = {
      iterations: toInteger(proof.subarray(at, at + COUNT_BYTES)),
      challenge: toInteger(challenge),
      proof: proof.subarray(at + COUNT_BYTES + CHALLENGE_BYTES, at + SEGMENT_BYTES),
    };
    const isOddAndFull = ((challenge[0] as number) & 0x80) !== 0 && (segment.challenge & 1n) === 1n;
    left -= segment.iterations;
    if (left < 0n || !isOddAndFull) return undefined;
    segments.push(segment);
  }
  return { segments, lastProof: proof.subarray(0, FORM_BYTES), lastIterations: left };
}

/** 2^exponent mod a prime of 264 bits. */
function powerOfTwoMod(exponent: bigint, prime: bigint): bigint {
  let result = 1n;
  for (const bit of exponent.toString(2)) result = ((result * result) << (bit === '1' ? 1n : 0n)) % prime;
  return result;
}

/** Where Wesolowski's equation leads from x: proof^challenge · x^(2^iterations mod challenge). */
function resultOf(group: ClassGroup, x: Form, proof: Form, segment: Omit<Segment, 'proof'>): Form {
  const { iterations, challenge } = segment;
  return powerProduct(group, [
    [proof, challenge],
    [x, powerOfTwoMod(iterations, challenge)],
  ]);
}

function verifyChain(
  group: ClassGroup,
  chain: Chain,
  ends: { x: Uint8Array; y: Uint8Array },
): boolean | undefined {
  const y = deserialize(group, ends.y);
  const lastProof = deserialize(group, chain.lastProof);
  const proofs = chain.segments.map(({ proof }) => deserialize(group, proof));
  let form = deserialize(group, ends.x);
  if (form === undefined || y === undefined || lastProof === undefined || proofs.includes(undefined)) {
    return undefined;
  }
  let bytes = ends.x;
  for (const [i, segment] of chain.segments.entries()) {
    // A segment states its challenge in place of its result: the one gives the other, and the hash must agree.
    form = resultOf(group, form, proofs[i] as Form, segment);
    const next = serialize(group, form);
    if (challengeOf(bytes, next) !== segment.challenge) return false;
    bytes = next;
  }
  const challenge = challengeOf(bytes, ends.y);
  if (challenge === undefined) return false;
  return isEqual(resultOf(group, form, lastProof, { iterations: chain.lastIterations, challenge }), y);
}

/**
 * Checks a delay of chiavdf: n-Wesolowski (eprint 2018/623) in the class group of an imaginary quadratic field, where
 * nobody holds a trapdoor. Same bytes as chiavdf's `verify_n_wesolowski`; bytes other than the canonical ones of a
 * form are refused also where chiavdf lets them pass. Verification only. Nothing here is constant-time; unaudited; not
 * post-quantum.
 *
 * Never throws. Synchronous work of one core: at 1024 bits some 85 ms on average, all but 10 of them for the
 * discriminant, and 11 ms more for each segment of `depth`, whatever `iterations` is. The search for the discriminant takes as long
 * as it happens to (ten times the mean for one seed in 20,000); those of the last eight seeds are remembered. Seeds
 * that lie a few hashes apart as integers mostly have the same discriminant, as in chiavdf. So let a seed be a hash of what it is to bind, not what a peer picks.
 * Whoever serves others from the same thread calls this from a worker.
 */
export function verifyClassGroupVdf(claim: ClassGroupClaim): Verdict<object, ClassGroupReason> {
  const seed = bytesOf(claim?.seed);
  const x = bytesOf(claim?.x, FORM_BYTES);
  const y = bytesOf(claim?.y, FORM_BYTES);
  const proof = bytesOf(claim?.proof);
  if (seed === undefined || x === undefined || y === undefined || proof === undefined)
    return refuse('malformed');
  if (seed.length < MIN_SEED_BYTES || seed.length > MAX_SEED_BYTES) return refuse('malformed');
  const { discriminantBits, depth } = claim;
  if (!isCountBetween(discriminantBits, MIN_BITS, MAX_BITS) || discriminantBits % 8 !== 0) {
    return refuse('bad-discriminant-bits');
  }
  if (!isCountBetween(depth, 0, MAX_DEPTH)) return refuse('bad-depth');
  if (proof.length !== FORM_BYTES + depth * SEGMENT_BYTES) return refuse('malformed');
  const iterations = iterationsOf(claim.iterations);
  if (iterations === undefined) return refuse('bad-iterations');
  const chain = chainOf(proof, iterations);
  if (chain === undefined) return refuse('bad-segment');
  const discriminant = rememberedDiscriminantOf(seed, discriminantBits);
  if (discriminant === undefined) return refuse('no-discriminant');
  const isValid = verifyChain(classGroupOf(discriminant), chain, { x, y });
  if (isValid === undefined) return refuse('not-canonical');
  return isValid ? { ok: true } : refuse('wrong-proof');
}
