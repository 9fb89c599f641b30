import {
  assetIdOf,
  createAsset,
  createKinds,
  decodeAsset,
  encodeAsset,
  standardKinds,
  verifyAsset,
} from '@hypermesh/assets';
import { encodeCanonical, parseAssetId, record, s } from '@hypermesh/core';
import { createSeededRandom } from '@hypermesh/core/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cpuAsset, memoryAsset, memoryAttributes, signer, stranger } from './support.ts';

const nonce = new Uint8Array(16).fill(9);

describe('the id of an asset', () => {
  test('is the same for the same input on every machine, round-trips as text, and a wrong hash is refused [assets-01]', () => {
    const asset = memoryAsset(1);
    expect(asset.id).toBe('bafyreidjxc6hdotyorkrneg2m4ob6jjhvmvrgwfgnpkygbff6ou2yiyzci');
    expect(memoryAsset(1).id).toBe(asset.id);
    expect(parseAssetId(asset.id)).toEqual({ ok: true, id: asset.id });
    expect(verifyAsset({ ...asset, id: asset.id }).ok).toBe(true);
    expect(verifyAsset({ ...asset, id: memoryAsset(2).id })).toEqual({ ok: false, reason: 'wrong-id' });
    const other = asset.bytes.with(-1, (asset.bytes.at(-1) ?? 0) ^ 1);
    expect(verifyAsset({ ...asset, bytes: other, id: asset.id })).toEqual({ ok: false, reason: 'wrong-id' });
  });

  test('differs with every field', () => {
    const draft = { kind: 'memory', attributes: memoryAttributes, nonce };
    const ids = [
      createAsset(draft, signer),
      createAsset(draft, stranger),
      createAsset({ ...draft, nonce: new Uint8Array(16) }, signer),
      createAsset({ ...draft, parent: cpuAsset().id }, signer),
      createAsset({ ...draft, attributes: { ...memoryAttributes, bytes: 1_001 } }, signer),
      createAsset({ ...draft, kind: 'x.memory' }, signer),
    ].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('does not depend on the signature, which stands beside it', () => {
    const asset = memoryAsset();
    expect(assetIdOf(asset.bytes)).toBe(asset.id);
  });
});

describe('an asset from anybody', () => {
  test('comes back from its bytes as it was made', () => {
    const asset = memoryAsset();
    const decoded = decodeAsset(encodeAsset(asset), { id: asset.id });
    expect(decoded).toEqual({ ok: true, asset });
  });

  test('is refused with a reason for every kind of damage', () => {
    const asset = memoryAsset();
    const { bytes, signature } = asset;
    const record = { ...asset.record };
    const forged = (change: object) => ({ bytes: encodeCanonical({ ...record, ...change }), signature });
    const cases: readonly [{ bytes: Uint8Array; signature: Uint8Array }, string][] = [
      [{ bytes, signature: signature.with(0, (signature[0] ?? 0) ^ 1) }, 'signature'],
      [{ bytes, signature: signature.subarray(1) }, 'signature'],
      [{ bytes, signature: new Uint8Array(64) }, 'signature'],
      [forged({ owner: stranger.publicKey }), 'signature'],
      [forged({ nonce: new Uint8Array(16).fill(3) }), 'signature'],
      [forged({ nonce: new Uint8Array(15) }), 'wrong-length'],
      [forged({ v: 2 }), 'wrong-literal'],
      [forged({ kind: 'nothing' }), 'unknown-kind'],
      [forged({ kind: 'cpu' }), 'attributes'],
      [forged({ attributes: { bytes: 1 } }), 'attributes'],
      [forged({ attributes: { ...memoryAttributes, bytes: -1 } }), 'out-of-range'],
      [forged({ attributes: { ...memoryAttributes, more: {} } }), 'no-variant'],
      [forged({ extra: 1 }), 'unknown-key'],
      [{ bytes: new Uint8Array(), signature }, 'truncated'],
      [{ bytes: new Uint8Array(70_000), signature }, 'too-large'],
    ];
    for (const [claim, reason] of cases) expect(verifyAsset(claim)).toEqual({ ok: false, reason });
  });

  test('never throws for any bytes, and no flipped bit passes', () => {
    const whole = encodeAsset(memoryAsset());
    fc.assert(
      fc.property(fc.nat(whole.length * 8 - 1), (bit) => {
        const bytes = Uint8Array.from(whole);
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(decodeAsset(bytes, { id: memoryAsset().id }).ok).toBe(false);
      }),
      { numRuns: 60 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(decodeAsset(bytes).ok).toBe(false);
      }),
    );
  });
});

describe('kinds', () => {
  test('take the attributes that they describe and no others, whole numbers only', () => {
    const make = (kind: string, attributes: object) => () =>
      createAsset({ kind, attributes: attributes as never, nonce: createSeededRandom(1) }, signer);
    expect(make('memory', memoryAttributes)).not.toThrow();
    for (const attributes of [
      {},
      { ...memoryAttributes, bytes: 1.5 },
      { ...memoryAttributes, bytes: 2 ** 53 },
      { ...memoryAttributes, bytes: '1000' },
      { ...memoryAttributes, colour: 'red' },
    ])
      expect(make('memory', attributes)).toThrow(expect.objectContaining({ code: 'assets/bad-attributes' }));
    expect(make('network', {})).toThrow(expect.objectContaining({ code: 'assets/bad-attributes' }));
    expect(make('nothing', {})).toThrow(expect.objectContaining({ code: 'assets/unknown-kind' }));
  });

  test('are open: x.NAME takes anything flat, and a program may describe its own', () => {
    const note = { kind: 'x.note', attributes: { text: 'hello' }, nonce };
    expect(verifyAsset(createAsset(note, signer)).ok).toBe(true);
    const kinds = createKinds([{ name: 'x.note', attributes: record({ text: s.text(3) }) }]);
    expect(() => createAsset(note, signer, kinds)).toThrow('$.text');
    expect(verifyAsset(createAsset(note, signer), kinds)).toEqual({ ok: false, reason: 'attributes' });
  });

  test.each(['CPU', '', 'x.', 'x y', 'memory', `x.${'a'.repeat(64)}`, '-x'])(
    '%j cannot name another one',
    (name) => {
      const [kind] = standardKinds;
      if (kind === undefined) throw new Error('there are kinds');
      expect(() => createKinds([{ ...kind, name }])).toThrow(
        expect.objectContaining({ code: 'assets/bad-argument' }),
      );
    },
  );
});
