import type { ConsensusProof } from '../proof.ts';

const flipped = (bytes: Uint8Array): Uint8Array => {
  const copy = new Uint8Array(bytes);
  copy[copy.length >>> 1] = (copy[copy.length >>> 1] as number) ^ 1;
  return copy;
};

/** Proofs with one bit of one leg altered, the rest as it was: each is refused naming that leg. */
export const tamper = {
  space(proof: ConsensusProof): ConsensusProof {
    const [first, ...rest] = proof.space.answers;
    const answers = first === undefined ? [] : [{ ...first, proof: flipped(first.proof) }, ...rest];
    return { ...proof, space: { ...proof.space, answers } };
  },
  time: (proof: ConsensusProof): ConsensusProof => ({
    ...proof,
    time: { ...proof.time, y: flipped(proof.time.y) },
  }),
  work: (proof: ConsensusProof): ConsensusProof => ({
    ...proof,
    work: { ...proof.work, nonce: flipped(proof.work.nonce) },
  }),
  stake: (proof: ConsensusProof): ConsensusProof => ({
    ...proof,
    stake: { ...proof.stake, vrf: flipped(proof.stake.vrf) },
  }),
} as const;
