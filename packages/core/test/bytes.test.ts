import {
  compareBytes,
  concatBytes,
  equalBytes,
  fromHex,
  fromUtf8,
  isBytes,
  toHex,
  utf8,
} from '@hypermesh/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const bytes = fc.uint8Array({ maxLength: 50 });

describe('bytes', () => {
  test('hex comes back, in either case', () => {
    fc.assert(
      fc.property(bytes, (original) => {
        expect(toHex(original)).toBe(Buffer.from(original).toString('hex'));
        expect(fromHex(toHex(original))).toEqual({ ok: true, bytes: original });
        expect(fromHex(toHex(original).toUpperCase())).toEqual({ ok: true, bytes: original });
      }),
    );
  });

  test.each([
    ['odd-length', 'abc'],
    ['not-hex', '0g'],
    ['not-hex', '0x'],
    ['not-hex', ' 0'],
    ['not-hex', '\u0660\u0661'],
    ['not-text', undefined],
    ['not-text', Uint8Array.of(1)],
  ])('what is no hex is refused as %s', (reason, text) => {
    expect(fromHex(text as string)).toEqual({ ok: false, reason });
  });

  test('comparison and equality agree with Buffer', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(a, b));
        expect(equalBytes(a, b)).toBe(Buffer.compare(a, b) === 0);
        expect(equalBytes(a, a.slice())).toBe(true);
        expect(concatBytes(a, b)).toEqual(new Uint8Array(Buffer.concat([a, b])));
      }),
    );
  });

  test('text comes back, a byte order mark included, and bad UTF-8 is refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(fromUtf8(utf8(text))).toEqual({ ok: true, text });
      }),
    );
    expect(fromUtf8(utf8('\ufeffa'))).toEqual({ ok: true, text: '\ufeffa' });
    expect(fromUtf8(Uint8Array.of(0xc0, 0xaf))).toEqual({ ok: false, reason: 'utf8' });
  });

  test('only Uint8Arrays are bytes', () => {
    expect([new Uint8Array(1), Buffer.alloc(1)].every(isBytes)).toBe(true);
    expect([new Uint16Array(1), new DataView(new ArrayBuffer(1)), [1], 'a', null].some(isBytes)).toBe(false);
  });
});
