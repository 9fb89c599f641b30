import { decodeRecord, encodeRecord, s } from '@hypermesh/core';

/** Somebody who says that it has content. Nothing here is proven: the session and the chunks are. */
export interface Provider {
  /** Its libp2p PeerId, stable for as long as its seed. */
  readonly peerId: string;
  /** Where its STOQ node listens, by its own word. */
  readonly stoq: readonly string[];
}

/** The libp2p protocol that tells a PeerId's STOQ addresses: the asker sends nothing, the answer is one record. */
export const ADDRESS_PROTOCOL = '/hypermesh/stoq-addresses/1.0.0';
/** Largest answer, bytes. */
export const MAX_ADDRESSES_BYTES = 4_096;

const ADDRESSES = s.record({ v: s.literal(1), stoq: s.array(s.text(256), 16) });

/** The record of a node's addresses; of more than 16 the first 16. */
export function encodeAddresses(stoq: readonly string[]): Uint8Array {
  return encodeRecord(ADDRESSES, { v: 1, stoq: stoq.slice(0, 16) });
}

/** What can be an address: a scheme and printable characters, so that it may stand in a log. */
const ADDRESS = /^[a-z0-9]{1,16}:\/\/[\x21-\x7e]{1,200}$/;

/** Addresses of any origin, without what cannot be one; undefined for bytes that are no such record. */
export function decodeAddresses(bytes: Uint8Array): readonly string[] | undefined {
  const decoded = decodeRecord(ADDRESSES, bytes, { maxBytes: MAX_ADDRESSES_BYTES });
  return decoded.ok ? decoded.value.stoq.filter((address) => ADDRESS.test(address)) : undefined;
}
