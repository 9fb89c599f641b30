import { ConsensusError, vdf } from '@hypermesh/consensus';
import { toHex, utf8 } from '@hypermesh/core';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { hashToPrime, isProbablePrime } from '../src/time/hash-to-prime.ts';
import { N, toBytes, toInteger } from '../src/time/rsa-2048.ts';
import { elementOf } from '../src/time/wesolowski.ts';

const native = vdf('rsa-2048');
const portable = vdf('rsa-2048', { backend: 'portable' });
const input = utf8('an input');
const iterations = 3000;

test('the modulus is RSA-2048 of the factoring challenge', () => {
  const digits = N.toString();
  expect(digits).toHaveLength(617);
  expect([...digits].reduce((sum, digit) => sum + Number(digit), 0)).toBe(2738);
  expect(N.toString(2)).toHaveLength(2048);
});

describe('a delay', () => {
  let y: Uint8Array;
  let proof: Uint8Array;
  beforeAll(async () => {
    ({ y, proof } = await native.prove(input, iterations));
  });

  test('is as many squarings of its element as it says, up to sign', () => {
    let x = elementOf(input);
    for (let i = 0; i < iterations; i++) x = (x * x) % N;
    expect(toInteger(y)).toBe(x > N / 2n ? N - x : x);
  });

  test('and its proof are the same bytes from both backends, over slices and within one', async () => {
    for (const count of [1, 2, 263, 264, 265, 1000, 33_000]) {
      const one = await native.prove(input, count);
      expect(await portable.prove(input, count)).toEqual(one);
      expect(await native.evaluate(input, count)).toEqual(one.y);
      expect(native.verify({ input, iterations: count, ...one })).toEqual({ ok: true });
      expect(portable.verify({ input, iterations: count, ...one })).toEqual({ ok: true });
    }
  }, 60_000);

  test('verifies as hex as well', () => {
    const claim = { input: toHex(input), iterations, y: toHex(y), proof: toHex(proof) };
    expect(native.verify(claim)).toEqual({ ok: true });
  });

  test.each([0, 1, 31, 256, 10_000])('takes an input of %i bytes or their hex', async (length) => {
    const bytes = new Uint8Array(length).fill(7);
    const made = await native.prove(bytes, 20);
    expect(await native.prove(toHex(bytes), 20)).toEqual(made);
    expect(native.verify({ input: toHex(bytes), iterations: 20, ...made })).toEqual({ ok: true });
    const longer = new Uint8Array(length + 1).fill(7);
    expect(native.verify({ input: longer, iterations: 20, ...made }).ok).toBe(false);
  });

  test.each([
    ['-y', () => ({ y: toBytes(N - toInteger(y), 256) }), 'not-canonical'],
    ['y = 0', () => ({ y: new Uint8Array(256) }), 'trivial'],
    ['y = 1', () => ({ y: toBytes(1n, 256) }), 'trivial'],
    ['y = N - 1', () => ({ y: toBytes(N - 1n, 256) }), 'trivial'],
    ['y = N', () => ({ y: toBytes(N, 256) }), 'not-canonical'],
    ['y + 1', () => ({ y: toBytes(toInteger(y) + 1n, 256) }), 'wrong-proof'],
    ['-proof', () => ({ proof: toBytes(N - toInteger(proof), 256) }), 'not-canonical'],
    ['proof = 0', () => ({ proof: new Uint8Array(256) }), 'not-canonical'],
    ['proof = 1', () => ({ proof: toBytes(1n, 256) }), 'wrong-proof'],
    ['proof + 1', () => ({ proof: toBytes(toInteger(proof) + 1n, 256) }), 'wrong-proof'],
    ['one iteration more', () => ({ iterations: iterations + 1 }), 'wrong-proof'],
    ['one iteration less', () => ({ iterations: iterations - 1 }), 'wrong-proof'],
    ['no iterations', () => ({ iterations: 0 }), 'bad-iterations'],
    ['2^40 iterations', () => ({ iterations: 2 ** 40 }), 'bad-iterations'],
    ['half an iteration', () => ({ iterations: 0.5 }), 'bad-iterations'],
    ['another input', () => ({ input: utf8('another') }), 'wrong-proof'],
    ['a short y', () => ({ y: new Uint8Array(255) }), 'malformed'],
    ['a long proof', () => ({ proof: new Uint8Array(257) }), 'malformed'],
    ['no bytes', () => ({ y: 7 as never }), 'malformed'],
  ])('with %s is refused by both backends', (_, change, reason) => {
    const claim = { input, iterations, y, proof, ...change() };
    expect(native.verify(claim)).toEqual({ ok: false, reason });
    expect(portable.verify(claim)).toEqual({ ok: false, reason });
  });

  test('cannot be claimed with a composite in place of the prime', () => {
    // With a challenge of small factors one could take roots; the challenge is recomputed and always prime.
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (message) => {
        const prime = hashToPrime(message);
        expect(prime).toBe(hashToPrime(message, { portable: true }));
        expect((prime as bigint).toString(2)).toHaveLength(264);
        expect(isProbablePrime(prime as bigint, message)).toBe(true);
        expect(isProbablePrime((prime as bigint) * (2n ** 89n - 1n), message)).toBe(false);
      }),
      { numRuns: 10 },
    );
  });

  test('stops when told to, also while it waits', async () => {
    const running = AbortSignal.timeout(20);
    await expect(native.evaluate(input, 2 ** 26, { signal: running })).rejects.toThrow();
    const stopped = AbortSignal.abort(new Error('before'));
    await expect(native.evaluate(input, 100, { signal: stopped })).rejects.toThrow('before');
  });

  test('of no or too many iterations is misuse', async () => {
    await expect(native.evaluate(input, 0)).rejects.toBeInstanceOf(ConsensusError);
    await expect(native.prove('no hex', 10)).rejects.toMatchObject({ code: 'consensus/bad-argument' });
    expect(() => vdf('class-group' as never)).toThrow(ConsensusError);
  });
});
