import {
  type AssetId,
  decodeRecord,
  encodeRecord,
  type Infer,
  record,
  s,
  type Verdict,
} from '@hypermesh/core';
import { claimSchema } from '../claims/claim.ts';
import { eventSchema, headSchema } from '../lifecycle/event.ts';
import { policySchema } from '../policy/policy.ts';

const assetId = s.cid<AssetId>({ codec: 'dag-cbor', hash: 'sha2-256' });

const change = s.union(
  record({ t: s.literal('asset'), asset: s.bytes({ max: 66_000 }), policy: policySchema }),
  record({ t: s.literal('event'), event: eventSchema }),
  record({ t: s.literal('policy'), asset: assetId, policy: policySchema }),
  record({ t: s.literal('claim'), claim: claimSchema }),
  record({
    t: s.literal('end'),
    claim: s.text(64),
    how: s.union(s.literal('released'), s.literal('expired'), s.literal('revoked')),
  }),
  /** Where a history stood when what led there was dropped from the journal. */
  record({ t: s.literal('head'), asset: assetId, head: headSchema }),
);

const batch = record({ v: s.literal(1), changes: s.array(change, 65_536) });

/** One step of what is kept: everything else follows from these. */
export type Change = Infer<typeof change>;

/** Changes that become durable together or not at all. */
export function encodeChanges(changes: readonly Change[]): Uint8Array {
  return encodeRecord(batch, { v: 1, changes });
}

const limits = { maxBytes: 64 << 20, maxItems: 8 << 20 };

/** Reads a batch from the journal. */
export function decodeChanges(bytes: Uint8Array): Verdict<{ changes: readonly Change[] }> {
  const decoded = decodeRecord(batch, bytes, limits);
  return decoded.ok ? { ok: true, changes: decoded.value.changes } : { ok: false, reason: decoded.reason };
}
