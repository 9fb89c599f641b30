import { concatBytes, domainHash, domainMessage, type Verdict } from '@hypermesh/core';
import { hashToPrime, PRIME_BYTES } from './hash-to-prime.ts';
import { powerModN, type VdfBackend } from './modexp.ts';
import { canonical, ELEMENT_BYTES, isElement, N, toBytes, toInteger } from './rsa-2048.ts';

/** Squarings in one native call: 25 ms, after which a caller in a worker may stop. */
const SLICE = 2 ** 15;
export const MAX_ITERATIONS: number = 2 ** 28;

/** The element that an input stands for: 2304 hashed bits reduced mod N, sign removed. */
export function elementOf(input: Uint8Array): bigint {
  const blocks = Array.from({ length: 9 }, (_, i) =>
    domainHash('hypermesh/consensus/vdf-input/v1', input, Uint8Array.of(i)),
  );
  return canonical(toInteger(concatBytes(...blocks)) % N);
}

function challenge(input: Uint8Array, iterations: number, y: Uint8Array): Uint8Array {
  const count = new Uint8Array(8);
  new DataView(count.buffer).setBigUint64(0, BigInt(iterations));
  return domainMessage('hypermesh/consensus/vdf-challenge/v1', toBytes(N, ELEMENT_BYTES), count, input, y);
}

const powerOfTwo = (exponent: number): Uint8Array => {
  const bytes = new Uint8Array(Math.floor(exponent / 8) + 1);
  bytes[0] = 1 << (exponent % 8);
  return bytes;
};

/** Squares `iterations` times; answers y and the elements met after every slice, from the start. */
export function evaluate(
  input: Uint8Array,
  iterations: number,
  backend: VdfBackend,
): { readonly y: Uint8Array; readonly marks: readonly bigint[] } {
  const power = powerModN(backend);
  const marks: bigint[] = [];
  const slice = powerOfTwo(SLICE);
  let value = elementOf(input);
  for (let done = 0; done < iterations; done += SLICE) {
    marks.push(value);
    const rest = iterations - done;
    value = power(value, rest >= SLICE ? slice : powerOfTwo(rest));
  }
  return { y: toBytes(canonical(value), ELEMENT_BYTES), marks };
}

/**
 * Wesolowski's proof x^⌊2^T/ℓ⌋ as a product over slices of the quotient, from the elements that the evaluation met:
 * as much work again as the evaluation.
 */
export function proofOf(
  input: Uint8Array,
  iterations: number,
  evaluated: ReturnType<typeof evaluate>,
  backend: VdfBackend,
): Uint8Array {
  const prime = hashToPrime(challenge(input, iterations, evaluated.y), { portable: backend === 'portable' });
  if (prime === undefined) throw new Error('no prime found');
  const power = powerModN(backend);
  const sliceBytes = SLICE / 8;
  const quotient = toBytes((1n << BigInt(iterations)) / prime, evaluated.marks.length * sliceBytes);
  let proof = 1n;
  for (const [i, mark] of evaluated.marks.entries()) {
    const end = quotient.length - i * sliceBytes;
    proof = (proof * power(mark, quotient.subarray(end - sliceBytes, end))) % N;
  }
  return toBytes(canonical(proof), ELEMENT_BYTES);
}

export type VdfReason = 'malformed' | 'bad-iterations' | 'not-canonical' | 'trivial' | 'wrong-proof';

function powerMod(base: bigint, exponent: number, modulus: bigint): bigint {
  let result = 1n;
  let square = base % modulus;
  for (let left = exponent; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

/** Checks y = x^(2^T) up to sign: π^ℓ · x^(2^T mod ℓ) = ±y. 2 to 3 ms native, 6 portable, whatever T is. */
export function verifyWesolowski(
  claim: {
    readonly input: Uint8Array;
    readonly iterations: number;
    readonly y: Uint8Array;
    readonly proof: Uint8Array;
  },
  backend: VdfBackend,
): Verdict<object, VdfReason> {
  const { input, iterations } = claim;
  if (!Number.isInteger(iterations) || iterations < 1 || iterations > MAX_ITERATIONS) {
    return { ok: false, reason: 'bad-iterations' };
  }
  if (claim.y.length !== ELEMENT_BYTES || claim.proof.length !== ELEMENT_BYTES) {
    return { ok: false, reason: 'malformed' };
  }
  const y = toInteger(claim.y);
  const proof = toInteger(claim.proof);
  if (y <= 1n || y === N - 1n) return { ok: false, reason: 'trivial' };
  if (!isElement(y) || !isElement(proof)) return { ok: false, reason: 'not-canonical' };
  const prime = hashToPrime(challenge(input, iterations, claim.y), { portable: backend === 'portable' });
  if (prime === undefined) return { ok: false, reason: 'wrong-proof' };
  const power = powerModN(backend);
  const rest = powerMod(2n, iterations, prime);
  const found =
    (power(proof, toBytes(prime, PRIME_BYTES)) * power(elementOf(input), toBytes(rest, PRIME_BYTES))) % N;
  return canonical(found) === y ? { ok: true } : { ok: false, reason: 'wrong-proof' };
}
