import { sha256, type Verdict } from '@hypermesh/core';
import { bytesOf } from '../bytes.ts';
import { readBits, writeBits } from './bits.ts';
import { combine, createF1, type Entry, isMatch, MAX_K, MIN_K, TABLES } from './plot-v1.ts';

export type PlotProofReason = 'malformed' | 'bad-size' | 'wrong-length' | 'no-match' | 'wrong-challenge';

/** A plot-v1 proof: bytes or hex. `plotId` and `challenge` have 32 bytes, `proof` 8·k bytes: 64 x values of k bits. */
export interface PlotProof {
  readonly plotId: Uint8Array | string;
  readonly k: number;
  readonly challenge: Uint8Array | string;
  readonly proof: Uint8Array | string;
}

/** Whether the run of x values `a`, of half the length of a pair, stands before `b` in the plot's own order. */
function standsBefore(xs: readonly number[], a: number, b: number, length: number): boolean {
  for (let i = length - 1; i >= 0; i--) {
    const left = xs[a + i] as number;
    const right = xs[b + i] as number;
    if (left !== right) return left < right;
  }
  return false;
}

/** From the order in which pairs match to the order in which a plot holds them, on which the quality rests. */
function plotOrder(proof: readonly number[]): number[] {
  let xs = [...proof];
  for (let length = 1; length < 64; length *= 2) {
    const next: number[] = [];
    for (let at = 0; at < 64; at += 2 * length) {
      const left = xs.slice(at, at + length);
      const right = xs.slice(at + length, at + 2 * length);
      next.push(...(standsBefore(xs, at, at + length, length) ? [...left, ...right] : [...right, ...left]));
    }
    xs = next;
  }
  return xs;
}

/** The 32-byte quality of a proof: SHA-256 of the challenge and the two neighbours that its last five bits name. */
function qualityOf(k: number, challenge: Uint8Array, proof: readonly number[]): Uint8Array {
  const xs = plotOrder(proof);
  const index = ((challenge[31] as number) & 31) * 2;
  const pair = new Uint8Array(Math.ceil((2 * k) / 8));
  writeBits(pair, 0, xs[index] as number, k);
  writeBits(pair, k, xs[index + 1] as number, k);
  return sha256(challenge, pair);
}

/**
 * Checks a proof of space of chiapos v1 and answers its quality (32 bytes). About 0.3 ms; never throws. Plot sizes
 * k = 18 … 50. Not constant-time: nothing here is secret.
 */
export function verifyPlotProof(claim: PlotProof): Verdict<{ quality: Uint8Array }, PlotProofReason> {
  const plotId = bytesOf(claim?.plotId, 32);
  const challenge = bytesOf(claim?.challenge, 32);
  const proof = bytesOf(claim?.proof);
  if (plotId === undefined || challenge === undefined || proof === undefined) {
    return { ok: false, reason: 'malformed' };
  }
  const { k } = claim;
  if (!Number.isInteger(k) || k < MIN_K || k > MAX_K) return { ok: false, reason: 'bad-size' };
  if (proof.length !== 8 * k) return { ok: false, reason: 'wrong-length' };
  const xs = Array.from({ length: 64 }, (_, i) => readBits(proof, i * k, k));
  let entries: Entry[] = xs.map(createF1(plotId, k));
  for (let table = 2; table <= TABLES; table++) {
    const next: Entry[] = [];
    for (let i = 0; i < entries.length; i += 2) {
      const left = entries[i] as Entry;
      const right = entries[i + 1] as Entry;
      if (!isMatch(left, right)) return { ok: false, reason: 'no-match' };
      next.push(combine(table, k, left, right));
    }
    entries = next;
  }
  if (entries[0]?.head !== readBits(challenge, 0, k)) return { ok: false, reason: 'wrong-challenge' };
  return { ok: true, quality: qualityOf(k, challenge, xs) };
}
