import { createHmac, createSecretKey } from 'node:crypto';
import { domainHash, domainMessage } from '@hypermesh/core';
import type { SessionRole } from '../ports.ts';

const HANDSHAKE = 'hypermesh/stoq/handshake/v1';
const TRANSCRIPT = 'hypermesh/stoq/transcript/v1';
const LABELS = {
  dialerKey: 'hypermesh/stoq/dialer-handshake-key/v1',
  listenerKey: 'hypermesh/stoq/listener-handshake-key/v1',
  dialerMac: 'hypermesh/stoq/dialer-mac/v1',
  listenerMac: 'hypermesh/stoq/listener-mac/v1',
  dialerTraffic: 'hypermesh/stoq/dialer-traffic/v1',
  listenerTraffic: 'hypermesh/stoq/listener-traffic/v1',
  sessionId: 'hypermesh/stoq/session-id/v1',
} as const;
const STREAM = 'hypermesh/stoq/stream-key/v1';
const SIGNED: Readonly<Record<SessionRole, string>> = {
  dialer: 'hypermesh/stoq/dialer-signature/v1',
  listener: 'hypermesh/stoq/listener-signature/v1',
};

/** SHA-256 over a domain and each part behind its length, so that no two lists of parts have one preimage. */
export function transcriptHash(...parts: readonly Uint8Array[]): Uint8Array {
  return domainHash(TRANSCRIPT, ...parts);
}

/** The hash that both ends begin with: carrier binding, hello and accept as they stood on the wire. */
export function openingHash(binding: Uint8Array, hello: Uint8Array, accept: Uint8Array): Uint8Array {
  return domainHash(HANDSHAKE, binding, hello, accept);
}

/** HKDF-Extract of RFC 5869 with SHA-256. */
export function extract(salt: Uint8Array, secret: Uint8Array): Uint8Array {
  return hmac(salt, secret);
}

/** The first 32 bytes of HKDF-Expand of RFC 5869; `context` follows the label, which has no other that begins with it. */
export function expand(key: Uint8Array, label: keyof typeof LABELS, context?: Uint8Array): Uint8Array {
  return hmac(key, Buffer.from(LABELS[label]), context ?? new Uint8Array(), ONE);
}

/** The key of one direction of one stream, from the sender's traffic secret. */
export function streamKey(traffic: Uint8Array, opener: SessionRole, number: bigint): Uint8Array {
  const context = Buffer.alloc(9);
  context.writeUInt8(opener === 'dialer' ? 0 : 1);
  context.writeBigUInt64BE(number, 1);
  return hmac(traffic, Buffer.from(STREAM), context, ONE);
}

/** What an authenticator signs: its role's domain and the hash of what was seen so far and of the signer's own chain. */
export function signedTranscript(role: SessionRole, seen: Uint8Array, chain: Uint8Array): Uint8Array {
  return domainMessage(SIGNED[role], transcriptHash(seen, chain));
}

/** HMAC-SHA-256 over the parts one after another. */
export function hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const mac = createHmac('sha256', createSecretKey(key));
  for (const part of parts) mac.update(part);
  return mac.digest();
}

const ONE = Uint8Array.of(1);
