import { type ChainId, equalBytes, fromHex, toHex, type Verdict } from '@hypermesh/core';
import { leafHash, verifyInclusion } from '@hypermesh/core/merkle';
import { type BlockHeader, headerHash, validatorsHashOf } from '../engine/block.ts';
import { checkCertificate } from '../engine/certificate.ts';
import { SIMPLEX_RULES } from '../engine/rules.ts';
import { createEd25519Scheme } from '../engine/scheme.ts';
import { type StateProof, verifyStateProof } from '../ledger/state-tree.ts';
import { decodeFinalityProof, type FinalityProof, isFinalityProof } from './proof.ts';

/** What a light client trusts from the start: the ledger and who validates it. */
export interface LightTrust {
  readonly chain: ChainId;
  /** In the order of the genesis. */
  readonly validators: readonly { readonly publicKey: Uint8Array }[];
}

/** Why a proof does not show that its block is final. */
export type FinalityReason =
  | 'malformed'
  | 'chain'
  | 'validators'
  | 'descendants'
  | 'view'
  | 'signer-count'
  | 'signature'
  | 'inclusion'
  | 'no-inclusion'
  | 'other-tx';

/**
 * Whether a block is final, and a transaction in it, by the proof alone: no node is asked. Costs one Ed25519 check
 * for each signer of the quorum. With `tx` the proof must show exactly that transaction.
 */
export function verifyFinality(
  proof: FinalityProof | Uint8Array,
  trust: LightTrust,
  options: { readonly tx?: Uint8Array } = {},
): Verdict<{ header: BlockHeader; hash: Uint8Array }, FinalityReason> {
  if (proof instanceof Uint8Array) {
    const decoded = decodeFinalityProof(proof);
    return decoded.ok ? verifyFinality(decoded.proof, trust, options) : { ok: false, reason: 'malformed' };
  }
  if (!isFinalityProof(proof)) return { ok: false, reason: 'malformed' };
  const { header, descendants, certificate, inclusion } = proof;
  const reason = headersReason(proof, trust) ?? inclusionReason(header, inclusion, options.tx);
  if (reason !== undefined) return { ok: false, reason };

  const publicKeys = trust.validators.map(({ publicKey }) => publicKey);
  const certified = descendants[descendants.length - 1] ?? header;
  if (certificate.view !== certified.view) return { ok: false, reason: 'view' };
  const quorum = SIMPLEX_RULES.quorum(publicKeys.length);
  if (certificate.signers.length !== quorum || certificate.signatures.length !== quorum) {
    return { ok: false, reason: 'signer-count' };
  }
  const scheme = createEd25519Scheme(certified.chain, publicKeys);
  const vote = { kind: 'finalize', view: certificate.view, block: toHex(headerHash(certified)) } as const;
  if (!checkCertificate({ ...vote, ...certificate }, scheme, { quorum }))
    return { ok: false, reason: 'signature' };
  return { ok: true, header, hash: headerHash(header) };
}

function headersReason(
  { header, descendants }: FinalityProof,
  trust: LightTrust,
): FinalityReason | undefined {
  const chain = fromHex(trust.chain);
  const validatorsHash = validatorsHashOf(trust.validators.map(({ publicKey }) => publicKey));
  let before: BlockHeader | undefined;
  for (const each of [header, ...descendants]) {
    if (!chain.ok || !equalBytes(each.chain, chain.bytes)) return 'chain';
    if (!equalBytes(each.validatorsHash, validatorsHash)) return 'validators';
    if (before !== undefined) {
      const isLinked = equalBytes(each.parent, headerHash(before)) && each.height === before.height + 1;
      if (!isLinked) return 'descendants';
    }
    before = each;
  }
  return undefined;
}

function inclusionReason(
  header: BlockHeader,
  inclusion: FinalityProof['inclusion'],
  tx: Uint8Array | undefined,
): FinalityReason | undefined {
  if (inclusion === undefined) return tx === undefined ? undefined : 'no-inclusion';
  const { txIndex, txCount, path } = inclusion;
  if (tx !== undefined && !equalBytes(leafHash(tx), inclusion.leafHash)) return 'other-tx';
  const verdict = verifyInclusion({
    leafIndex: txIndex,
    treeSize: txCount,
    leafHash: inclusion.leafHash,
    proof: [...path],
    root: header.txRoot,
  });
  return verdict.ok ? undefined : 'inclusion';
}

/** Why a state proof does not show a value under a final header. */
export type StateReason = FinalityReason | 'malformed-state-proof' | 'state-root';

/**
 * Whether a key of the operation ledger had a value in the state that a final header names: the state after
 * `stateHeight`, which lies at or below the header's own height minus one.
 */
export function verifyState(
  proof: FinalityProof | Uint8Array,
  entry: StateProof,
  trust: LightTrust,
): Verdict<{ stateHeight: number; key: string; value: Uint8Array }, StateReason> {
  const final = verifyFinality(proof, trust);
  if (!final.ok) return final;
  const { stateHeight, stateRoot } = final.header;
  const held = verifyStateProof(entry, stateRoot);
  if (held.ok) return { ok: true, stateHeight, key: entry.key, value: entry.value };
  return { ok: false, reason: held.reason === 'malformed' ? 'malformed-state-proof' : 'state-root' };
}
