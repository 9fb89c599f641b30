import {
  argon2id,
  type Reexecutor,
  solvePuzzle,
  verifyPuzzle,
  verifyReceipt,
  type WorkReceipt,
} from '@hypermesh/consensus';
import { sha256, toHex, utf8 } from '@hypermesh/core';
import { describe, expect, test } from 'vitest';
import { leadingZeros } from '../src/work/puzzle.ts';

test('argon2id gives the tag of RFC 9106, section 5.3', async () => {
  const tag = await argon2id({
    password: new Uint8Array(32).fill(1),
    salt: new Uint8Array(16).fill(2),
    secret: new Uint8Array(8).fill(3),
    data: new Uint8Array(12).fill(4),
    memoryKib: 32,
    passes: 3,
    lanes: 4,
    tagBytes: 32,
  });
  expect(toHex(tag)).toBe('0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659');
});

describe('the puzzle', () => {
  const actor = new Uint8Array(32).fill(9);
  const inputOf = (text: string): Uint8Array => sha256(utf8(text));

  test('of difficulty d takes about 2^d evaluations and verifies in one [consensus-06]', async () => {
    const solvedPerDifficulty = 48;
    for (const difficulty of [2, 4, 6]) {
      let tries = 0;
      for (let i = 0; i < solvedPerDifficulty; i++) {
        const puzzle = { input: inputOf(`${difficulty} ${i}`), actor, memoryKib: 8, difficulty };
        const nonce = await solvePuzzle(puzzle, { onTry: () => tries++ });
        const verdict = await verifyPuzzle({ ...puzzle, nonce });
        expect(verdict.ok).toBe(true);
      }
      // A geometric mean of 2^d over 48 runs lies within ±50 % unless luck is worse than one in a thousand;
      // inputs are fixed, so it does not vary.
      const mean = tries / solvedPerDifficulty;
      expect(mean).toBeGreaterThan(0.5 * 2 ** difficulty);
      expect(mean).toBeLessThan(1.5 * 2 ** difficulty + 1);
    }
  });

  test('is solved for one input, actor and memory only', async () => {
    const puzzle = { input: inputOf('mine'), actor, memoryKib: 64, difficulty: 8 };
    const nonce = await solvePuzzle(puzzle);
    expect((await verifyPuzzle({ ...puzzle, nonce })).ok).toBe(true);
    const altered = [
      { ...puzzle, nonce, input: inputOf('yours') },
      { ...puzzle, nonce, actor: new Uint8Array(32).fill(8) },
      { ...puzzle, nonce, memoryKib: 72 },
      { ...puzzle, nonce, difficulty: 20 },
    ];
    for (const claim of altered) expect(await verifyPuzzle(claim)).toEqual({ ok: false, reason: 'too-easy' });
    const short = { ...puzzle, nonce: new Uint8Array(7) };
    expect(await verifyPuzzle(short)).toEqual({ ok: false, reason: 'malformed' });
  });

  test('stops when told to', async () => {
    const stop = new AbortController();
    const puzzle = { input: inputOf('long'), actor, memoryKib: 8, difficulty: 32 };
    let tries = 0;
    const solving = solvePuzzle(puzzle, {
      signal: stop.signal,
      onTry: () => {
        if (++tries === 10) stop.abort(new Error('enough'));
      },
    });
    await expect(solving).rejects.toThrow('enough');
    expect(tries).toBeLessThan(20);
  });

  test.each([
    ['ff', 0],
    ['7f', 1],
    ['01', 7],
    ['00ff', 8],
    ['0001', 15],
    ['000000', 24],
  ])('%s begins with %i zero bits', (hex, zeros) => {
    expect(leadingZeros(Buffer.from(hex, 'hex'))).toBe(zeros);
  });
});

describe('a receipt', () => {
  // The module of these tests is the function of its bytes that adds up the input's and hashes the sum.
  const run = (module: Uint8Array, input: Uint8Array) => ({
    output: sha256(module, Uint8Array.of(input.reduce((sum, byte) => (sum + byte) & 255, 0))),
    fuel: BigInt(input.length),
  });
  const module = utf8('adder');
  const input = utf8('some input');
  const blobs = new Map([module, input].map((bytes) => [toHex(sha256(bytes)), bytes]));
  const reexecutor: Reexecutor = {
    async execute(receipt) {
      const code = blobs.get(toHex(receipt.module));
      const data = blobs.get(toHex(receipt.input));
      return code && data ? { ok: true, ...run(code, data) } : { ok: false, reason: 'absent' };
    },
  };
  const receipt: WorkReceipt = {
    v: 1,
    module: sha256(module),
    input: sha256(input),
    ...run(module, input),
    profile: 'adder-1',
  };

  test('re-executes to the same digest [consensus-06]', async () => {
    expect(await verifyReceipt(receipt, reexecutor)).toEqual({ ok: true });
  });

  test.each([
    ['another output', { output: new Uint8Array(32) }, 'output-differs'],
    ['other fuel', { fuel: 1n }, 'fuel-differs'],
    ['another module', { module: new Uint8Array(32) }, 'not-executed'],
    ['another input', { input: new Uint8Array(32) }, 'not-executed'],
  ])('with %s does not [consensus-06]', async (_, change, reason) => {
    expect(await verifyReceipt({ ...receipt, ...change }, reexecutor)).toEqual({ ok: false, reason });
  });
});
