import { readFileSync } from 'node:fs';
import { cidOf, encodeCanonical, linkOf, nodeIdOf, recordCid, sha256, toHex, utf8 } from '@hypermesh/core';
import { expect, test } from 'vitest';

/** One value of every kind that has a canonical form, and every record that this package defines. */
const samples: Readonly<Record<string, unknown>> = {
  null: null,
  false: false,
  true: true,
  'integer 0': 0,
  'integers of every width': [
    23,
    24,
    255,
    256,
    65_535,
    65_536,
    2 ** 32 - 1,
    2 ** 32,
    Number.MAX_SAFE_INTEGER,
  ],
  'negative integers of every width': [
    -1,
    -24,
    -25,
    -256,
    -257,
    -65_536,
    -65_537,
    -(2 ** 32),
    -(2 ** 32) - 1,
  ],
  'integers beyond 2^53': [2n ** 53n, 2n ** 64n - 1n, -(2n ** 53n), -(2n ** 63n)],
  'empty text': '',
  'text in two scripts': 'HyperMesh, ハイパーメッシュ, \u{1f310}',
  'long text': 'x'.repeat(70_000),
  'empty bytes': new Uint8Array(0),
  bytes: Uint8Array.from({ length: 300 }, (_, index) => index & 255),
  'empty array': [],
  'nested arrays': [[[]], [1, [2, [3]]]],
  'empty map': {},
  'map with keys of many lengths': { zz: 1, b: 2, aa: 3, '': 4, é: 5, a: 6, '\u{1f600}': 7, '\uffff': 8 },
  'map with a key __proto__': JSON.parse('{"__proto__":null}'),
  'link to raw content': linkOf(cidOf(utf8('content'), 'raw', 'blake3-256')),
  'link to a record': linkOf(recordCid({ v: 1 }).cid),
  'identity record of a node': { v: 1, ed25519: new Uint8Array(32).fill(1) },
};

const golden = JSON.parse(readFileSync(new URL('codec.golden.json', import.meta.url), 'utf8')) as Record<
  string,
  string
>;

test('every encoded type has the bytes that it always had', () => {
  const hashes = Object.fromEntries(
    Object.entries(samples).map(([name, value]) => [name, toHex(sha256(encodeCanonical(value)))]),
  );
  expect(hashes).toEqual(golden);
});

test('the id of a node is what it always was', () => {
  expect(nodeIdOf(new Uint8Array(32).fill(1))).toBe(
    'bafyreibsue6234musvqjq4lg65u4zbzcy3luouyhhc7w75igrmlmt4ryaq',
  );
});
