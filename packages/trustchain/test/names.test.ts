import { equalBytes, nodeIdOf, sha256, toHex } from '@hypermesh/core';
import { createSigner, generateKey } from '@hypermesh/core/ed25519';
import {
  createNameView,
  decodeName,
  isWellKnownName,
  type NameRecord,
  parseNameUrl,
  signName,
  verifyName,
} from '@hypermesh/trustchain/names';
import { beforeAll, describe, expect, it } from 'vitest';

const authority = createSigner(generateKey(new Uint8Array(32).fill(1)).secretKey);
const mallory = createSigner(generateKey(new Uint8Array(32).fill(2)).secretKey);
const node = nodeIdOf(generateKey(new Uint8Array(32).fill(3)).publicKey);
const mesh = `SHA256:${'ab'.repeat(32)}`;
const nowMs = 1_800_000_000_000;
const day = 86_400_000;
const trust = {
  mesh,
  isOwner: (name: string, key: Uint8Array) => isWellKnownName(name) && equalBytes(key, authority.publicKey),
};

const body = (change: Partial<NameRecord> = {}) => ({
  mesh,
  name: 'caesar',
  target: { nodes: [node], page: '/wallet' },
  sequence: 5,
  notBeforeMs: nowMs - day,
  notAfterMs: nowMs + 30 * day,
  ...change,
});
let signed: Uint8Array;

beforeAll(async () => {
  signed = await signName(body(), authority);
});

const reasonOf = (bytes: Uint8Array, asked: object = {}) => {
  const verdict = verifyName(bytes, trust, { name: 'caesar', nowMs, ...asked });
  return verdict.ok ? 'ok' : verdict.reason;
};

describe('a name record', () => {
  it('that the authority of the mesh signed says where the name leads', () => {
    expect(verifyName(signed, trust, { name: 'caesar', nowMs })).toMatchObject({
      ok: true,
      record: { name: 'caesar', target: { nodes: [node], page: '/wallet' }, sequence: 5 },
    });
  });

  it('is refused where it is forged, expired, too early, of another mesh or of another name [trustchain-06]', async () => {
    expect(reasonOf(await signName(body(), mallory))).toBe('not-owner');
    const flipped = new Uint8Array(signed);
    flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1;
    expect(reasonOf(flipped)).toBe('bad-signature');
    expect(reasonOf(signed, { nowMs: nowMs + 30 * day })).toBe('expired');
    expect(reasonOf(signed, { nowMs: nowMs - 2 * day })).toBe('not-yet-valid');
    expect(reasonOf(signed, { nowMs: Number.NaN })).toBe('not-yet-valid');
    expect(reasonOf(signed, { name: 'trust' })).toBe('other-name');
    const elsewhere = await signName(body({ mesh: `SHA256:${'cd'.repeat(32)}` }), authority);
    expect(reasonOf(elsewhere)).toBe('other-mesh');
  });

  it('is refused where it is rolled back, replayed over a newer one, or one of two with one number [trustchain-06]', async () => {
    const view = createNameView(trust);
    const asked = { name: 'caesar', nowMs };
    const newer = await signName(body({ sequence: 6, target: { nodes: [node], page: '/' } }), authority);
    const twin = await signName(body({ sequence: 6 }), authority);
    expect(view.observe(signed, asked).ok).toBe(true);
    expect(view.observe(signed, asked).ok).toBe(true);
    expect(view.observe(newer, asked)).toMatchObject({ ok: true, record: { target: { page: '/' } } });
    expect(view.observe(signed, asked)).toEqual({ ok: false, reason: 'rolled-back' });
    expect(view.observe(twin, asked)).toEqual({ ok: false, reason: 'forked' });
    // What was seen is kept over a restart.
    const later = createNameView(trust, view.seen());
    expect(later.observe(signed, asked)).toEqual({ ok: false, reason: 'rolled-back' });
    expect(later.observe(newer, asked).ok).toBe(true);
  });

  it('teaches nothing where it is refused: a forged one of a great number does not lock out the true one', async () => {
    const view = createNameView(trust);
    const forged = await signName(body({ sequence: 999 }), mallory);
    expect(view.observe(forged, { name: 'caesar', nowMs }).ok).toBe(false);
    expect(view.seen().size).toBe(0);
    expect(view.observe(signed, { name: 'caesar', nowMs }).ok).toBe(true);
  });

  it('with any single bit altered is refused', () => {
    for (let at = 0; at < signed.length; at += 1) {
      const altered = new Uint8Array(signed);
      altered[at] = (altered[at] ?? 0) ^ (1 << (at % 8));
      expect(reasonOf(altered), `byte ${at}`).not.toBe('ok');
    }
  });

  it.each([
    ['nothing', new Uint8Array()],
    ['garbage', Uint8Array.of(0xff, 1, 2)],
    ['four megabytes', new Uint8Array(4 * 1024 * 1024)],
  ])('that is %s is malformed', (_, bytes) => {
    expect(decodeName(bytes)).toEqual({ ok: false, reason: 'malformed' });
    expect(reasonOf(bytes)).toBe('malformed');
  });

  it.each([
    ['an upper-case name', { name: 'Caesar' }],
    ['a name with a dot', { name: 'a.b' }],
    ['a page that is no path', { target: { nodes: [], page: 'https://elsewhere' } }],
    ['an end before its beginning', { notAfterMs: nowMs - 2 * day }],
    ['a life of ten years', { notAfterMs: nowMs + 3_650 * day }],
  ])('with %s is not signed', async (_, change) => {
    await expect(signName(body(change), authority)).rejects.toMatchObject({
      code: 'trustchain/bad-argument',
    });
  });

  it('has bytes that do not change', () => {
    expect(toHex(sha256(signed))).toMatchInlineSnapshot(
      `"6a6ec3647aba4d95709d743e2d4296d52d287055745fdacad46c0b6fe1fa58ad"`,
    );
  });
});

describe('an address with a name', () => {
  it.each([
    ['http3://caesar', { ok: true, name: 'caesar', path: '' }],
    ['http3://caesar/history?x=1', { ok: true, name: 'caesar', path: '/history?x=1' }],
    ['trust', { ok: true, name: 'trust', path: '' }],
    ['trust/log', { ok: false, reason: 'malformed' }],
    ['', { ok: false, reason: 'malformed' }],
    ['http3://', { ok: false, reason: 'bad-name' }],
    ['http3://CAESAR', { ok: false, reason: 'bad-name' }],
    ['http3://a.example', { ok: false, reason: 'bad-name' }],
    ['https://caesar', { ok: false, reason: 'malformed' }],
    [`http3://${'a'.repeat(600)}`, { ok: false, reason: 'malformed' }],
  ])('%j is read', (text, expected) => {
    expect(parseNameUrl(text)).toEqual(expected);
  });
});
