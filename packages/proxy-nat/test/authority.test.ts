import { decodeCanonical, encodeCanonical } from '@hypermesh/core';
import { createSigner, generateKey, verify } from '@hypermesh/core/ed25519';
import { expect, test } from 'vitest';
import { signGrant } from '../src/authority/grant.ts';
import {
  createMappingBook,
  type MappingRecord,
  type Prefix,
  parsePrefix,
  signMapping,
  verifyGrant,
  verifyMapping,
} from '../src/index.ts';

const key = (seed: number) => createSigner(generateKey(new Uint8Array(32).fill(seed)).secretKey);
const [alice, mallory] = [key(1), key(2)];
const prefix = (text: string): Prefix => {
  const parsed = parsePrefix(text);
  if (!parsed.ok) throw new TypeError(text);
  return { address: parsed.address, length: parsed.length };
};
const mapping = (changes: Partial<MappingRecord> = {}) => ({
  prefix: prefix('fd48:4d00:1:2::/64'),
  home: 'node-1',
  epoch: 5,
  fromMs: 1_000,
  untilMs: 2_000,
  ...changes,
});
const book = (capacity?: number) =>
  createMappingBook({
    verify,
    mayHold: (holder) => holder[0] !== key(3).publicKey[0],
    ...(capacity === undefined ? {} : { capacity }),
  });

test('a signed mapping record is believed as it stands, and a flipped bit anywhere in it is refused [proxy-04]', () => {
  const bytes = signMapping(mapping(), alice);
  const checked = verifyMapping(bytes, { verify, nowMs: 1_500 });
  expect(checked).toEqual({ ok: true, mapping: { ...mapping(), holder: alice.publicKey } });
  for (let at = 0; at < bytes.length; at += 1) {
    const altered = Uint8Array.from(bytes);
    altered[at] = (altered[at] ?? 0) ^ 1;
    expect(verifyMapping(altered, { verify: (...args) => verify(...args), nowMs: 1_500 }).ok).toBe(false);
  }
  expect(verifyMapping(bytes, { verify, nowMs: 999 })).toEqual({ ok: false, reason: 'not-yet' });
  expect(verifyMapping(bytes, { verify, nowMs: 2_000 })).toEqual({ ok: false, reason: 'expired' });
}, 60_000);

test.each<[string, Uint8Array]>([
  ['no bytes', new Uint8Array()],
  ['text', Buffer.from('mapping')],
  ['a map without a body', encodeCanonical({ v: 1 })],
  ['another version', encodeCanonical({ v: 2, body: new Uint8Array(3), signature: new Uint8Array(64) })],
  [
    'a body that is no record',
    encodeCanonical({ v: 1, body: new Uint8Array(3), signature: new Uint8Array(64) }),
  ],
  ['two megabytes', new Uint8Array(2_000_000)],
])('%s in the place of a record is malformed, for mappings and for grants', (_, bytes) => {
  expect(verifyMapping(bytes, { verify, nowMs: 0 })).toEqual({ ok: false, reason: 'malformed' });
  expect(verifyGrant(bytes, { verify })).toEqual({ ok: false, reason: 'malformed' });
});

test('a mapping with bits beyond its prefix length is malformed', () => {
  const bytes = signMapping(mapping({ prefix: { address: 1n, length: 64 } }), alice);
  expect(verifyMapping(bytes, { verify, nowMs: 1_500 })).toEqual({ ok: false, reason: 'malformed' });
});

test('a signature of a mapping is none of a grant, even over the same body', () => {
  const grant = {
    id: '00'.repeat(16),
    address: 1n << 64n,
    sizeBytes: 4096,
    grantee: 'bob',
    rights: 7,
    generation: 1,
    expiresMs: 5,
    maxBytes: 1,
    maxOperations: 1,
  };
  const signed = signGrant(grant, alice);
  expect(verifyGrant(signed, { verify })).toEqual({ ok: true, grant: { ...grant, holder: alice.publicKey } });
  const asGrant = decodeCanonical(signed);
  const asMapping = decodeCanonical(signMapping(mapping(), alice));
  if (!asGrant.ok || !asMapping.ok) throw new TypeError('records');
  const crossed = encodeCanonical({
    ...(asGrant.value as object),
    signature: (asMapping.value as { signature: Uint8Array }).signature,
  });
  expect(verifyGrant(crossed, { verify })).toEqual({ ok: false, reason: 'signature' });
});

test('a book keeps the highest epoch of a prefix and leads an address to the longest prefix', () => {
  const records = book();
  expect(records.accept(signMapping(mapping(), alice), 1_500).ok).toBe(true);
  expect(records.accept(signMapping(mapping(), alice), 1_500).ok).toBe(true);
  expect(records.accept(signMapping(mapping({ epoch: 4 }), alice), 1_500)).toEqual({
    ok: false,
    reason: 'stale-epoch',
  });
  expect(records.accept(signMapping(mapping({ home: 'node-2' }), alice), 1_500)).toEqual({
    ok: false,
    reason: 'stale-epoch',
  });
  expect(records.accept(signMapping(mapping({ epoch: 6, home: 'node-2' }), alice), 1_500).ok).toBe(true);
  const inner = mapping({ prefix: prefix('fd48:4d00:1:2::1000/116'), home: 'node-3' });
  expect(records.accept(signMapping(inner, alice), 1_500).ok).toBe(true);
  const address = prefix('fd48:4d00:1:2::/64').address;
  expect(records.lookup(address, 1_500)?.home).toBe('node-2');
  expect(records.lookup(address + 0x1fffn, 1_500)?.home).toBe('node-3');
  expect(records.lookup(address + 0x2000n, 1_500)?.home).toBe('node-2');
  expect(records.lookup(address, 2_500)).toBeUndefined();
  expect(records.lookup(1n, 1_500)).toBeUndefined();
});

test('a book takes nothing from whom the addresses were not delegated to, nor what another holds, nor more than its bound', () => {
  const records = book(2);
  expect(records.accept(signMapping(mapping(), key(3)), 1_500)).toEqual({
    ok: false,
    reason: 'not-delegated',
  });
  expect(records.accept(signMapping(mapping(), alice), 1_500).ok).toBe(true);
  for (const text of ['fd48:4d00:1:2::/64', 'fd48:4d00:1:2::/96', 'fd48:4d00::/32'])
    expect(records.accept(signMapping(mapping({ prefix: prefix(text), epoch: 9 }), mallory), 1_500)).toEqual({
      ok: false,
      reason: 'held',
    });
  const other = (text: string) => signMapping(mapping({ prefix: prefix(text) }), mallory);
  expect(records.accept(other('fd48:4d00:2::/64'), 1_500).ok).toBe(true);
  expect(records.accept(other('fd48:4d00:3::/64'), 1_500)).toEqual({ ok: false, reason: 'full' });
});
