import {
  type AssetId,
  cidOf,
  type DecodeReason,
  decodeRecord,
  domainMessage,
  encodeRecord,
  type Infer,
  type Random,
  record,
  s,
  type Verdict,
} from '@hypermesh/core';
import { verify } from '@hypermesh/core/ed25519';
import { AssetsError } from '../errors.ts';
import { anyAttributes } from '../kinds/attributes.ts';
import { attributeFault, createKinds, type Kinds } from '../kinds/registry.ts';

const domain = 'hypermesh/assets/genesis-record/v1';

const genesisRecord = record({
  v: s.literal(1),
  kind: s.text(64),
  /** Ed25519 key of whoever brings the asset in: it alone signs for it. */
  owner: s.bytes({ length: 32 }),
  /** What this is a part of. */
  parent: s.optional(s.cid<AssetId>({ codec: 'dag-cbor', hash: 'sha2-256' })),
  attributes: anyAttributes,
  /** Tells two assets apart that are alike in everything else. */
  nonce: s.bytes({ length: 16 }),
});

const signedForm = record({
  v: s.literal(1),
  record: s.bytes({ max: 65_536 }),
  signature: s.bytes({ length: 64 }),
});

/** What an asset is from its first moment on and for ever; its id is the hash of exactly this. */
export type GenesisRecord = Infer<typeof genesisRecord>;

/** Attributes by name: texts, whole numbers, truth values, bytes and lists of texts. */
export type Attributes = GenesisRecord['attributes'];

/** An asset with what shows it to anybody. */
export interface Asset {
  /** CIDv1 (dag-cbor, sha2-256) of `bytes`. */
  readonly id: AssetId;
  readonly record: GenesisRecord;
  /** The record in canonical DAG-CBOR. */
  readonly bytes: Uint8Array;
  /** The owner's Ed25519 signature over domain and bytes; it stands beside the record and is no part of the id. */
  readonly signature: Uint8Array;
}

/** What signs for an owner: `createSigner` of core's ed25519. */
export interface AssetSigner {
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

/** Why bytes are no asset. `wrong-id`: the id that was asked for is the hash of something else. */
export type AssetReason = DecodeReason | 'wrong-id' | 'signature' | 'unknown-kind' | 'attributes';

const defaultKinds = createKinds();

/**
 * Makes an asset that a key owns. The same draft with the same nonce has the same id on every machine; without a nonce
 * it takes 16 bytes from `random`. Throws `assets/unknown-kind` and `assets/bad-attributes`.
 */
export function createAsset(
  draft: {
    readonly kind: string;
    readonly attributes: Attributes;
    readonly parent?: AssetId;
    readonly nonce: Uint8Array | Random;
  },
  signer: AssetSigner,
  kinds: Kinds = defaultKinds,
): Asset {
  const { kind, attributes, parent, nonce } = draft;
  const known = kinds.find(kind);
  if (known === undefined)
    throw new AssetsError({ code: 'assets/unknown-kind', kind }, `No kind is called ${kind}`);
  const fault = attributeFault(known, attributes);
  if (fault !== undefined) {
    throw new AssetsError(
      { code: 'assets/bad-attributes', kind, reason: fault },
      `These attributes do not describe a ${kind}: ${fault}`,
    );
  }
  const value: GenesisRecord = {
    v: 1,
    kind,
    owner: signer.publicKey,
    ...(parent === undefined ? {} : { parent }),
    attributes,
    nonce: nonce instanceof Uint8Array ? nonce : nonce.bytes(16),
  };
  const bytes = encodeRecord(genesisRecord, value);
  return {
    id: assetIdOf(bytes),
    record: value,
    bytes,
    signature: signer.sign(domainMessage(domain, bytes)),
  };
}

/** The id of a genesis record's canonical bytes. */
export function assetIdOf(bytes: Uint8Array): AssetId {
  return cidOf(bytes, 'dag-cbor') as AssetId;
}

/**
 * Whether bytes are an asset of a known kind that its owner signed, and the one with the id that was asked for. Takes
 * anything from anybody; never throws. Work: one hash, one signature, at most 64 KiB.
 */
export function verifyAsset(
  claim: { readonly bytes: Uint8Array; readonly signature: Uint8Array; readonly id?: string },
  kinds: Kinds = defaultKinds,
): Verdict<{ asset: Asset }, AssetReason> {
  const { bytes, signature, id } = claim;
  const decoded = decodeRecord(genesisRecord, bytes, { maxBytes: 65_536 });
  if (!decoded.ok) return { ok: false, reason: decoded.reason };
  const actual = assetIdOf(bytes);
  if (id !== undefined && id !== actual) return { ok: false, reason: 'wrong-id' };
  const kind = kinds.find(decoded.value.kind);
  if (kind === undefined) return { ok: false, reason: 'unknown-kind' };
  if (attributeFault(kind, decoded.value.attributes) !== undefined)
    return { ok: false, reason: 'attributes' };
  if (signature.length !== 64 || !verify(signature, domainMessage(domain, bytes), decoded.value.owner))
    return { ok: false, reason: 'signature' };
  return { ok: true, asset: { id: actual, record: decoded.value, bytes, signature } };
}

/** An asset as bytes that a ledger or a peer is given. */
export function encodeAsset({ bytes, signature }: Pick<Asset, 'bytes' | 'signature'>): Uint8Array {
  return encodeRecord(signedForm, { v: 1, record: bytes, signature });
}

/** Reads and verifies what `encodeAsset` made, or anything else. */
export function decodeAsset(
  bytes: Uint8Array,
  { id, kinds = defaultKinds }: { readonly id?: string; readonly kinds?: Kinds } = {},
): Verdict<{ asset: Asset }, AssetReason> {
  const decoded = decodeRecord(signedForm, bytes, { maxBytes: 66_000 });
  if (!decoded.ok) return { ok: false, reason: decoded.reason };
  const { record: inner, signature } = decoded.value;
  return verifyAsset({ bytes: inner, signature, ...(id === undefined ? {} : { id }) }, kinds);
}
