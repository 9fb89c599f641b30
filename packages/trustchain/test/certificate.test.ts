import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { integer, oid, sequence, tlv } from '../src/x509/der/writer.ts';
import { decodeCertificate, decodeRevocationList, nameText, toPem, verifyChain } from '../src/x509/index.ts';
import { createHierarchy } from './authority-fixture.ts';
import { ca, dns, extension, forge, forgeKey, san } from './x509-forge.ts';

const { node, trust, root } = await createHierarchy(2);
const key = forgeKey();
const sample = (...extensions: readonly Uint8Array[]) =>
  forge({ subject: 'sample', key, issuer: 'sample', issuerKey: key, extensions });
const reasonOf = (bytes: Uint8Array | string) => {
  const decoded = decodeCertificate(bytes);
  return decoded.ok ? 'ok' : decoded.reason;
};

test('a certificate is read alike from PEM, from PEM with text around it, and from DER', () => {
  const { der } = node.certificate;
  for (const source of [
    der,
    toPem(der),
    `a comment\n${toPem(der)}more`,
    toPem(der).replaceAll('\n', '\r\n'),
  ]) {
    const decoded = decodeCertificate(source);
    expect(decoded.ok && [decoded.certificate.der, nameText(decoded.certificate.subject)]).toEqual([
      der,
      nameText(node.certificate.subject),
    ]);
  }
});

test('the fields are those that another decoder finds', async () => {
  const { X509Certificate } = await import('node:crypto');
  for (const certificate of [node.certificate, root.certificate]) {
    const other = new X509Certificate(certificate.der);
    expect(Buffer.from(certificate.serial).toString('hex').toUpperCase()).toBe(other.serialNumber);
    expect(certificate.notAfterMs).toBe(Date.parse(other.validTo));
    expect(certificate.notBeforeMs).toBe(Date.parse(other.validFrom));
    expect(certificate.publicKey.der).toEqual(
      new Uint8Array(other.publicKey.export({ format: 'der', type: 'spki' })),
    );
  }
});

describe('malformed certificates are refused with their reason', () => {
  const good = sample(san(dns('example.com')));
  const at = (offset: number, octet: number) => good.map((old, i) => (i === offset ? octet : old));
  const tbsWith = (...fields: readonly Uint8Array[]) =>
    sequence(sequence(...fields), sequence(oid('1.2.840.10045.4.3.2')), tlv(3, Uint8Array.of(0, 0)));
  const nested = (depth: number) => {
    let inner: Uint8Array = new Uint8Array();
    for (let i = 0; i < depth; i++) inner = tlv(0x30, inner);
    return inner;
  };
  const twice = san(dns('example.com'));
  test.each<[string, Uint8Array | string, string]>([
    ['nothing at all', new Uint8Array(), 'der-truncated'],
    ['text that is no PEM', 'hello', 'not-pem'],
    ['another kind of PEM block', toPem(good, 'PRIVATE KEY'), 'not-pem'],
    ['PEM that is not base64', '-----BEGIN CERTIFICATE-----\nAA*A\n-----END CERTIFICATE-----', 'not-pem'],
    ['a cut certificate', good.subarray(0, good.length - 1), 'der-truncated'],
    ['bytes after the end', Uint8Array.of(...good, 0), 'der-trailing'],
    ['an indefinite length', at(1, 0x80), 'der-length'],
    ['a length of 127 octets', at(1, 0xff), 'der-length'],
    ['a length of 4 GiB', Uint8Array.of(0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0), 'der-truncated'],
    ['a length that is not the shortest', Uint8Array.of(0x30, 0x81, 0x01, 0), 'der-length'],
    ['a length with leading zeros', Uint8Array.of(0x30, 0x82, 0x00, 0x81), 'der-length'],
    ['a tag of several octets', Uint8Array.of(0x3f, 0x81, 0x01, 0), 'der-tag'],
    ['a set in the place of the sequence', at(0, 0x31), 'der-tag'],
    ['twenty-five thousand nested sequences', nested(25_000), 'der-truncated'],
    ['more than 128 KiB', new Uint8Array(128 * 1024 + 1), 'too-large'],
    ['a version that does not exist', tbsWith(tlv(0xa0, integer(3))), 'der-value'],
    ['the default version written out', tbsWith(tlv(0xa0, integer(0))), 'der-value'],
    ['a serial number not in its shortest form', tbsWith(tlv(2, Uint8Array.of(0, 1))), 'der-value'],
    ['an empty serial number', tbsWith(tlv(2)), 'der-value'],
    ['an extension that comes twice', sample(twice, twice), 'duplicate-extension'],
    ['an empty extended key usage', sample(extension('2.5.29.37', false, sequence())), 'bad-extension'],
    ['an empty list of names', sample(san()), 'bad-extension'],
    ['a name that is not ASCII', sample(san(tlv(0x82, Uint8Array.of(0xc3, 0xa4)))), 'bad-extension'],
    [
      'key usage without a bit',
      sample(extension('2.5.29.15', true, tlv(3, Uint8Array.of(0)))),
      'bad-extension',
    ],
    [
      'key usage with closing zeros',
      sample(extension('2.5.29.15', true, tlv(3, Uint8Array.of(0, 0x80)))),
      'bad-extension',
    ],
    ['a path length without cA', sample(extension('2.5.29.19', true, sequence(integer(1)))), 'bad-extension'],
    [
      'cA written as false',
      sample(extension('2.5.29.19', true, sequence(tlv(1, Uint8Array.of(0))))),
      'bad-extension',
    ],
    [
      'a boolean of 01',
      sample(extension('2.5.29.19', true, sequence(tlv(1, Uint8Array.of(1))))),
      'bad-extension',
    ],
    [
      'trailing bytes in an extension',
      sample(extension('2.5.29.14', false, tlv(4, tlv(4)).slice(0, 3))),
      'duplicate-extension',
    ],
    [
      'criticality written as false',
      sample(sequence(oid('2.5.29.9'), tlv(1, Uint8Array.of(0)), tlv(4))),
      'der-value',
    ],
  ])('%s', (_title, bytes, reason) => {
    expect(reasonOf(bytes)).toBe(reason);
  });
});

test('both signature algorithms must be alike', () => {
  const good = sample(ca());
  const algorithm = Buffer.from(sequence(oid('1.2.840.10045.4.3.2')));
  const outer = Buffer.from(good).lastIndexOf(algorithm);
  const altered = good.map((octet, i) => (i === outer + algorithm.length - 1 ? 3 : octet));
  expect(reasonOf(altered)).toBe('signature-algorithm-mismatch');
});

test('times outside the calendar, with a fraction or in the wrong form are refused', () => {
  const good = Buffer.from(sample(ca()));
  const found = good.indexOf('300101000000Z');
  for (const text of [
    '301301000000Z',
    '300230000000Z',
    '300101240000Z',
    '300101006000Z',
    '3001010000.0Z',
    '30010100000aZ',
  ]) {
    const altered = new Uint8Array(good);
    altered.set(Buffer.from(text), found);
    expect(reasonOf(altered), text).toBe('bad-time');
  }
});

test('any flipped byte of any certificate of a chain never throws and never verifies', () => {
  const sources = [node.certificate.der, trust.intermediates[0], root.certificate.der] as const;
  const [leaf, intermediate, anchor] = sources.map((source) => {
    const decoded = decodeCertificate(source as string);
    if (!decoded.ok) throw new Error(decoded.detail);
    return decoded.certificate.der;
  }) as [Uint8Array, Uint8Array, Uint8Array];
  const options = { timeMs: trust.timeMs, host: 'localhost' };
  expect(verifyChain(leaf, { ...options, roots: [anchor], intermediates: [intermediate] }).ok).toBe(true);
  const flip = (der: Uint8Array, at: number, bit: number) =>
    der.map((octet, i) => (i === at ? octet ^ (1 << bit) : octet));
  fc.assert(
    fc.property(
      fc.constantFrom<0 | 1 | 2>(0, 1, 2),
      fc.nat(),
      fc.integer({ min: 0, max: 7 }),
      (which, place, bit) => {
        const chain = [leaf, intermediate, anchor] as [Uint8Array, Uint8Array, Uint8Array];
        chain[which] = flip(chain[which], place % chain[which].length, bit);
        const verdict = verifyChain(chain[0], { ...options, roots: [chain[2]], intermediates: [chain[1]] });
        expect(verdict.ok).toBe(false);
      },
    ),
    { numRuns: 600 },
  );
});

test('garbage, and garbage within a certificate, is refused and never throws', () => {
  const base = sample(san(dns('example.com')), ca());
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(base.length - 1), (garbage, at) => {
      const spliced = Uint8Array.of(
        ...base.subarray(0, at),
        ...garbage,
        ...base.subarray(at + garbage.length),
      );
      for (const bytes of [garbage, spliced]) {
        expect(typeof decodeCertificate(bytes).ok).toBe('boolean');
        expect(typeof decodeRevocationList(bytes).ok).toBe('boolean');
        expect(verifyChain(bytes, { roots: [root.rootPem, bytes], crls: [bytes] }).ok).toBe(false);
      }
      expect(decodeCertificate(Buffer.from(garbage).toString('latin1')).ok).toBe(false);
    }),
    { numRuns: 500 },
  );
});

test('what is not even the right kind of value is refused as bad input', () => {
  const odd = [undefined, null, 1, {}, [], Symbol('x'), () => 1] as unknown as string[];
  for (const value of odd) {
    expect(verifyChain(value as string, { roots: [root.rootPem] })).toMatchObject({ ok: false });
    expect(verifyChain(node.pem, { roots: [value as string] })).toMatchObject({ ok: false });
    expect(verifyChain(node.pem, { roots: value as unknown as string[] })).toMatchObject({ ok: false });
  }
  expect(verifyChain(node.pem, undefined as unknown as { roots: [] })).toMatchObject({
    ok: false,
    reason: 'bad-input',
  });
});
