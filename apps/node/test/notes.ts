import { createAsset } from '@hypermesh/assets';
import { createSigner } from '@hypermesh/core/ed25519';
import { systemRandom } from '@hypermesh/core/node';
import { encodeAssetEntry } from '../src/inventory/asset-entry.ts';

/** The body of an `asset.register` operation that the ledger accepts: a note of whoever holds the key. */
export function noteBody({ secretKey }: { readonly secretKey: Uint8Array }, text: string) {
  const draft = { kind: 'x.note', attributes: { text }, nonce: systemRandom };
  const asset = createAsset(draft, createSigner(secretKey));
  return { key: asset.id, value: encodeAssetEntry({ asset }) };
}
