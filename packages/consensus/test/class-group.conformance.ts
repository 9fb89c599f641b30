import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ClassGroupClaim, verifyClassGroupVdf } from '@hypermesh/consensus';
import { beforeEach, describe, expect, test } from 'vitest';
import { vectorsFolder } from './vectors.ts';

const file = vectorsFolder && join(vectorsFolder, 'chiavdf-1024.txt');

const RECORDS = 60;
const RECORDS_BY_DEPTH = { 0: 45, 2: 11, 4: 2, 6: 2 };
const FORM_HEX = 200;
const SEGMENT_HEX = 282;
const TIMEOUT_MS = 600_000;

interface Record extends ClassGroupClaim {
  readonly seed: string;
  readonly x: string;
  readonly y: string;
  readonly proof: string;
  readonly iterations: bigint;
}

const lines = file === undefined ? [] : readFileSync(file, 'utf8').trim().split('\n');
const records: Record[] = [];
for (let i = 0; i < lines.length; i += 6) {
  const [seed = '', bits, x = '', forms = '', iterations = '', depth] = lines
    .slice(i, i + 6)
    .map((line) => line.trim());
  records.push({
    seed,
    discriminantBits: Number(bits),
    x,
    y: forms.slice(0, FORM_HEX),
    proof: forms.slice(FORM_HEX),
    iterations: BigInt(iterations),
    depth: Number(depth),
  });
}

/** The hex with the bits of `mask` flipped in byte `at`. */
function flip(hex: string, at: number, mask = 1): string {
  const byte = Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16) ^ mask;
  return hex.slice(0, 2 * at) + byte.toString(16).padStart(2, '0') + hex.slice(2 * at + 2);
}

/** The inverse of a form, or the identity in place of the generator: forms of the same group in any case. */
const otherForm = (hex: string): string => (hex.startsWith('08') ? flip(hex, 0, 12) : flip(hex, 0));

function reasonOf(claim: ClassGroupClaim): string {
  const verdict = verifyClassGroupVdf(claim);
  return verdict.ok ? 'ok' : verdict.reason;
}

describe('delays that chiavdf proved', () => {
  beforeEach((ctx) => {
    if (file === undefined)
      ctx.skip('no vectors: ../shared/vectors is absent and HYPERMESH_VECTORS names no folder');
  });

  test(
    'all verify, at every depth [consensus-x02]',
    () => {
      const verified: { [depth: number]: number } = {};
      for (const record of records) {
        expect(verifyClassGroupVdf(record)).toEqual({ ok: true });
        verified[record.depth] = (verified[record.depth] ?? 0) + 1;
      }
      expect(verified).toEqual(RECORDS_BY_DEPTH);
      expect(records).toHaveLength(RECORDS);
    },
    TIMEOUT_MS,
  );

  test(
    'all fail with another y, proof, x, count, depth or seed [consensus-x02]',
    () => {
      let refused = 0;
      for (const [i, record] of records.entries()) {
        const { seed, x, y, proof, iterations, depth } = record;
        const altered: [claim: ClassGroupClaim, reason: string][] = [
          [{ ...record, y: otherForm(y) }, 'wrong-proof'],
          [{ ...record, y: flip(y, 2 + (i % 96)) }, 'not-canonical'],
          [{ ...record, proof: otherForm(proof) }, 'wrong-proof'],
          [{ ...record, proof: flip(proof, 2 + ((7 * i) % 96), 16) }, 'not-canonical'],
          [{ ...record, x: otherForm(x) }, 'wrong-proof'],
          [{ ...record, iterations: iterations + (i % 2 === 0 ? 1n : -1n) }, 'wrong-proof'],
          [{ ...record, seed: flip(seed, i % 28) }, 'not-canonical'],
          [{ ...record, depth: depth + 1 }, 'malformed'],
        ];
        for (const [claim, reason] of altered) {
          expect([i, reasonOf(claim)]).toEqual([i, reason]);
          refused++;
        }
      }
      expect(refused).toBe(RECORDS * 8);
    },
    TIMEOUT_MS,
  );

  test(
    'all with segments fail when one of them is altered, left out or moved [consensus-x02]',
    () => {
      let refused = 0;
      for (const [i, record] of records.filter(({ depth }) => depth > 0).entries()) {
        const { proof, depth, iterations } = record;
        const last = proof.slice(0, FORM_HEX);
        const segments = Array.from({ length: depth }, (_, j) =>
          proof.slice(FORM_HEX + j * SEGMENT_HEX, FORM_HEX + (j + 1) * SEGMENT_HEX),
        );
        const at = i % depth;
        const segment = segments[at] as string;
        const withSegment = (other: string): string => last + segments.with(at, other).join('');
        const count = BigInt(`0x${segment.slice(0, 16)}`);
        const shorter = { ...record, proof: last + segments.toSpliced(at, 1).join(''), depth: depth - 1 };
        const [first = '', second = '', ...rest] = segments;
        const altered: [claim: ClassGroupClaim, reason: string][] = [
          [{ ...record, proof: withSegment(flip(segment, 7)) }, 'wrong-proof'],
          [{ ...record, proof: withSegment(flip(segment, 0, 128)) }, 'bad-segment'],
          [{ ...record, proof: withSegment(flip(segment, 8, 128)) }, 'bad-segment'],
          [{ ...record, proof: withSegment(flip(segment, 39)) }, 'wrong-proof'],
          [{ ...record, proof: withSegment(flip(segment, 40)) }, 'bad-segment'],
          [{ ...record, proof: withSegment(flip(segment, 41)) }, 'wrong-proof'],
          [{ ...record, proof: withSegment(flip(segment, 41 + 20)) }, 'not-canonical'],
          [{ ...shorter, iterations: iterations - count }, 'wrong-proof'],
          [{ ...record, proof: last + [second, first, ...rest].join('') }, 'wrong-proof'],
          [{ ...record, depth: depth - 1 }, 'malformed'],
        ];
        for (const [claim, reason] of altered) {
          expect([i, reasonOf(claim)]).toEqual([i, reason]);
          refused++;
        }
      }
      expect(refused).toBe((RECORDS - RECORDS_BY_DEPTH[0]) * 10);
    },
    TIMEOUT_MS,
  );
});
