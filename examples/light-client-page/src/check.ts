import {
  decodeFinalityProof,
  encodeFinalityProof,
  trustGenesis,
  verifyFinality,
} from '@hypermesh/consensus/light';
import { toHex } from '@hypermesh/core';

/** One step of the check, in words. */
export interface Step {
  readonly ok: boolean;
  readonly text: string;
}

/**
 * Checks in three steps that a block is final on the ledger `chain`. Only `chain` is trusted: it is the hash of the
 * genesis, which names the validators, whose votes the proof holds. Stops at the first step that fails.
 */
export function checkFinality(chain: string, genesis: Uint8Array, proof: Uint8Array): Step[] {
  const trusted = trustGenesis(genesis, chain);
  if (!trusted.ok) return [{ ok: false, text: `The genesis is not that of the ledger: ${trusted.reason}.` }];
  const { validators } = trusted.trust;
  const steps = [
    { ok: true, text: `The genesis has the hash ${chain} and names ${validators.length} validators.` },
  ];

  const decoded = decodeFinalityProof(proof);
  if (!decoded.ok) return [...steps, { ok: false, text: `The proof cannot be read: ${decoded.reason}.` }];
  const { height } = decoded.proof.header;
  steps.push({
    ok: true,
    text: `The proof is about block ${height} and has ${decoded.proof.certificate.signers.length} votes.`,
  });

  const final = verifyFinality(decoded.proof, trusted.trust);
  const text = final.ok
    ? `Block ${height} is final: ${toHex(final.hash)}.`
    : `Block ${height} is not shown to be final: ${final.reason}.`;
  return [...steps, { ok: final.ok, text }];
}

/** The same proof with one bit of the first vote changed; as it was where it cannot be read. */
export function tampered(proof: Uint8Array): Uint8Array {
  const decoded = decodeFinalityProof(proof);
  const vote = decoded.ok ? decoded.proof.certificate.signatures[0] : undefined;
  if (!decoded.ok || vote === undefined) return proof;
  vote[0] = (vote[0] ?? 0) ^ 1;
  return encodeFinalityProof(decoded.proof);
}
