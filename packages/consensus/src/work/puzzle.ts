import { concatBytes, domainHash, type Verdict } from '@hypermesh/core';
import { argon2id as portableArgon2id } from '@noble/hashes/argon2.js';
import { nodeCrypto } from '../native.ts';

/** What a puzzle costs: argon2id over `memoryKib` KiB, one pass, one lane, about 2^difficulty times. */
export interface PuzzleParameters {
  readonly memoryKib: number;
  readonly difficulty: number;
}

/** Inputs of argon2id (RFC 9106) as its specification names them. */
export interface Argon2Input {
  readonly password: Uint8Array;
  readonly salt: Uint8Array;
  readonly memoryKib: number;
  readonly passes: number;
  readonly lanes: number;
  readonly tagBytes: number;
  readonly secret?: Uint8Array;
  readonly data?: Uint8Array;
}

/** argon2id of RFC 9106: native and off this thread where the host has it, else noble's. */
export function argon2id(input: Argon2Input): Promise<Uint8Array> {
  const { password, salt, memoryKib, passes, lanes, tagBytes, secret, data } = input;
  if (nodeCrypto?.argon2 === undefined) {
    return Promise.resolve(
      portableArgon2id(password, salt, {
        m: memoryKib,
        t: passes,
        p: lanes,
        dkLen: tagBytes,
        ...(secret && { key: secret }),
        ...(data && { personalization: data }),
      }),
    );
  }
  const { argon2 } = nodeCrypto;
  return new Promise((resolve, reject) => {
    const parameters = {
      message: password,
      nonce: salt,
      memory: memoryKib,
      passes,
      parallelism: lanes,
      tagLength: tagBytes,
      ...(secret && { secret }),
      ...(data && { associatedData: data }),
    };
    argon2('argon2id', parameters, (error, tag) => (error ? reject(error) : resolve(new Uint8Array(tag))));
  });
}

const NONCE_BYTES = 8;

/** Number of leading zero bits. */
export function leadingZeros(bytes: Uint8Array): number {
  let zeros = 0;
  for (const byte of bytes) {
    if (byte !== 0) return zeros + Math.clz32(byte) - 24;
    zeros += 8;
  }
  return zeros;
}

function hashOf(
  input: Uint8Array,
  actor: Uint8Array,
  nonce: Uint8Array,
  memoryKib: number,
): Promise<Uint8Array> {
  return argon2id({
    password: concatBytes(input, nonce),
    salt: domainHash('hypermesh/consensus/puzzle-salt/v1', actor).subarray(0, 16),
    memoryKib,
    passes: 1,
    lanes: 1,
    tagBytes: 32,
  });
}

function nonceOf(number: number): Uint8Array {
  const nonce = new Uint8Array(NONCE_BYTES);
  new DataView(nonce.buffer).setBigUint64(0, BigInt(number));
  return nonce;
}

/**
 * Finds the least nonce of 8 bytes whose argon2id has `difficulty` leading zero bits: about 2^difficulty evaluations, two at
 * a time on the host's thread pool. `onTry` hears each evaluation. Stops between evaluations when `signal` says so.
 */
export async function solvePuzzle(
  puzzle: { readonly input: Uint8Array; readonly actor: Uint8Array } & PuzzleParameters,
  options: { readonly signal?: AbortSignal | undefined; readonly onTry?: () => void } = {},
): Promise<Uint8Array> {
  const { signal, onTry } = options;
  let next = 0;
  let found: number | undefined;
  const search = async (): Promise<void> => {
    while (found === undefined) {
      signal?.throwIfAborted();
      const number = next++;
      const hash = await hashOf(puzzle.input, puzzle.actor, nonceOf(number), puzzle.memoryKib);
      onTry?.();
      if (leadingZeros(hash) >= puzzle.difficulty) found = Math.min(found ?? number, number);
    }
  };
  await Promise.all([search(), search()]);
  return nonceOf(found as unknown as number);
}

export type PuzzleReason = 'malformed' | 'too-easy';

/** Checks a nonce with one evaluation: 2 ms for 4 MiB, off this thread where native. */
export async function verifyPuzzle(
  puzzle: {
    readonly input: Uint8Array;
    readonly actor: Uint8Array;
    readonly nonce: Uint8Array;
  } & PuzzleParameters,
): Promise<Verdict<{ zeros: number }, PuzzleReason>> {
  if (puzzle.nonce.length !== NONCE_BYTES) return { ok: false, reason: 'malformed' };
  const hash = await hashOf(puzzle.input, puzzle.actor, puzzle.nonce, puzzle.memoryKib);
  const zeros = leadingZeros(hash);
  return zeros >= puzzle.difficulty ? { ok: true, zeros } : { ok: false, reason: 'too-easy' };
}
