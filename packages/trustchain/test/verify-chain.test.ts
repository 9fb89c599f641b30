import { describe, expect, test } from 'vitest';
import { integer, oid, sequence, tlv } from '../src/x509/der/writer.ts';
import { decodeCertificate, toPem, type VerifyChainOptions, verifyChain } from '../src/x509/index.ts';
import {
  ca,
  dns,
  excluded,
  extension,
  FORGED_TIME_MS,
  forge,
  forgedKeyKinds,
  forgeKey,
  permitted,
  san,
  serverAuth,
  uri,
} from './x509-forge.ts';

const rootKey = forgeKey();
const middleKey = forgeKey();
const leafKey = forgeKey();
const rootWith = (...extensions: readonly Uint8Array[]) =>
  forge({
    subject: 'root',
    key: rootKey,
    issuer: 'root',
    issuerKey: rootKey,
    extensions: [ca(), ...extensions],
  });
const middleWith = (...extensions: readonly Uint8Array[]) =>
  forge({
    subject: 'middle',
    key: middleKey,
    issuer: 'root',
    issuerKey: rootKey,
    extensions: [ca(0), ...extensions],
  });
const leafWith = (...extensions: readonly Uint8Array[]) =>
  forge({ subject: 'leaf', key: leafKey, issuer: 'middle', issuerKey: middleKey, extensions });
const root = rootWith();
const middle = middleWith();
const names = san(
  dns('example.com'),
  dns('*.wild.example'),
  tlv(0x87, Uint8Array.of(192, 0, 2, 1)),
  tlv(0x81, Buffer.from('Me@Example.com')),
  uri('spiffe://mesh.example/node/x'),
);
const leaf = leafWith(serverAuth, names);
const options: VerifyChainOptions = { roots: [root], intermediates: [middle], timeMs: FORGED_TIME_MS };
const outcome = (der: Uint8Array | string, more: Partial<VerifyChainOptions> = {}) => {
  const verdict = verifyChain(der, { ...options, ...more });
  return verdict.ok ? 'ok' : verdict.reason;
};

test('a chain is found through pools in any order, form and company', () => {
  const verdict = verifyChain(toPem(leaf), {
    ...options,
    roots: [toPem(rootWith(ca())), toPem(middle) + toPem(root)],
    intermediates: [leaf, Uint8Array.of(1, 2, 3), 'no certificate', toPem(leaf) + toPem(middle), middle],
  });
  expect(verdict.ok && verdict.chain.map(({ der }) => der)).toEqual([leaf, middle]);
  const decoded = decodeCertificate(middle);
  expect(outcome(leaf, { intermediates: decoded.ok ? [decoded.certificate] : [] })).toBe('ok');
});

test.each<[string, Partial<VerifyChainOptions>, string]>([
  ['the host itself', { host: 'example.com' }, 'ok'],
  ['in another letter case, with a closing dot', { host: 'EXAMPLE.com.' }, 'ok'],
  ['one label in the place of the star', { host: 'a.wild.example' }, 'ok'],
  ['another host', { host: 'example.org' }, 'name-mismatch'],
  ['a host under it', { host: 'www.example.com' }, 'name-mismatch'],
  ['its address', { host: '192.0.2.1' }, 'ok'],
  ['another address', { host: '192.0.2.2' }, 'name-mismatch'],
  ['an IPv6 address', { host: '[::ffff:192.0.2.1]' }, 'name-mismatch'],
  ['no host at all', { host: 'not a host' }, 'bad-input'],
  ['a host of 300 characters', { host: 'a.'.repeat(150) }, 'bad-input'],
  ['its mailbox', { email: 'Me@example.COM' }, 'ok'],
  ['a mailbox in another letter case', { email: 'me@example.com' }, 'name-mismatch'],
  ['one mailbox of two', { email: ['Me@example.com', 'you@example.com'] }, 'name-mismatch'],
  ['its URI', { uri: 'spiffe://mesh.example/node/x' }, 'ok'],
  ['another URI', { uri: 'spiffe://mesh.example/node/y' }, 'name-mismatch'],
  ['as a server', { purpose: 'server' }, 'ok'],
  [
    'as a server, spelled in other ways',
    { purpose: ['SERVER', 'server-auth', 'tls-server', '1.3.6.1.5.5.7.3.1'] },
    'ok',
  ],
  ['as a client', { purpose: 'clientAuth' }, 'wrong-purpose'],
  ['as both', { purpose: ['server', 'client'] }, 'wrong-purpose'],
  ['for anything', { purpose: 'any' }, 'ok'],
  ['for something unknown', { purpose: 'toString' }, 'bad-input'],
  ['before its time', { timeMs: Date.UTC(2019, 0) }, 'not-yet-valid'],
  ['after its time', { timeMs: Date.UTC(2031, 0) }, 'expired'],
  ['in its last second', { timeMs: Date.UTC(2030, 0) + 999 }, 'ok'],
  ['at no time', { timeMs: Number.NaN }, 'bad-input'],
  ['without intermediates', { intermediates: [] }, 'unknown-issuer'],
  ['without roots', { roots: [] }, 'unknown-issuer'],
  ['with no intermediate allowed', { maxDepth: 0 }, 'path-too-long'],
  ['with a negative depth', { maxDepth: -1 }, 'bad-input'],
  ['with post-quantum signatures required', { requirePq: true }, 'pq-absent'],
  ['with revocation lists required', { revocation: 'required' }, 'no-crl'],
  ['with a revocation list that cannot be read', { crls: ['nothing'] }, 'bad-crl'],
  ['under a policy', { policies: ['1.2.3'] }, 'policy'],
  ['with no work allowed', { budget: { signatures: 0 } }, 'budget-exhausted'],
  ['with few certificates allowed', { budget: { certificates: 1 } }, 'budget-exhausted'],
  ['with few bytes allowed', { budget: { bytes: 10 } }, 'budget-exhausted'],
])('asked for %s', (_title, more, expected) => {
  expect(outcome(leaf, more)).toBe(expected);
});

test('a wildcard stands for one label, and not beneath a public suffix', () => {
  const of = (...patterns: readonly string[]) => leafWith(serverAuth, san(...patterns.map(dns)));
  expect(outcome(of('*.mesh.example.com'), { host: 'a.mesh.example.com' })).toBe('ok');
  expect(outcome(of('*.mesh.example.com'), { host: 'a.b.mesh.example.com' })).toBe('name-mismatch');
  expect(outcome(of('*.mesh.example.com'), { host: 'mesh.example.com' })).toBe('name-mismatch');
  expect(outcome(of('*.com'), { host: 'example.com' })).toBe('name-mismatch');
  expect(outcome(of('*.co.uk'), { host: 'example.co.uk' })).toBe('name-mismatch');
  for (const bad of [
    '*',
    'a*.example.com',
    'a.*.example.com',
    '*.*.example.com',
    '.example.com',
    'a..b',
    '1.2.3.4',
  ]) {
    expect(outcome(of(bad), {}), bad).toBe('bad-name');
  }
});

test('no path is found by name alone: each signature counts', () => {
  const stranger = forge({
    subject: 'middle',
    key: leafKey,
    issuer: 'root',
    issuerKey: leafKey,
    extensions: [ca()],
  });
  expect(outcome(leaf, { intermediates: [stranger] })).toBe('bad-signature');
  expect(outcome(leaf, { intermediates: [stranger, middle] })).toBe('ok');
});

test('a certificate that is no CA issues nothing', () => {
  const noCa = forge({
    subject: 'middle',
    key: middleKey,
    issuer: 'root',
    issuerKey: rootKey,
    extensions: [],
  });
  expect(outcome(leaf, { intermediates: [noCa] })).toBe('not-a-ca');
  const mayNotSign = middleWith(extension('2.5.29.15', true, tlv(3, Uint8Array.of(7, 0x80))));
  expect(outcome(leaf, { intermediates: [mayNotSign] })).toBe('bad-key-usage');
  expect(outcome(leaf, { intermediates: [middleWith(extension('1.2.3', true, sequence()))] })).toBe(
    'unknown-critical-extension',
  );
  expect(outcome(leaf, { intermediates: [middleWith(extension('1.2.3', false, sequence()))] })).toBe('ok');
});

test.each(forgedKeyKinds)(
  'a chain of %s keys is verified, and refused when its signature is altered',
  (kind) => {
    const [anchorKey, key] = [forgeKey(kind), forgeKey(kind)];
    const anchor = forge({
      subject: 'a',
      key: anchorKey,
      issuer: 'a',
      issuerKey: anchorKey,
      extensions: [ca()],
    });
    const der = forge({
      subject: 'b',
      key,
      issuer: 'a',
      issuerKey: anchorKey,
      extensions: [serverAuth, names],
    });
    expect(outcome(der, { roots: [anchor] })).toBe('ok');
    const altered = der.map((octet, i) => (i === der.length - 9 ? octet ^ 1 : octet));
    expect(outcome(altered, { roots: [anchor] })).toBe('bad-signature');
  },
);

test('alternative extensions that are critical must come out good', () => {
  const algorithm = sequence(oid('2.16.840.1.101.3.4.3.18'));
  for (const critical of [false, true]) {
    const der = leafWith(serverAuth, names, extension('2.5.29.73', critical, algorithm));
    expect(outcome(der)).toBe(critical ? 'pq-bad' : 'ok');
  }
});

test('a root whose own signature is damaged is not the root', () => {
  const damaged = root.map((octet, i) => (i === root.length - 1 ? octet ^ 1 : octet));
  expect(outcome(leaf, { roots: [damaged] })).toBe('bad-signature');
});

describe('name constraints', () => {
  const wildcard = leafWith(serverAuth, san(dns('*.example.com')));
  const one = leafWith(serverAuth, san(dns('bar.example.com')));
  const node = leafWith(serverAuth, san(uri('spiffe://mesh.example/node/x')));
  test.each<[string, Uint8Array, Uint8Array, string]>([
    ['permit the domain', permitted(dns('example.com')), one, 'ok'],
    ['permit its wildcard', permitted(dns('example.com')), wildcard, 'ok'],
    ['permit one host of the wildcard', permitted(dns('bar.example.com')), wildcard, 'name-constraints'],
    ['exclude one host of the wildcard', excluded(dns('bar.example.com')), wildcard, 'name-constraints'],
    ['exclude what no label reaches', excluded(dns('a.bar.example.com')), wildcard, 'ok'],
    ['permit everything by an empty name', permitted(dns('')), one, 'ok'],
    ['exclude everything by an empty name', excluded(dns('')), one, 'name-constraints'],
    ['do not mind an ending that is no label', permitted(dns('ample.com')), one, 'name-constraints'],
    ['permit the host of a URI', permitted(uri('mesh.example')), node, 'ok'],
    ['permit another host', permitted(uri('other.example')), node, 'name-constraints'],
    ['permit what lies under a domain', permitted(uri('.example')), node, 'ok'],
    ['say nothing of other kinds', permitted(uri('mesh.example')), one, 'ok'],
    ['with a name of an unreadable kind', permitted(tlv(0x88, Uint8Array.of(42))), one, 'ok'],
    [
      'with a malformed block',
      permitted(tlv(0x87, Uint8Array.of(1, 2, 3, 4, 255, 0, 255, 0))),
      one,
      'name-constraints',
    ],
  ])('%s', (_title, constraint, der, expected) => {
    expect(outcome(der, { intermediates: [middleWith(constraint)] })).toBe(expected);
    expect(outcome(der, { roots: [rootWith(constraint)] })).toBe(expected);
  });

  test('a URI without a host cannot satisfy a constraint on URIs', () => {
    const urn = leafWith(serverAuth, san(uri('urn:example:x')));
    expect(outcome(urn, {})).toBe('ok');
    expect(outcome(urn, { intermediates: [middleWith(permitted(uri('mesh.example')))] })).toBe(
      'name-constraints',
    );
    expect(outcome(urn, { intermediates: [middleWith(excluded(uri('mesh.example')))] })).toBe(
      'name-constraints',
    );
  });
});

describe('certificate policies', () => {
  const policies = (...oids: readonly string[]) =>
    extension('2.5.29.32', false, sequence(...oids.map((one) => sequence(oid(one)))));
  const requireExplicit = (skip: number) =>
    extension('2.5.29.36', true, sequence(tlv(0x80, Uint8Array.of(skip))));
  const mapping = (from: string, to: string) =>
    extension('2.5.29.33', true, sequence(sequence(oid(from), oid(to))));
  const inhibitAny = extension('2.5.29.54', true, integer(0));
  const any = '2.5.29.32.0';
  test.each<[string, readonly Uint8Array[], readonly Uint8Array[], readonly string[] | undefined, string]>([
    ['are not asked for', [], [], undefined, 'ok'],
    ['are required and there', [requireExplicit(0), policies('1.2.3')], [policies('1.2.3')], undefined, 'ok'],
    [
      'are required and absent from the leaf',
      [requireExplicit(0), policies('1.2.3')],
      [],
      undefined,
      'policy',
    ],
    [
      'are required and differ',
      [requireExplicit(0), policies('1.2.3')],
      [policies('1.2.4')],
      undefined,
      'policy',
    ],
    ['are acceptable', [policies('1.2.3')], [policies('1.2.3', '1.2.4')], ['1.2.3'], 'ok'],
    ['are others than the acceptable', [policies('1.2.3')], [policies('1.2.3')], ['1.2.4'], 'policy'],
    ['come under any policy', [policies(any)], [policies('1.2.3')], ['1.2.3'], 'ok'],
    [
      'come under any policy, inhibited',
      [policies('1.2.3'), inhibitAny],
      [policies(any)],
      ['1.2.3'],
      'policy',
    ],
    ['of any kind in the leaf', [policies('1.2.3')], [policies(any)], ['1.2.3'], 'ok'],
    ['are mapped', [policies('1.2.3'), mapping('1.2.3', '1.2.9')], [policies('1.2.9')], ['1.2.3'], 'ok'],
    [
      'are mapped, and the leaf keeps the old',
      [policies('1.2.3'), mapping('1.2.3', '1.2.9')],
      [policies('1.2.3')],
      ['1.2.3'],
      'policy',
    ],
    [
      'are mapped from any policy',
      [policies(any), mapping('1.2.3', '1.2.9')],
      [policies('1.2.9')],
      ['1.2.3'],
      'ok',
    ],
    ['map any policy', [policies(any), mapping(any, '1.2.9')], [policies('1.2.9')], ['1.2.3'], 'policy'],
  ])('%s', (_title, ofMiddle, ofLeaf, acceptable, expected) => {
    const der = leafWith(serverAuth, names, ...ofLeaf);
    const more = {
      intermediates: [middleWith(...ofMiddle)],
      ...(acceptable === undefined ? {} : { policies: acceptable }),
    };
    expect(outcome(der, more)).toBe(expected);
  });
});

describe('pathological pools end by their budget', () => {
  const LIMIT = 64;
  const tangle = (
    count: number,
    nameOf: (i: number) => string,
    keyOf: (i: number) => ReturnType<typeof forgeKey>,
  ) =>
    Array.from({ length: count }, (_, i) =>
      forge({
        subject: nameOf(i),
        key: keyOf(i),
        issuer: nameOf(i + 1),
        issuerKey: keyOf(i + 1),
        extensions: [ca()],
      }),
    );
  const keys = Array.from({ length: 41 }, forgeKey);
  const keyAt = (i: number) => keys[i % keys.length] as ReturnType<typeof forgeKey>;
  const end = (issuer: string, issuerKey: ReturnType<typeof forgeKey>) =>
    forge({ subject: 'end', key: leafKey, issuer, issuerKey, extensions: [serverAuth, names] });

  test.each<[string, readonly Uint8Array[], Uint8Array]>([
    ['one name, many keys', tangle(40, () => 'same', keyAt), end('same', keyAt(0))],
    [
      'many names, one key',
      tangle(
        40,
        (i) => `ca ${i}`,
        () => keyAt(0),
      ),
      end('ca 0', keyAt(0)),
    ],
    [
      'a ring of issuers',
      tangle(
        12,
        (i) => `ring ${i % 12}`,
        (i) => keyAt(i % 12),
      ),
      end('ring 0', keyAt(0)),
    ],
    [
      'everybody signs everybody',
      keys
        .slice(0, 6)
        .flatMap((key, i) =>
          keys
            .slice(0, 6)
            .map((issuerKey, j) =>
              forge({ subject: `peer ${i}`, key, issuer: `peer ${j}`, issuerKey, extensions: [ca()] }),
            ),
        ),
      end('peer 0', keyAt(0)),
    ],
  ])('%s', (_title, intermediates, der) => {
    // Roots in the names of the tangle, with a key that signed none of it: without them nothing would be looked at.
    const named = ['same', 'ca 40', 'ring 5', 'peer 3'].map((subject) =>
      forge({ subject, key: rootKey, issuer: subject, issuerKey: rootKey, extensions: [ca()] }),
    );
    for (const maxDepth of [undefined, 255]) {
      const verdict = verifyChain(der, { ...options, roots: [root, ...named], intermediates, maxDepth });
      expect(verdict.ok).toBe(false);
      expect(verdict.work.signatures).toBeGreaterThan(1);
      expect(verdict.work.signatures).toBeLessThanOrEqual(LIMIT + 1);
      expect(verdict.work.comparisons).toBeLessThanOrEqual(300_000);
    }
    expect(verifyChain(der, { ...options, intermediates })).toMatchObject({
      reason: 'unknown-issuer',
      work: { signatures: 0 },
    });
  });

  test('and a good path in the same tangle is still found', () => {
    const intermediates = [...tangle(30, () => 'middle', keyAt), middle];
    expect(outcome(leaf, { intermediates })).toBe('ok');
  });
});
