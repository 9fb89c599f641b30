import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { ascii, oid, sequence, setOf, tlv } from '../src/x509/der/writer.ts';
import { decodeCertificate, nameText, type VerifyChainOptions, verifyChain } from '../src/x509/index.ts';
import {
  alternativeKey,
  ca,
  dns,
  excluded,
  FORGED_TIME_MS,
  type ForgedKeyKind,
  forge,
  forgedName,
  forgeKey,
  permitted,
  san,
  serverAuth,
  uri,
} from './x509-forge.ts';

const rootKey = forgeKey();
const middleKey = forgeKey();
const leafKey = forgeKey();
const root = forge({
  subject: 'root',
  key: rootKey,
  issuer: 'root',
  issuerKey: rootKey,
  extensions: [ca()],
});
const issued = (subject: string | Uint8Array, ...extensions: readonly Uint8Array[]) =>
  forge({
    subject,
    key: leafKey,
    issuer: 'root',
    issuerKey: rootKey,
    extensions: [serverAuth, ...extensions],
  });
const options: VerifyChainOptions = { roots: [root], timeMs: FORGED_TIME_MS };
const outcome = (leaf: Uint8Array, more: Partial<VerifyChainOptions> = {}) => {
  const verdict = verifyChain(leaf, { ...options, ...more });
  return verdict.ok ? 'ok' : verdict.reason;
};
/** The same bytes as an array of another realm, such as a test runner's sandbox. */
const elsewhere = (bytes: Uint8Array): Uint8Array =>
  runInNewContext('new Uint8Array(list)', { list: [...bytes] }) as Uint8Array;
const emailName = (mailbox: string) =>
  sequence(setOf(sequence(oid('1.2.840.113549.1.9.1'), tlv(0x16, ascii(mailbox)))));
const reasonOf = (der: Uint8Array) => {
  const decoded = decodeCertificate(der);
  return decoded.ok ? 'ok' : decoded.reason;
};

test('a name with more combining marks in a row than text ever has is refused before it is normalized', () => {
  const marked = (count: number) => issued(`e${'\u0301\u0316'.repeat(count / 2)}`, san(dns('a.com')));
  expect(reasonOf(marked(30))).toBe('ok');
  expect(reasonOf(marked(32))).toBe('bad-name');
  // Ordering these would take a second.
  expect(reasonOf(marked(60_000))).toBe('bad-name');
  const within = san(dns('a.com'), tlv(0xa4, forgedName('\u0316\u0301'.repeat(30_000))));
  expect(reasonOf(issued('x', within))).toBe('bad-extension');
});

test('a name of more attributes than anybody has is refused', () => {
  const of = (count: number) => issued(forgedName(...Array(count).fill('x')), san(dns('a.com')));
  expect(reasonOf(of(256))).toBe('ok');
  expect(reasonOf(of(257))).toBe('too-large');
});

test('the text of a long name is cut after 200 letters', () => {
  for (const subject of [forgedName('x'.repeat(5000)), forgedName(...Array(200).fill('letters'))]) {
    const decoded = decodeCertificate(issued(subject, san(dns('a.com'))));
    expect(decoded.ok && nameText(decoded.certificate.subject)).toMatch(/^CN=.{197}…$/);
  }
});

test('names that differ compare as different, however long and of whatever kind', () => {
  const keyOf = (value: Uint8Array) => {
    const decoded = decodeCertificate(issued(forgedName(value), san(dns('a.com'))));
    return decoded.ok ? decoded.certificate.subject.key : '';
  };
  const latin = (end: string) => tlv(0x14, Buffer.from(`${'x'.repeat(1024)}${end}`));
  expect(keyOf(latin('a'))).not.toBe(keyOf(latin('b')));
  expect(keyOf(latin('a'))).toBe(keyOf(tlv(0x0c, Buffer.from(`${'X'.repeat(1024)}A`))));
  const octets = keyOf(tlv(0x04, Uint8Array.of(0xab)));
  for (const text of ['#4:ab', '4:ab']) expect(keyOf(tlv(0x0c, Buffer.from(text)))).not.toBe(octets);
});

test.each([
  ['one of the alternative names', 'a.b.example.com', 'ok'],
  ['a domain that one of them lies under', 'example.com', 'ok'],
  ['the end of one, but no domain', 'ple.com', 'bad-name'],
  ['a host beside them', 'c.example.com', 'bad-name'],
])('a common name that is %s', (_title, commonName, expected) => {
  expect(outcome(issued(commonName, san(dns('other.org'), dns('a.b.example.com'))))).toBe(expected);
});

test('a long address is met by thousands of constraints, and its host counts', () => {
  const middleWith = (...extensions: readonly Uint8Array[]) =>
    forge({
      subject: 'middle',
      key: middleKey,
      issuer: 'root',
      issuerKey: rootKey,
      extensions: [ca(), ...extensions],
    });
  const leafWith = (address: string) =>
    forge({
      subject: 'leaf',
      key: leafKey,
      issuer: 'middle',
      issuerKey: middleKey,
      extensions: [serverAuth, san(dns('a.com'), uri(address))],
    });
  const hosts = Array.from({ length: 3000 }, (_, i) => uri(`h${i}.example.com`));
  const judged = (address: string, extension: Uint8Array) =>
    outcome(leafWith(address), { intermediates: [middleWith(extension)] });
  const long = 'u'.repeat(100_000);
  expect(judged(`x://${long}@h2999.example.com:443/`, permitted(...hosts))).toBe('ok');
  expect(judged(`x://h3000.example.com/${long}`, permitted(...hosts))).toBe('name-constraints');
  expect(judged(`x://${long}@h2999.example.com/`, excluded(...hosts))).toBe('name-constraints');
  expect(judged(`x://h3000.example.com/${long}`, excluded(...hosts))).toBe('ok');
  expect(judged(`urn:${long}`, excluded(uri('example.com')))).toBe('name-constraints');
});

test('a subject with something like a mailbox does not slip past an excluded one', () => {
  const middle = forge({
    subject: 'middle',
    key: middleKey,
    issuer: 'root',
    issuerKey: rootKey,
    extensions: [ca(), excluded(tlv(0x81, Buffer.from('evil.com')))],
  });
  const leafOf = (mailbox: string) =>
    forge({
      subject: emailName(mailbox),
      key: leafKey,
      issuer: 'middle',
      issuerKey: middleKey,
      extensions: [serverAuth, san(dns('a.com'))],
    });
  for (const [mailbox, expected] of [
    ['me@good.com', 'ok'],
    ['me@evil.com', 'name-constraints'],
    ['me@evil.com ', 'name-constraints'],
    ['me@@evil.com', 'name-constraints'],
  ] as const) {
    expect(outcome(leafOf(mailbox), { intermediates: [middle] }), mailbox).toBe(expected);
  }
});

test.each<[ForgedKeyKind, 'ok' | 'absent']>([
  ['ml-dsa-44', 'ok'],
  ['ml-dsa-65', 'ok'],
  ['p256', 'absent'],
  ['ed25519', 'absent'],
])('an alternative signature by %s makes the path post-quantum: %s', (kind, expected) => {
  const second = forgeKey(kind);
  const anchor = forge({
    subject: 'root',
    key: rootKey,
    issuer: 'root',
    issuerKey: rootKey,
    extensions: [ca(), alternativeKey(second)],
  });
  const leaf = forge({
    subject: 'leaf',
    key: leafKey,
    issuer: 'root',
    issuerKey: rootKey,
    extensions: [serverAuth, san(dns('a.com'))],
    alternativeKey: second,
  });
  expect(verifyChain(leaf, { ...options, roots: [anchor] })).toMatchObject({ ok: true, pq: expected });
  const demanded = outcome(leaf, { roots: [anchor], requirePq: true });
  expect(demanded).toBe(expected === 'ok' ? 'ok' : 'pq-absent');
});

test('a switch that is misspelt refuses, and does not count as off', () => {
  const leaf = issued('leaf', san(dns('a.com')));
  expect(outcome(leaf)).toBe('ok');
  expect(outcome(leaf, { revocation: 'Required' as never })).toBe('bad-input');
  expect(outcome(leaf, { requirePq: 'yes' as never })).toBe('bad-input');
  expect(outcome(leaf, { profile: 'strict' as never })).toBe('bad-input');
  expect(outcome(leaf, { budget: { signatures: Number.NaN } })).toBe('budget-exhausted');
});

test('a decoded certificate stays as it was when the buffer that it came in is used again', () => {
  const buffer = Buffer.from(issued('leaf', san(dns('a.com'))));
  const decoded = decodeCertificate(buffer);
  buffer.fill(0);
  expect(decoded.ok && verifyChain(decoded.certificate, options).ok).toBe(true);
});

test('bytes of another realm are bytes', () => {
  const leaf = issued('leaf', san(dns('a.com')));
  const foreign = elsewhere(leaf);
  expect(foreign instanceof Uint8Array).toBe(false);
  expect(outcome(foreign, { roots: [elsewhere(root)] })).toBe('ok');
});
