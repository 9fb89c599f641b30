import { compareBytes, decodeCanonical, encodeCanonical, toHex, utf8 } from '@hypermesh/core';
import * as dagCbor from '@ipld/dag-cbor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { value } from './arbitrary.ts';

/** multiformats takes any map whose `/` equals its `bytes` for a CID, and its encoder throws where it is none. */
function isTakenForLink(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return false;
  const isLinkLike = '/' in value && 'bytes' in value && value['/'] === value.bytes;
  return isLinkLike || Object.values(value).some(isTakenForLink);
}

describe('the canonical codec', () => {
  test('what is encoded decodes to the same value, and encodes to the same bytes again', () => {
    fc.assert(
      fc.property(value, (original) => {
        const bytes = encodeCanonical(original);
        const decoded = decodeCanonical(bytes);
        expect(decoded).toEqual({ ok: true, value: original });
        if (decoded.ok) expect(encodeCanonical(decoded.value)).toEqual(bytes);
      }),
      { numRuns: 1000 },
    );
  });

  test('encoding and decoding agree with @ipld/dag-cbor', () => {
    fc.assert(
      fc.property(value, (original) => {
        fc.pre(!isTakenForLink(original));
        const bytes = encodeCanonical(original);
        expect(toHex(bytes)).toBe(toHex(dagCbor.encode(original)));
        // Its decoder drops a leading byte order mark, and so takes two forms for one text.
        if (!toHex(bytes).includes('efbbbf')) expect(dagCbor.decode(bytes)).toEqual(original);
      }),
      { numRuns: 300 },
    );
  });

  test('a map that others take for a CID is a map', () => {
    const map = { '/': true, bytes: true };
    expect(isTakenForLink([map])).toBe(true);
    expect(decodeCanonical(encodeCanonical(map))).toEqual({ ok: true, value: map });
  });

  test('the order in which keys were set changes nothing', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ unit: 'grapheme' }), { maxLength: 40 }),
        fc.nat(),
        (keys, turn) => {
          const turned = keys.map((_, index) => keys[(index + turn) % keys.length] as string).reverse();
          const of = (names: readonly string[]) =>
            encodeCanonical(Object.fromEntries(names.map((name) => [name, 1])));
          expect(of(turned)).toEqual(of(keys));
        },
      ),
    );
  });

  test('keys come by length in UTF-8, then bytewise, whatever UTF-16 says', () => {
    const keys = ['zz', 'b', 'aa', '', 'é', 'a', '\u{1f600}', '\uffff', 'ab\u0000'];
    const decoded = decodeCanonical(encodeCanonical(Object.fromEntries(keys.map((key) => [key, 0]))));
    const expected = keys.toSorted((a, b) => {
      const [left, right] = [utf8(a), utf8(b)];
      return left.length - right.length || compareBytes(left, right);
    });
    expect(decoded.ok && Object.keys(decoded.value as object)).toEqual(expected);
  });

  test('no bytes at all make the decoder throw, and what it accepts has no other form', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const decoded = decodeCanonical(bytes);
        if (decoded.ok) expect(encodeCanonical(decoded.value)).toEqual(bytes);
        else expect(decoded.offset).toBeLessThanOrEqual(bytes.length);
      }),
      { numRuns: 20_000 },
    );
  });

  test('a valid encoding with one altered, added or lost byte is refused or has no other form', () => {
    fc.assert(
      fc.property(value, fc.nat(), fc.nat(255), fc.constantFrom(0, 1, 2), (original, place, byte, how) => {
        const bytes = encodeCanonical(original);
        const at = place % bytes.length;
        const rest = how === 0 ? at + 1 : how === 1 ? at : at + 1;
        const middle = how === 2 ? [] : [byte];
        const altered = Uint8Array.of(...bytes.subarray(0, at), ...middle, ...bytes.subarray(rest));
        const decoded = decodeCanonical(altered);
        if (decoded.ok) expect(encodeCanonical(decoded.value)).toEqual(altered);
      }),
      { numRuns: 5000 },
    );
  });

  test('a key named __proto__ is a key, and no prototype changes', () => {
    const bytes = encodeCanonical(JSON.parse('{"__proto__":{"polluted":true},"constructor":1}'));
    const decoded = decodeCanonical(bytes);
    if (!decoded.ok) throw new Error(decoded.reason);
    const map = decoded.value as Record<string, unknown>;
    expect(Object.keys(map)).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(map)).toBe(Object.prototype);
    expect(map['polluted']).toBeUndefined();
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(encodeCanonical(map)).toEqual(bytes);
  });

  test('byte strings are copies, also of a Buffer, and shared memory is read once', () => {
    const buffer = Buffer.from('43010203', 'hex');
    const decoded = decodeCanonical(buffer);
    buffer.fill(0);
    expect(decoded).toEqual({ ok: true, value: Uint8Array.of(1, 2, 3) });
    expect(decoded.ok && Buffer.isBuffer(decoded.value)).toBe(false);
    const shared = new Uint8Array(new SharedArrayBuffer(4));
    shared.set([0x63, 0x61, 0x62, 0x63]);
    expect(decodeCanonical(shared)).toEqual({ ok: true, value: 'abc' });
    expect(encodeCanonical(Buffer.of(1))).toEqual(Uint8Array.of(0x41, 1));
  });

  test('a value whose getter encodes in turn comes out whole', () => {
    const inner = { a: 'x'.repeat(50) };
    const outer = {
      before: 'y'.repeat(50),
      get inside() {
        return encodeCanonical(inner);
      },
      later: 'z'.repeat(50),
    };
    const decoded = decodeCanonical(encodeCanonical(outer));
    expect(decoded).toEqual({ ok: true, value: { ...outer } });
  });
});
