import { decodeRecord, encodeCanonical, encodeRecord, record, s } from '@hypermesh/core';
import { createManualClock, createSeededRandom } from '@hypermesh/core/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createEnrolment, generateCertificateKeys, publicKeysOf, verifyEnrolment } from '../src/ca/index.ts';
import { verifyChain } from '../src/x509/index.ts';
import { createHierarchy } from './authority-fixture.ts';

const { online, root, identity, nodeId, nodeKeys, clock, ports, trust } = await createHierarchy(5);
const token = new Uint8Array(16).fill(7);
const audience = root.rootFingerprint;
const request = {
  identitySecretKey: identity.secretKey,
  keys: nodeKeys,
  audience,
  dnsNames: ['localhost'],
  addresses: ['::1'],
  token,
};
const bytes = await createEnrolment(request, ports);
const nowMs = clock.nowMs();
const reasonOf = async (input: Uint8Array, more: object = {}) => {
  const verdict = await verifyEnrolment(input, { audience, nowMs, token, ...more });
  return verdict.ok ? 'ok' : verdict.reason;
};

test('an enrolment that all three keys signed is accepted and leads to a certificate', async () => {
  const verdict = await verifyEnrolment(bytes, { audience, nowMs, token });
  if (!verdict.ok) throw new Error(verdict.reason);
  expect(verdict.request).toMatchObject({
    nodeId,
    publicKeys: publicKeysOf(nodeKeys),
    dnsNames: ['localhost'],
  });
  const issued = await online.issueNodeCertificate(verdict.request);
  expect(verifyChain(issued.pem, { ...trust, host: 'localhost', requirePq: true })).toMatchObject({
    ok: true,
  });
});

test('the token is proven and not sent', () => {
  expect(Buffer.from(bytes).includes(Buffer.from(token))).toBe(false);
});

const envelope = record({
  v: s.literal(1),
  request: s.bytes({ max: 40_000 }),
  tokenProof: s.optional(s.bytes({ length: 32 })),
  signatures: s.record({
    ed25519: s.bytes({ length: 64 }),
    p256: s.bytes({ max: 72 }),
    mldsa65: s.bytes({ length: 3309 }),
  }),
});
const opened = decodeRecord(envelope, bytes);
if (!opened.ok) throw new Error(opened.reason);
const parts = opened.value;

describe('an enrolment is refused with its reason', () => {
  const swapped = (more: object) => encodeRecord(envelope, { ...parts, ...more } as typeof parts);
  const withSignature = (more: object) => swapped({ signatures: { ...parts.signatures, ...more } });
  test.each<[string, () => Uint8Array | Promise<Uint8Array>, object, string]>([
    ['for another mesh', () => bytes, { audience: 'SHA256:00' }, 'wrong-audience'],
    ['that is too old', () => bytes, { nowMs: nowMs + 300_001 }, 'stale'],
    ['from the future', () => bytes, { nowMs: nowMs - 300_001 }, 'stale'],
    ['with another token', () => bytes, { token: new Uint8Array(16) }, 'bad-token'],
    [
      'without the token',
      () => createEnrolment({ ...request, token: undefined } as never, ports),
      {},
      'token-missing',
    ],
    [
      'with a name that is none',
      () => createEnrolment({ ...request, dnsNames: ['*'] }, ports),
      {},
      'bad-name',
    ],
    [
      'with an address that is none',
      () => createEnrolment({ ...request, addresses: ['x'] }, ports),
      {},
      'bad-name',
    ],
    [
      'not signed by the identity',
      () => withSignature({ ed25519: new Uint8Array(64) }),
      {},
      'bad-ed25519-signature',
    ],
    ['not signed by P-256', () => withSignature({ p256: new Uint8Array(70) }), {}, 'bad-p256-signature'],
    [
      'not signed by ML-DSA',
      () => withSignature({ mldsa65: new Uint8Array(3309) }),
      {},
      'bad-ml-dsa-65-signature',
    ],
    ['with more in it', () => encodeCanonical({ ...parts, more: 1 }), {}, 'malformed'],
    ['with another version', () => encodeCanonical({ ...parts, v: 2 }), {}, 'malformed'],
    ['with a request that is none', () => swapped({ request: Uint8Array.of(1, 2, 3) }), {}, 'malformed'],
    ['that is empty', () => new Uint8Array(), {}, 'malformed'],
    ['of a megabyte', () => new Uint8Array(1 << 20), {}, 'malformed'],
  ])('%s', async (_title, make, more, reason) => {
    expect(await reasonOf(await make(), more)).toBe(reason);
  });

  test("that asks for a stranger's keys or under a stranger's NodeId", async () => {
    const stranger = await generateCertificateKeys(createSeededRandom(77));
    const theirs = {
      p256: nodeKeys.p256,
      mldsa65: { ...stranger.mldsa65, publicKey: nodeKeys.mldsa65.publicKey },
    };
    expect(await reasonOf(await createEnrolment({ ...request, keys: theirs }, ports))).toBe(
      'bad-ml-dsa-65-signature',
    );
    const other = {
      p256: { ...stranger.p256, publicKey: nodeKeys.p256.publicKey },
      mldsa65: nodeKeys.mldsa65,
    };
    expect(await reasonOf(await createEnrolment({ ...request, keys: other }, ports))).toBe(
      'bad-p256-signature',
    );
    const text = Buffer.from(parts.request).toString('latin1');
    const elsewhere = (await createHierarchy(6)).nodeId;
    const renamed = Buffer.from(text.replace(nodeId, elsewhere), 'latin1');
    expect(await reasonOf(swapped({ request: new Uint8Array(renamed) }), { token: undefined })).toBe(
      'node-id-mismatch',
    );
  });
});

test('no altered byte of an enrolment is accepted, and none makes it throw', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
      expect(await reasonOf(bytes.map((octet, i) => (i === at ? octet ^ mask : octet)))).not.toBe('ok');
    }),
    { numRuns: 300 },
  );
});

test('a request made at one moment is fresh for a clock that is a little off', async () => {
  const skewed = createManualClock(nowMs + 60_000);
  const ahead = await createEnrolment(request, { clock: skewed, random: ports.random });
  expect(await reasonOf(ahead)).toBe('ok');
  expect(await reasonOf(ahead, { maxAgeMs: 1000 })).toBe('stale');
});

test('a time or an age that is no number lets nothing in', async () => {
  for (const wrong of [{ nowMs: Number.NaN }, { nowMs: undefined as never }, { maxAgeMs: Number.NaN }]) {
    expect(await verifyEnrolment(bytes, { audience, nowMs, token, ...wrong })).toMatchObject({
      reason: 'stale',
    });
  }
});

test('a token that could be guessed is refused on both sides, as misuse', async () => {
  const misuse = { code: 'trustchain/bad-argument', failure: { argument: 'token' } };
  for (const short of [new Uint8Array(0), new Uint8Array(15), 'sixteen letters!' as never]) {
    await expect(verifyEnrolment(bytes, { audience, nowMs, token: short })).rejects.toMatchObject(misuse);
    await expect(createEnrolment({ ...request, token: short }, ports)).rejects.toMatchObject(misuse);
  }
});
