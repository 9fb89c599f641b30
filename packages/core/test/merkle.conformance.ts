import { verifyConsistency, verifyInclusion } from '@hypermesh/core/merkle';
import { describe, expect, test } from 'vitest';
import { listVectors, readVectors, vectorsAbsent } from './vectors.ts';

interface Case {
  readonly desc: string;
  readonly wantErr: boolean;
  readonly proof: readonly string[] | null;
}
interface InclusionCase extends Case {
  readonly leafIdx: number;
  readonly treeSize: number;
  readonly root: string;
  readonly leafHash: string;
}
interface ConsistencyCase extends Case {
  readonly size1: number;
  readonly size2: number;
  readonly root1: string;
  readonly root2: string;
}

const bytes = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));
const hex = (base64: string): string => Buffer.from(base64, 'base64').toString('hex');

function inclusion<T>(read: (base64: string) => T, vector: InclusionCase) {
  return {
    leafIndex: vector.leafIdx,
    treeSize: vector.treeSize,
    leafHash: read(vector.leafHash),
    root: read(vector.root),
    proof: (vector.proof ?? []).map(read),
  };
}

function consistency<T>(read: (base64: string) => T, vector: ConsistencyCase) {
  return {
    size1: vector.size1,
    size2: vector.size2,
    root1: read(vector.root1),
    root2: read(vector.root2),
    proof: (vector.proof ?? []).map(read),
  };
}

describe.skipIf(vectorsAbsent !== undefined)('the vectors of transparency-dev/merkle', () => {
  test('every inclusion case has its verdict, as bytes and as hex', () => {
    const files = listVectors('merkle/inclusion');
    for (const file of files) {
      const vector = readVectors<InclusionCase>(file);
      expect(verifyInclusion(inclusion(bytes, vector)).ok, file).toBe(!vector.wantErr);
      expect(verifyInclusion(inclusion(hex, vector)).ok, file).toBe(!vector.wantErr);
    }
    expect(files).toHaveLength(98);
  });

  test('every consistency case has its verdict, as bytes and as hex', () => {
    const files = listVectors('merkle/consistency');
    for (const file of files) {
      const vector = readVectors<ConsistencyCase>(file);
      expect(verifyConsistency(consistency(bytes, vector)).ok, file).toBe(!vector.wantErr);
      expect(verifyConsistency(consistency(hex, vector)).ok, file).toBe(!vector.wantErr);
    }
    expect(files).toHaveLength(98);
  });
});
