import {
  cidOf,
  type DecodeReason,
  decodeRecord,
  domainMessage,
  encodeRecord,
  equalBytes,
  record,
  s,
  type Verdict,
} from '@hypermesh/core';
import { verify } from '@hypermesh/core/ed25519';
import {
  type Asset,
  type AssetReason,
  type AssetSigner,
  decodeAsset,
  encodeAsset,
} from '../identity/asset.ts';
import type { Kinds } from '../kinds/registry.ts';

const domain = 'hypermesh/assets/inventory/v1';

const body = record({
  v: s.literal(1),
  /** Ed25519 key of the node whose machine it is. */
  owner: s.bytes({ length: 32 }),
  /** Unix milliseconds by the node's own clock: nobody else has seen it yet. */
  measuredAtMs: s.uint(),
  assets: s.array(s.bytes({ max: 66_000 }), 256),
  /** Devices that were looked for and not found, with the reason. */
  absent: s.map(s.text(1024), 64, 64),
});
const block = record({
  v: s.literal(1),
  body: s.bytes({ max: 16 << 20 }),
  signature: s.bytes({ length: 64 }),
});

/** What a node found out about its machine, as its key signed it. Needs no ledger and no network, to make or to check. */
export interface Inventory {
  /** CID of the signed body. */
  readonly id: string;
  readonly owner: Uint8Array;
  readonly measuredAtMs: number;
  readonly assets: readonly Asset[];
  readonly absent: Readonly<Record<string, string>>;
}

/** Why bytes are no inventory: its form, its own signature, or one of its assets. */
export type InventoryReason =
  | DecodeReason
  | 'signature'
  | 'asset-owner'
  | 'asset-twice'
  | `asset-${AssetReason}`;

/** Signs what was measured. The block is self-contained: `verifyInventory` needs these bytes and nothing else. */
export function createInventory(
  found: {
    readonly assets: readonly Asset[];
    readonly absent: Readonly<Record<string, string>>;
    readonly measuredAtMs: number;
  },
  signer: AssetSigner,
): Uint8Array {
  const bytes = encodeRecord(body, {
    v: 1,
    owner: signer.publicKey,
    measuredAtMs: found.measuredAtMs,
    assets: found.assets.map(encodeAsset),
    absent: { ...found.absent },
  });
  return encodeRecord(block, { v: 1, body: bytes, signature: signer.sign(domainMessage(domain, bytes)) });
}

/** Whether bytes are an inventory that the owner of every asset in it signed. Takes anything; never throws. */
export function verifyInventory(
  bytes: Uint8Array,
  kinds?: Kinds,
): Verdict<{ inventory: Inventory }, InventoryReason> {
  const outer = decodeRecord(block, bytes, { maxBytes: 17 << 20 });
  if (!outer.ok) return { ok: false, reason: outer.reason };
  const inner = decodeRecord(body, outer.value.body, { maxBytes: 16 << 20 });
  if (!inner.ok) return { ok: false, reason: inner.reason };
  const { owner, measuredAtMs, absent } = inner.value;
  if (!verify(outer.value.signature, domainMessage(domain, outer.value.body), owner))
    return { ok: false, reason: 'signature' };
  const assets: Asset[] = [];
  for (const encoded of inner.value.assets) {
    const decoded = decodeAsset(encoded, kinds === undefined ? {} : { kinds });
    if (!decoded.ok) return { ok: false, reason: `asset-${decoded.reason}` };
    if (!equalBytes(decoded.asset.record.owner, owner)) return { ok: false, reason: 'asset-owner' };
    if (assets.some(({ id }) => id === decoded.asset.id)) return { ok: false, reason: 'asset-twice' };
    assets.push(decoded.asset);
  }
  const id = cidOf(outer.value.body, 'dag-cbor');
  return { ok: true, inventory: { id, owner, measuredAtMs, assets, absent } };
}
