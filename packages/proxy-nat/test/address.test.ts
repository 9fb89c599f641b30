import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createAddressPlan, formatAddress, parseAddress, parsePrefix } from '../src/index.ts';

/** Addresses with runs of zeros, which uniform ones hardly ever have. */
const sparse = fc
  .array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 })
  .map((groups) => groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n));
const address = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }), sparse);

test('formatting and parsing random addresses is the identity, and URL and node:net agree on the text [proxy-01]', () => {
  fc.assert(
    fc.property(address, (value) => {
      const text = formatAddress(value);
      expect(parseAddress(text)).toEqual({ ok: true, address: value });
      expect(isIPv6(text)).toBe(true);
      if (value >> 32n === 0xffffn) return;
      expect(new URL(`http://[${text}]/`).hostname).toBe(`[${text}]`);
    }),
    { numRuns: 5_000 },
  );
});

test('every text that node:net takes for an IPv6 address parses to the address that URL writes, and no other text parses', () => {
  const group = fc.stringMatching(/^[0-9a-fA-F]{0,5}$/);
  const tail = fc.oneof(fc.constant(''), fc.ipV4(), fc.constantFrom('1.2.3', '256.1.1.1', '01.2.3.4'));
  const text = fc
    .tuple(fc.array(fc.oneof(group, fc.constant('')), { maxLength: 9 }), tail)
    .map(([groups, end]) => [...groups, ...(end === '' ? [] : [end])].join(':'));
  fc.assert(
    fc.property(fc.oneof(text, fc.ipV6(), sparse.map(full)), (candidate) => {
      const parsed = parseAddress(candidate);
      expect(parsed.ok).toBe(isIPv6(candidate));
      if (parsed.ok) {
        const { hostname } = new URL(`http://[${candidate}]/`);
        expect(parseAddress(hostname.slice(1, -1))).toEqual(parsed);
      }
    }),
    { numRuns: 5_000 },
  );
});

function full(value: bigint): string {
  return (value.toString(16).padStart(32, '0').match(/.{4}/g) ?? []).join(':');
}

test.each([
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['2001:0db8::0001', '2001:db8::1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
  ['2001:DB8::AbCd', '2001:db8::abcd'],
  ['0:0:0:0:0:0:0:0', '::'],
  ['0:0:0:0:0:0:0:1', '::1'],
  ['1:0:0:0:0:0:0:0', '1::'],
  ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
  ['::ffff:c000:201', '::ffff:192.0.2.1'],
  ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ['fd48:4d00:03a1:0007:0:0:0400:0', 'fd48:4d00:3a1:7::400:0'],
])('%s is written as RFC 5952 says: %s', (text, expected) => {
  const parsed = parseAddress(text);
  expect(parsed.ok && formatAddress(parsed.address)).toBe(expected);
});

test.each([
  ['', 'empty'],
  ['http://[::1]', 'unknown-scheme'],
  ['hypermesh:fd48::1', 'unknown-scheme'],
  ['fd48://::1', 'unknown-scheme'],
  ['mem.x:::1', 'unknown-scheme'],
  ['fe80::1%eth0', 'zone'],
  ['fd48::/32', 'prefix-length'],
  ['[::1]', 'character'],
  [' ::1', 'character'],
  ['::1\n', 'character'],
  ['::１', 'character'],
  ['1:2:3:4:5:6:7', 'group-count'],
  ['1:2:3:4:5:6:7:8:9', 'group-count'],
  ['1::2:3:4:5:6:7:8', 'group-count'],
  ['1::2::3', 'compression'],
  [':::', 'group'],
  ['::12345', 'group'],
  [':1:2:3:4:5:6:7', 'group'],
  ['1:2:3:4:5:6:7:', 'group'],
  ['::1.2.3', 'ipv4'],
  ['::1.2.3.256', 'ipv4'],
  ['::01.2.3.4', 'ipv4'],
  ['1.2.3.4::', 'ipv4'],
  ['::1.2.3.4:5', 'ipv4'],
  ['1.2.3.4', 'group-count'],
  ['a'.repeat(60), 'too-long'],
])('%j is refused as %s [proxy-01]', (text, reason) => {
  expect(parseAddress(text)).toEqual({ ok: false, reason });
});

test('no text of any kind makes the parser throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(parseAddress(text).ok).toBe(isIPv6(text) && !text.includes('%'));
    }),
  );
  expect(parseAddress(7 as unknown as string)).toEqual({ ok: false, reason: 'not-text' });
});

test.each([-1n, 2n ** 128n])('%s has no text', (value) => {
  expect(() => formatAddress(value)).toThrow(expect.objectContaining({ code: 'proxy-nat/bad-argument' }));
});

test('a plan composes and splits addresses of realm, node and offset, and refuses those outside its prefix [proxy-01]', () => {
  const plan = createAddressPlan();
  const location = fc.record({
    realm: fc.nat(0xffff),
    node: fc.nat(0xffff),
    offset: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  });
  fc.assert(
    fc.property(location, (place) => {
      expect(plan.split(plan.compose(place))).toEqual({ ok: true, ...place });
    }),
  );
  expect(formatAddress(plan.compose({ realm: 0x3a1, node: 7, offset: 0x4000000n }))).toBe(
    'fd48:4d00:3a1:7::400:0',
  );
  expect(plan.split(1n)).toEqual({ ok: false, reason: 'outside' });
  expect(plan.split(-1n)).toEqual({ ok: false, reason: 'outside' });
  for (const bad of [
    { realm: 65_536, node: 0 },
    { realm: 0, node: -1 },
    { realm: 0.5, node: 0 },
  ])
    expect(() => plan.compose({ ...bad, offset: 0n })).toThrow(
      expect.objectContaining({ code: 'proxy-nat/bad-argument' }),
    );
});

test('a prefix must have a length and no bits beyond it', () => {
  expect(parsePrefix('fd48:4d00::/32')).toEqual({ ok: true, address: 0xfd484d00n << 96n, length: 32 });
  expect(parsePrefix('fd48:4d00::1/32')).toEqual({ ok: false, reason: 'host-bits' });
  for (const text of ['fd48::', 'fd48::/129', 'fd48::/', 'fd48::/032', '/32x'])
    expect(parsePrefix(text)).toEqual({ ok: false, reason: 'length' });
  expect(parsePrefix('fd48/32')).toEqual({ ok: false, reason: 'group-count' });
  for (const prefix of ['fd48::/63', 'nonsense'])
    expect(() => createAddressPlan({ prefix })).toThrow(
      expect.objectContaining({ code: 'proxy-nat/bad-argument' }),
    );
});
