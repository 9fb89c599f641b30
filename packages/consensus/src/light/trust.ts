import type { ChainId, Verdict } from '@hypermesh/core';
import { decodeGenesis, type Genesis, type GenesisReason, validatorsOf } from '../ledger/genesis.ts';
import type { LightTrust } from './verify.ts';

/**
 * What a light client trusts, from the one thing that its user must know: the ledger's id, which is the hash of its
 * genesis record. The record itself may come from anybody. `other-chain`: it is sound and of another ledger.
 */
export function trustGenesis(
  bytes: Uint8Array,
  chain: ChainId | string,
): Verdict<{ trust: LightTrust; genesis: Genesis }, GenesisReason | 'other-chain'> {
  const decoded = decodeGenesis(bytes);
  if (!decoded.ok) return decoded;
  if (decoded.chainId !== chain) return { ok: false, reason: 'other-chain' };
  const validators = validatorsOf(decoded.genesis).map((publicKey) => ({ publicKey }));
  return { ok: true, genesis: decoded.genesis, trust: { chain: decoded.chainId, validators } };
}
