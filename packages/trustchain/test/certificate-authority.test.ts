import { createHash } from 'node:crypto';
import { createSeededRandom } from '@hypermesh/core/testing';
import { describe, expect, test } from 'vitest';
import { buildCertificate } from '../src/ca/build.ts';
import {
  authorityKeyIdentifier,
  basicConstraints,
  distinguishedName,
  keyIdentifier,
  keyUsage,
  subjectKeyIdentifier,
} from '../src/ca/encode.ts';
import {
  createCertificateAuthority,
  generateCertificateKeys,
  openCertificateAuthority,
  publicKeysOf,
  renewAtMs,
  revocationReasons,
} from '../src/ca/index.ts';
import { suiteFor } from '../src/index.ts';
import {
  certificateKeys,
  decodeCertificate,
  decodeRevocationList,
  fingerprint,
  KeyUsage,
  nodeIn,
  nodeUri,
  type VerifyChainOptions,
  verifyChain,
} from '../src/x509/index.ts';
import { createHierarchy } from './authority-fixture.ts';

const HOUR_MS = 3_600_000;
const mesh = await createHierarchy(3);
const { clock, ports, root, online, node, nodeId, nodeKeys, trust } = mesh;
const outcome = (more: Partial<VerifyChainOptions> = {}, leaf = node.pem) => {
  const verdict = verifyChain(leaf, { ...trust, ...more });
  return verdict.ok ? `ok, pq ${verdict.pq}` : verdict.reason;
};
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'resolved',
    (error: { code?: string }) => error.code,
  );

test('a node certificate chains to its root by both signatures, for its host, address and NodeId', () => {
  for (const purpose of ['serverAuth', 'clientAuth']) {
    for (const host of ['localhost', '::1', '[::1]']) {
      expect(outcome({ purpose, host, requirePq: true })).toBe('ok, pq ok');
    }
  }
  expect(outcome({ uri: nodeUri('hypermesh.online', nodeId) })).toBe('ok, pq ok');
  expect(outcome({ host: 'example.com' })).toBe('name-mismatch');
  expect(outcome({ purpose: 'codeSigning' })).toBe('wrong-purpose');
  expect(outcome({ profile: 'webpki', requirePq: true })).toBe('ok, pq ok');
  expect(outcome({ profile: 'rfc5280', requirePq: true })).toBe('ok, pq ok');
});

test('a leaf chains to its root; revoked, misnamed, beyond a path length or a constraint it is refused [trustchain-01]', async () => {
  expect(outcome({ host: 'localhost', purpose: 'client' })).toBe('ok, pq ok');
  expect(outcome({ host: 'other.example' })).toBe('name-mismatch');
  const revoked = [{ serial: node.certificate.serial, atMs: clock.nowMs() }];
  expect(outcome({ crls: [(await online.issueRevocationList({ number: 1n, revoked })).pem] })).toBe(
    'revoked',
  );
  expect(outcome({ maxDepth: 0 })).toBe('path-too-long');
  const elsewhere = { chain: online.chainPem, keys: mesh.onlineKeys, trustDomain: 'elsewhere.example' };
  const stranger = await openCertificateAuthority(elsewhere, ports);
  const outside = await stranger.issueNodeCertificate({ nodeId, publicKeys: publicKeysOf(nodeKeys) });
  expect(outcome({}, outside.pem)).toBe('name-constraints');
  // An intermediate that passes over its own path length of 0: its certificate says so to every validator.
  const subKeys = await generateCertificateKeys(createSeededRandom(11));
  const deeper = await buildCertificate(
    {
      serial: Uint8Array.of(1),
      issuer: online.certificate.subject.der,
      subject: distinguishedName({ commonName: 'Deeper' }),
      notBeforeMs: clock.nowMs(),
      notAfterMs: clock.nowMs() + HOUR_MS,
      publicKeys: publicKeysOf(subKeys),
      extensions: [
        basicConstraints(true),
        keyUsage(KeyUsage.keyCertSign),
        subjectKeyIdentifier(keyIdentifier(subKeys.p256.publicKey)),
        authorityKeyIdentifier(online.certificate.subjectKeyId as Uint8Array),
      ],
    },
    mesh.onlineKeys,
  );
  const sub = await openCertificateAuthority({ chain: [deeper, ...online.chainPem], keys: subKeys }, ports);
  const leaf = await sub.issueNodeCertificate({ nodeId, publicKeys: publicKeysOf(nodeKeys) });
  expect(outcome({ intermediates: leaf.chainPem.slice(1) }, leaf.pem)).toBe('path-too-long');
});

test('a certificate says whose it is and holds the keys it was issued for', () => {
  expect(nodeIn(node.certificate)).toEqual({ nodeId, trustDomain: 'hypermesh.online' });
  expect(nodeIn(root.certificate)).toBeUndefined();
  expect(certificateKeys(node.certificate)).toEqual(publicKeysOf(nodeKeys));
  expect(fingerprint(root.certificate)).toBe(
    `SHA256:${createHash('sha256').update(root.certificate.der).digest('hex')}`,
  );
  expect(online.rootFingerprint).toBe(root.rootFingerprint);
  expect(node.chainPem).toEqual([node.pem, online.chainPem[0]]);
  expect(node.certificate.keyUsage).toBe(KeyUsage.digitalSignature);
});

test('serial numbers are 127 random bits and never come twice', async () => {
  const serials = new Set<string>();
  for (let i = 0; i < 20; i++) {
    const { certificate } = await online.issueNodeCertificate({ nodeId, publicKeys: publicKeysOf(nodeKeys) });
    expect(certificate.serial).toHaveLength(16);
    expect((certificate.serial[0] as number) & 0xc0).toBe(0x40);
    serials.add(Buffer.from(certificate.serial).toString('hex'));
  }
  expect(serials.size).toBe(20);
});

test('a leaf lives 24 hours, is due at 18 and never outlives its issuer', async () => {
  const { notBeforeMs, notAfterMs } = node.certificate;
  expect(notAfterMs - clock.nowMs()).toBe(24 * HOUR_MS);
  expect(clock.nowMs() - notBeforeMs).toBe(300_000);
  expect(Math.abs(renewAtMs(node.certificate) - (notAfterMs - 6 * HOUR_MS))).toBeLessThan(120_000);
  expect(outcome({ timeMs: notAfterMs })).toBe('ok, pq ok');
  expect(outcome({ timeMs: notAfterMs + 1000 })).toBe('expired');
  expect(outcome({ timeMs: notBeforeMs - 1000 })).toBe('not-yet-valid');
  const late = await createHierarchy(4);
  late.clock.advance(90 * 24 * HOUR_MS - HOUR_MS);
  const request = { nodeId, publicKeys: publicKeysOf(nodeKeys) };
  const last = await late.online.issueNodeCertificate(request);
  expect(last.certificate.notAfterMs).toBe(late.online.certificate.notAfterMs);
  late.clock.advance(2 * HOUR_MS);
  expect(await codeOf(late.online.issueNodeCertificate(request))).toBe('trustchain/bad-argument');
});

test('an intermediate signs nodes and no further authority, and only in its trust domain', async () => {
  expect(
    await codeOf(online.issueIntermediate({ commonName: 'deeper', publicKeys: publicKeysOf(nodeKeys) })),
  ).toBe('trustchain/bad-argument');
  const stranger = await openCertificateAuthority(
    {
      chain: [online.chainPem[0] as string, root.rootPem],
      keys: mesh.onlineKeys,
      trustDomain: 'elsewhere.example',
    },
    ports,
  );
  const issued = await stranger.issueNodeCertificate({ nodeId, publicKeys: publicKeysOf(nodeKeys) });
  expect(outcome({}, issued.pem)).toBe('name-constraints');
});

test('permitted domains bind what an intermediate may name', async () => {
  const issued = await root.issueIntermediate({
    commonName: 'Bound',
    publicKeys: publicKeysOf(mesh.onlineKeys),
    permittedDomains: ['mesh.example'],
  });
  const bound = await openCertificateAuthority(
    { chain: [issued.pem, root.rootPem], keys: mesh.onlineKeys },
    ports,
  );
  for (const [name, expected] of [
    ['a.mesh.example', 'ok, pq ok'],
    ['a.other.example', 'name-constraints'],
  ] as const) {
    const leaf = await bound.issueNodeCertificate({
      nodeId,
      publicKeys: publicKeysOf(nodeKeys),
      dnsNames: [name],
    });
    expect(outcome({ intermediates: leaf.chainPem.slice(1), host: name }, leaf.pem)).toBe(expected);
  }
});

describe('the alternative signature', () => {
  /** Children of a constructed element, as slices, by a reader that shares nothing with the package. */
  function children(der: Buffer): Buffer[] {
    const read = (at: number): [from: number, length: number] => {
      const first = der.readUInt8(at + 1);
      return first < 0x80 ? [at + 2, first] : [at + 2 + (first & 0x7f), der.readUIntBE(at + 2, first & 0x7f)];
    };
    const [from, length] = read(0);
    const items: Buffer[] = [];
    for (let at = from; at < from + length; ) {
      const [inner, size] = read(at);
      items.push(der.subarray(at, inner + size));
      at = inner + size;
    }
    return items;
  }
  const wrap = (tag: number, content: Buffer): Buffer =>
    Buffer.concat([Buffer.of(tag, 0x82, content.length >> 8, content.length & 0xff), content]);

  test('is made over the certificate without its signature field and its own value', async () => {
    const fields = children(children(Buffer.from(node.certificate.der))[0] as Buffer);
    const extensions = children(children(fields.at(-1) as Buffer)[0] as Buffer);
    const value = Buffer.from('0603551d4a', 'hex');
    const kept = extensions.filter((one) => !one.includes(value));
    expect(extensions.length - kept.length).toBe(1);
    const message = wrap(
      0x30,
      Buffer.concat([
        ...fields.filter((_, i) => i !== 2).slice(0, -1),
        wrap(0xa3, wrap(0x30, Buffer.concat(kept))),
      ]),
    );
    const bits = children(children(extensions.find((one) => one.includes(value)) as Buffer).at(-1) as Buffer);
    const signature = (bits[0] as Buffer).subarray(-3309);
    const issuerKey = mesh.onlineKeys.mldsa65.publicKey;
    for (const backend of ['native', 'noble'] as const) {
      expect(await suiteFor('ml-dsa-65', { backend }).verify(signature, message, issuerKey)).toBe(true);
    }
  });

  test('by another key is told from a good and from an absent one', async () => {
    const otherKeys = await generateCertificateKeys(createSeededRandom(99));
    const mixed = { p256: mesh.onlineKeys.p256, mldsa65: otherKeys.mldsa65 };
    const issued = await root.issueIntermediate({ commonName: 'Mixed', publicKeys: publicKeysOf(mixed) });
    const forged = await root.issueIntermediate({
      commonName: 'Mixed',
      publicKeys: { p256: mixed.p256.publicKey, mldsa65: mesh.onlineKeys.mldsa65.publicKey },
    });
    const authority = await openCertificateAuthority(
      { chain: [issued.pem, root.rootPem], keys: mixed },
      ports,
    );
    const leaf = await authority.issueNodeCertificate({ nodeId, publicKeys: publicKeysOf(nodeKeys) });
    expect(outcome({ intermediates: [issued.pem] }, leaf.pem)).toBe('ok, pq ok');
    expect(outcome({ intermediates: [forged.pem] }, leaf.pem)).toBe('ok, pq bad');
    expect(outcome({ intermediates: [forged.pem], requirePq: true }, leaf.pem)).toBe('pq-bad');
    expect(outcome({ intermediates: [forged.pem, issued.pem], requirePq: true }, leaf.pem)).toBe('ok, pq ok');
  });
});

describe('revocation lists', () => {
  const list = async (number: bigint, more: object = {}) =>
    online.issueRevocationList({ number, revoked: [], ...more });

  test('cover the certificates of their issuer and refuse those that they name', async () => {
    const ofRoot = await root.issueRevocationList({ number: 1n, revoked: [] });
    const clean = await list(1n);
    const serial = Buffer.from(node.certificate.serial).toString('hex');
    const naming = await list(2n, { revoked: [{ serial, atMs: clock.nowMs(), reason: 'keyCompromise' }] });
    expect(outcome({ crls: [clean.pem] })).toBe('ok, pq ok');
    expect(outcome({ crls: [clean.der], revocation: 'required' })).toBe('no-crl');
    expect(outcome({ crls: [clean.der, ofRoot.pem], revocation: 'required' })).toBe('ok, pq ok');
    expect(outcome({ crls: [clean.pem, naming.pem] })).toBe('revoked');
    const decoded = decodeRevocationList(naming.pem);
    expect(decoded.ok && [...decoded.list.revoked]).toMatchObject([
      [serial, { atMs: clock.nowMs(), reason: revocationReasons.keyCompromise, isUnclear: false }],
    ]);
    const empty = decodeRevocationList(clean.pem + naming.pem);
    expect(empty.ok && empty.list.revoked.size).toBe(0);
    expect(outcome({ crls: [clean.pem + naming.pem] })).toBe('revoked');
  });

  test('that are old, altered or signed by another are not believed', async () => {
    const fresh = await list(3n);
    expect(outcome({ crls: [fresh.pem], timeMs: clock.nowMs() + 25 * HOUR_MS })).toBe('expired');
    const short = await list(4n, { lifetimeMs: HOUR_MS });
    expect(outcome({ crls: [short.pem], timeMs: clock.nowMs() + 2 * HOUR_MS })).toBe('bad-crl');
    expect(outcome({ crls: [fresh.pem], timeMs: clock.nowMs() - 60_000 })).toBe('bad-crl');
    for (let at = 0; at < fresh.der.length; at++) {
      const altered = fresh.der.map((octet, i) => (i === at ? octet ^ 4 : octet));
      const result = outcome({ crls: [altered], revocation: 'required' });
      expect(['bad-crl', 'no-crl'], `byte ${at}`).toContain(result);
    }
  });
});

test('a list of tens of thousands of entries is made and read', async () => {
  const atMs = clock.nowMs();
  const entry = (i: number) => ({ serial: Uint8Array.of(1, i >> 16, (i >> 8) & 0xff, i & 0xff), atMs });
  const revoked = [
    ...Array.from({ length: 50_000 }, (_, i) => entry(i)),
    { serial: node.certificate.serial, atMs },
  ];
  const { pem } = await online.issueRevocationList({ number: 9n, revoked });
  expect(outcome({ crls: [pem] })).toBe('revoked');
  const decoded = decodeRevocationList(pem);
  expect(decoded.ok && decoded.list.revoked.size).toBe(50_001);
});

test('an authority opens again from its chain and keys, and not with those of another', async () => {
  const again = await openCertificateAuthority({ chain: [root.rootPem], keys: mesh.rootKeys }, ports);
  expect(again.certificate.der).toEqual(root.certificate.der);
  for (const options of [
    { chain: [root.rootPem], keys: mesh.onlineKeys },
    { chain: [root.rootPem], keys: { p256: mesh.rootKeys.p256, mldsa65: mesh.onlineKeys.mldsa65 } },
    { chain: [node.pem], keys: nodeKeys },
    { chain: [], keys: nodeKeys },
    { chain: ['no certificate'], keys: nodeKeys },
  ]) {
    expect(await codeOf(openCertificateAuthority(options, ports))).toBe('trustchain/bad-argument');
  }
});

test('what nobody should certify is refused by the authority', async () => {
  const publicKeys = publicKeysOf(nodeKeys);
  const requests: readonly Parameters<typeof online.issueNodeCertificate>[0][] = [
    { nodeId: 'nobody' as typeof nodeId, publicKeys },
    { nodeId, publicKeys, dnsNames: ['*.example.com'] },
    { nodeId, publicKeys, dnsNames: ['not a name'] },
    { nodeId, publicKeys, addresses: ['localhost'] },
    { nodeId, publicKeys, lifetimeMs: 8 * 24 * HOUR_MS },
    { nodeId, publicKeys, lifetimeMs: 0 },
    { nodeId, publicKeys: { ...publicKeys, p256: new Uint8Array(33) } },
    { nodeId, publicKeys: { ...publicKeys, mldsa65: new Uint8Array(33) } },
    { nodeId, publicKeys: { ...publicKeys, p256: 'a'.repeat(65) as never } },
    { nodeId, publicKeys: undefined as never },
    { nodeId, publicKeys, dnsNames: [5 as never] },
  ];
  for (const request of requests) {
    expect(await codeOf(online.issueNodeCertificate(request))).toBe('trustchain/bad-argument');
  }
  const keys = nodeKeys;
  expect(await codeOf(createCertificateAuthority({ commonName: '', keys }, ports))).toBe(
    'trustchain/bad-argument',
  );
  expect(
    await codeOf(createCertificateAuthority({ commonName: 'x', trustDomain: 'no domain', keys }, ports)),
  ).toBe('trustchain/bad-argument');
});

test('no root is made with a name or a life that cannot be written', async () => {
  const keys = nodeKeys;
  for (const wrong of [
    { commonName: undefined as never },
    { commonName: '\ud800' },
    { lifetimeMs: 1e300 },
    { lifetimeMs: Number.NaN },
    { lifetimeMs: 9000 * 365 * 24 * HOUR_MS },
  ]) {
    const making = createCertificateAuthority({ commonName: 'x', keys, ...wrong }, ports);
    expect(await codeOf(making)).toBe('trustchain/bad-argument');
  }
});

test.each<[string, object]>([
  ['a time that is none', { revoked: [{ serial: '01', atMs: Number.NaN }] }],
  ['a time beyond the year 9999', { revoked: [{ serial: '01', atMs: 1e15 }] }],
  ['a serial number of no octets', { revoked: [{ serial: '', atMs: 0 }] }],
  ['a serial number of a hundred octets', { revoked: [{ serial: new Uint8Array(100), atMs: 0 }] }],
  ['a serial number that is no hex', { revoked: [{ serial: 'xyz', atMs: 0 }] }],
  ['a reason that does not exist', { revoked: [{ serial: '01', atMs: 0, reason: 'boredom' }] }],
  ['an end before its beginning', { lifetimeMs: -5 }],
  ['a number that is no bigint', { number: 1 }],
  ['no list of what is revoked', { revoked: undefined }],
])('no revocation list is signed with %s: it would refuse every certificate', async (_, wrong) => {
  const signing = online.issueRevocationList({ number: 1n, revoked: [], ...wrong });
  expect(await codeOf(signing)).toBe('trustchain/bad-argument');
});

test('the certificates of a seed are the same each time, but for the signatures', async () => {
  const again = await createHierarchy(3);
  const decoded = decodeCertificate(again.node.pem);
  expect(decoded.ok && decoded.certificate.serial).toEqual(node.certificate.serial);
  expect(decoded.ok && decoded.certificate.publicKey.der).toEqual(node.certificate.publicKey.der);
});
