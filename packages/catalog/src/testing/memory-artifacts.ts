import {
  decodeRecord,
  domainMessage,
  encodeRecord,
  nodeIdOf,
  record,
  s,
  sha256,
  toHex,
} from '@hypermesh/core';
import { sign, verify } from '@hypermesh/core/ed25519';
import type { Artifacts } from '../ports.ts';

const bundleSchema = record({
  v: s.literal(1),
  key: s.bytes({ length: 32 }),
  signature: s.bytes({ length: 64 }),
});
const domain = 'hypermesh/catalog/testing-bundle/v1';

/** Signatures by Ed25519 alone, without certificates and without a log: for tests of what stands on the port. */
export function createMemoryArtifacts({
  secretKey,
  publicKey,
}: {
  readonly secretKey: Uint8Array;
  readonly publicKey: Uint8Array;
}): Artifacts {
  const suite = 'ed25519';
  let logIndex = 0;
  return {
    self: { node: nodeIdOf(publicKey), publicKey },
    async sign(bytes, { signal } = {}) {
      signal?.throwIfAborted();
      const signature = sign(domainMessage(domain, bytes), secretKey);
      const bundle = encodeRecord(bundleSchema, { v: 1, key: publicKey, signature });
      return { bundle, signers: [{ suite, key: toHex(sha256(publicKey)) }], logIndex: logIndex++ };
    },
    endorse: async (message) => sign(message, secretKey),
    async verify(bundle, bytes) {
      const decoded = decodeRecord(bundleSchema, bundle);
      if (!decoded.ok) return { ok: false, reason: decoded.reason };
      const { key, signature } = decoded.value;
      if (!verify(signature, domainMessage(domain, bytes), key))
        return { ok: false, reason: 'bad-signature' };
      return { ok: true, publisher: nodeIdOf(key), signers: [{ suite, key: toHex(sha256(key)) }] };
    },
  };
}
