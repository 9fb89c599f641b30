import {
  type Asset,
  type AssetReason,
  decodeAsset,
  decodePolicy,
  encodeAsset,
  encodePolicy,
  type Policy,
  type PolicyFault,
  type ProofStrength,
} from '@hypermesh/assets';
import { checkRecord, decodeRecord, encodeRecord, record, s, type Verdict } from '@hypermesh/core';

const schema = record({
  v: s.literal(1),
  asset: s.bytes({ max: 66_000 }),
  /** Absent for what nobody leases. */
  policy: s.optional(s.bytes({ max: 65_536 })),
});

/** What the ledger keeps of an asset. */
export interface AssetEntry {
  readonly asset: Asset;
  readonly policy?: Policy;
}

/** The value of an `asset.register` operation. */
export function encodeAssetEntry({ asset, policy }: AssetEntry): Uint8Array {
  const rest = policy === undefined ? {} : { policy: encodePolicy(policy) };
  return encodeRecord(schema, { v: 1, asset: encodeAsset(asset), ...rest });
}

/**
 * Reads the value of an `asset.register` operation from anybody: an asset of a known kind that its owner signed, with
 * this id, and a policy that may hold. Pure: every validator decides the same.
 */
export function decodeAssetEntry(
  value: unknown,
  id: string,
  floor: ProofStrength,
): Verdict<{ entry: AssetEntry }, AssetReason | PolicyFault> {
  if (!checkRecord(s.bytes({ max: 140_000 }), value).ok) return { ok: false, reason: 'wrong-kind' };
  const decoded = decodeRecord(schema, value as Uint8Array);
  if (!decoded.ok) return { ok: false, reason: decoded.reason };
  const opened = decodeAsset(decoded.value.asset, { id });
  if (!opened.ok) return opened;
  const { asset } = opened;
  if (decoded.value.policy === undefined) return { ok: true, entry: { asset } };
  const policy = decodePolicy(decoded.value.policy, floor);
  return policy.ok ? { ok: true, entry: { asset, policy: policy.policy } } : policy;
}
