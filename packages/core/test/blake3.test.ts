import { execFileSync } from 'node:child_process';
import { toHex } from '@hypermesh/core';
import { backend, blake3, blake3Backend, createBlake3 } from '@hypermesh/core/blake3';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

/** Inputs and digests of the official test vectors: bytes that count up modulo 251. */
const OFFICIAL: readonly (readonly [number, string])[] = [
  [0, 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262'],
  [1, '2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213'],
  [1024, '42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7'],
  [1025, 'd00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444'],
  [102_400, 'bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085'],
];
const input = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => index % 251);
const backends = (['native', 'jit', 'portable'] as const).flatMap((name) => blake3Backend(name) ?? []);

describe('blake3', () => {
  test.each(OFFICIAL)('every backend gives the official digest of %i bytes', (length, digest) => {
    expect(toHex(blake3(input(length)))).toBe(digest);
    for (const { hash } of backends) expect(toHex(hash(input(length)))).toBe(digest);
  });

  test('the portable and the compiled backend work everywhere, and the first that works is in use', () => {
    expect(backends.map(({ name }) => name)).toEqual(
      blake3Backend('native') ? ['native', 'jit', 'portable'] : ['jit', 'portable'],
    );
    expect(backend).toBe(backends[0]?.name);
    expect(blake3Backend('none' as 'jit')).toBeUndefined();
  });

  test('backends agree on every length around their block, chunk and vector sizes, at once or in parts', () => {
    const edges = [
      63, 64, 65, 1023, 1024, 1025, 2048, 4096, 4097, 8191, 8193, 16_384, 16_385, 65_537, 200_001,
    ];
    for (const length of edges) {
      const bytes = input(length);
      const expected = toHex(blake3(bytes));
      for (const { name, hash, create } of backends) {
        expect(toHex(hash(bytes)), `${name} ${length}`).toBe(expected);
        const parts = create()
          .update(bytes.subarray(0, length / 3))
          .update(bytes.subarray(length / 3));
        expect(toHex(parts.digest()), `${name} ${length} in parts`).toBe(expected);
      }
    }
  });

  test('however the input is cut, the digest is that of the whole', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 6 }), (parts) => {
        const whole = blake3(new Uint8Array(Buffer.concat(parts)));
        for (const { create } of backends) {
          const hash = create();
          for (const part of parts) hash.update(part);
          expect(hash.digest()).toEqual(whole);
        }
      }),
    );
  });

  test('a digest is a plain array of 32 bytes with memory of its own, and a view is hashed as it shows', () => {
    const digest = createBlake3().update(input(10)).digest();
    expect(Buffer.isBuffer(digest)).toBe(false);
    expect(digest.buffer.byteLength).toBe(32);
    for (const { hash } of backends) {
      expect(hash(input(20).subarray(5, 9))).toEqual(hash(Uint8Array.of(5, 6, 7, 8)));
      expect(hash(Buffer.from('abc'))).toEqual(hash(new Uint8Array(Buffer.from('abc'))));
    }
  });

  test('where the native package is absent, the compiled backend takes over with the same digests', () => {
    const script = `
      import { registerHooks } from 'node:module';
      registerHooks({ resolve(name, context, next) {
        if (name === '@napi-rs/blake-hash') throw new Error('absent');
        return next(name, context);
      } });
      const { backend, blake3 } = await import('@hypermesh/core/blake3');
      process.stdout.write(backend + ' ' + Buffer.from(blake3(new Uint8Array(5000))).toString('hex'));`;
    const output = execFileSync(
      process.execPath,
      ['--conditions=@hypermesh/source', '--input-type=module', '--eval', script],
      { cwd: import.meta.dirname, encoding: 'utf8' },
    );
    expect(output).toBe(`jit ${toHex(blake3(new Uint8Array(5000)))}`);
  });
});
