import { type AssetId, type Infer, record, s } from '@hypermesh/core';
import type { AccessRequest, DenialCode } from '../policy/decide.ts';
import type { Policy } from '../policy/policy.ts';
import type { Relation } from '../policy/reach.ts';
import type { Selector } from './selector.ts';

/** Who asks, as whoever admits the request has found out; nothing here is the asker's own word. */
export interface Requester {
  /** What leases are counted and kept under, such as a NodeId; at most 128 bytes. */
  readonly id: string;
  readonly isSelf?: boolean;
  readonly isTrustedPeer?: boolean;
  readonly groups?: readonly string[];
  readonly networks?: readonly string[];
}

/** One part of a bundle. */
export interface Need {
  readonly kind: string;
  /** Base units of the kind; 1 for assets that are leased whole. */
  readonly quantity: number;
  /** Exactly this asset. */
  readonly asset?: AssetId;
  /** Only assets that meet this. */
  readonly where?: Selector;
}

/** Who uses a claim, and what its operation proved. */
export interface Use {
  readonly requester: Requester;
  readonly proofs: AccessRequest['proofs'];
  /** The most that is paid for the whole bundle. */
  readonly maxPrice?: bigint;
}

/** What somebody wants at once or not at all. */
export interface Ask extends Use {
  /** 1 to 16. */
  readonly needs: readonly Need[];
  /** How long it is to run from its commit on. */
  readonly durationMs: number;
}

/** Why an asset cannot serve: a rule of its policy, or one of a node's own. Closed and stable. */
export type RejectionCode =
  | DenialCode
  | 'no-asset'
  | 'no-match'
  | 'not-available'
  | 'queued'
  | 'bundle-price'
  | 'search-budget'
  | 'no-claim'
  | 'not-holder';

/** Why one asset cannot serve one need. `asset` is the kind's name where no asset of the kind is there. */
export interface Rejection {
  readonly need: number;
  readonly asset: string;
  readonly kind: string;
  readonly code: RejectionCode;
  readonly rule: string;
  readonly remedy: string;
  readonly canWait: boolean;
  /** Place in the queue that the asker would have, from 1, where waiting helps. */
  readonly position?: number;
}

/** The form of a claim on disk. */
export const claimSchema = record({
  /** 128 random bits in hex; whoever knows it may use the claim. */
  id: s.text(64),
  state: s.union(s.literal('reserved'), s.literal('committed'), s.literal('active')),
  /** The requester's id, or a pseudonym for this claim alone. */
  holder: s.text(160),
  isPseudonym: s.bool(),
  /** Whether each use needs the four proofs looked at anew. */
  isReverified: s.bool(),
  items: s.array(
    record({
      asset: s.cid<AssetId>({ codec: 'dag-cbor', hash: 'sha2-256' }),
      kind: s.text(64),
      quantity: s.uint(),
    }),
    16,
  ),
  durationMs: s.uint(),
  price: s.bigint(),
  reservedAtMs: s.uint(),
  /** When it ends by itself, Unix milliseconds. */
  expiresAtMs: s.uint(),
});

/** A bundle that is held: `reserved` until its commit, `committed` and `active` (in use) until it ends. */
export type Claim = Infer<typeof claimSchema>;

/** How a claim ended. */
export type ClaimEnd = 'released' | 'expired' | 'revoked';

/** What a requester is to the owner of a policy: the closest relation that holds. */
export function relationOf(requester: Requester, policy: Policy): Relation {
  if (requester.isSelf === true) return 'self';
  if (requester.groups?.some((group) => policy.groups.includes(group))) return 'group';
  if (requester.isTrustedPeer === true) return 'peer';
  if (requester.networks?.some((network) => policy.networks.includes(network))) return 'network';
  return 'anyone';
}
