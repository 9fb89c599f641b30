import type { ClassGroupClaim } from '@hypermesh/consensus';
import { concatBytes } from '@hypermesh/core';
import { deserialize, serialize } from '../../src/time/class-group/compressed-form.ts';
import {
  type ClassGroup,
  classGroupOf,
  type Form,
  identityOf,
  square,
} from '../../src/time/class-group/form.ts';
import { challengeOf, discriminantOf } from '../../src/time/class-group/hash-prime.ts';
import { powerProduct } from '../../src/time/class-group/power.ts';

export function groupOf(seed: Uint8Array, bits: number): ClassGroup {
  const discriminant = discriminantOf(seed, bits);
  if (discriminant === undefined) throw new Error('no discriminant');
  return classGroupOf(discriminant);
}

/** The 100 bytes that begin with the generator's flag. */
export const GENERATOR: Uint8Array = Uint8Array.from({ length: 100 }, (_, i) => (i === 0 ? 8 : 0));

function bigEndian(value: bigint, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => Number((value >> BigInt(8 * (size - 1 - i))) & 0xffn));
}

/** A claim whose bytes are bytes. */
export interface ProvenClaim extends ClassGroupClaim {
  readonly seed: Uint8Array;
  readonly x: Uint8Array;
  readonly y: Uint8Array;
  readonly proof: Uint8Array;
  readonly iterations: number;
}

/** A claim over the stretches, all but the last as segments. Slow, and only for short stretches. */
export function proveClassGroup(
  seed: Uint8Array,
  bits: number,
  stretches: readonly number[],
  x: Uint8Array = GENERATOR,
): ProvenClaim {
  const group = groupOf(seed, bits);
  let from = x;
  let proof: Uint8Array = new Uint8Array();
  let tail: Uint8Array = new Uint8Array();
  for (const [i, iterations] of stretches.entries()) {
    const start = deserialize(group, from) as Form;
    let form = start;
    for (let done = 0; done < iterations; done++) form = square(group, form);
    const to = serialize(group, form);
    const challenge = challengeOf(from, to) as bigint;
    const quotient = (1n << BigInt(iterations)) / challenge;
    const power = quotient === 0n ? identityOf(group) : powerProduct(group, [[start, quotient]]);
    proof = serialize(group, power);
    if (i < stretches.length - 1) {
      tail = concatBytes(bigEndian(BigInt(iterations), 8), bigEndian(challenge, 33), proof, tail);
    }
    from = to;
  }
  return {
    seed,
    discriminantBits: bits,
    x,
    y: from,
    proof: concatBytes(proof, tail),
    iterations: stretches.reduce((sum, count) => sum + count, 0),
    depth: stretches.length - 1,
  };
}
