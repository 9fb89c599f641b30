export type { BlockHeader } from '../engine/block.ts';
export { decodeFinalityProof, encodeFinalityProof, type FinalityProof } from './proof.ts';
export { type FinalityReason, type LightTrust, verifyFinality } from './verify.ts';
