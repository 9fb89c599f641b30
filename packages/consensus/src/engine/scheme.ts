import { createSigner, verify } from '@hypermesh/core/ed25519';
import { type VoteBody, voteMessage } from './vote.ts';

/** How votes are signed and checked. Both are deterministic, so that the engine stays a function of its inputs. */
export interface VoteScheme {
  /** The own signature over a vote, 64 bytes. Absent in one who only checks. */
  readonly sign?: (body: VoteBody) => Uint8Array;
  /** Whether validator `signer` signed exactly this vote. False for a signer that does not exist. */
  verify(body: VoteBody, signer: number, signature: Uint8Array): boolean;
}

/** Ed25519 votes of one chain; with `secretKey` (32-byte seed) it signs too. */
export function createEd25519Scheme(
  chain: Uint8Array,
  publicKeys: readonly Uint8Array[],
  secretKey?: Uint8Array,
): VoteScheme {
  const checks = (body: VoteBody, signer: number, signature: Uint8Array): boolean => {
    const key = publicKeys[signer];
    return key !== undefined && verify(signature, voteMessage(chain, body), key);
  };
  if (secretKey === undefined) return { verify: checks };
  const signer = createSigner(secretKey);
  return { sign: (body) => signer.sign(voteMessage(chain, body)), verify: checks };
}
