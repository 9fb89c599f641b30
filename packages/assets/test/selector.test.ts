import { checkSelector, matches, type Selector } from '@hypermesh/assets';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const attributes = { arch: 'x64', cores: 4, isRotational: false, features: ['avx2', 'aes'] };

const truths: readonly [Selector, boolean][] = [
  [{ eq: ['arch', 'x64'] }, true],
  [{ eq: ['arch', 'arm64'] }, false],
  [{ eq: ['cores', '4'] }, false],
  [{ eq: ['isRotational', false] }, true],
  [{ in: ['cores', [2, 4]] }, true],
  [{ in: ['cores', []] }, false],
  [{ ge: ['cores', 4] }, true],
  [{ ge: ['cores', 5] }, false],
  [{ le: ['cores', 4] }, true],
  [{ le: ['cores', 3] }, false],
  [{ ge: ['arch', 0] }, false],
  [{ has: ['features', 'avx2'] }, true],
  [{ has: ['features', 'sve'] }, false],
  [{ has: ['arch', 'x'] }, false],
  [{ eq: ['missing', 'x'] }, false],
  [{ le: ['missing', 1] }, false],
  [{ eq: ['constructor', 'x'] }, false],
  [{ not: { eq: ['missing', 'x'] } }, true],
  [{ all: [{ ge: ['cores', 2] }, { eq: ['arch', 'x64'] }] }, true],
  [{ all: [{ ge: ['cores', 2] }, { eq: ['arch', 'arm64'] }] }, false],
  [{ any: [{ ge: ['cores', 9] }, { eq: ['arch', 'x64'] }] }, true],
  [{ all: [] }, true],
  [{ any: [] }, false],
];

describe('a selector', () => {
  test.each(truths)('%j is %j of an x64 machine with 4 cores', (selector, truth) => {
    expect(checkSelector(selector).ok).toBe(true);
    expect(matches(selector, attributes)).toBe(truth);
  });

  test.each([
    [null, 'malformed'],
    ['arch', 'malformed'],
    [[], 'malformed'],
    [{}, 'malformed'],
    [{ eq: ['a'] }, 'malformed'],
    [{ eq: [1, 2] }, 'malformed'],
    [{ eq: ['a', {}] }, 'malformed'],
    [{ eq: ['a', 1], ge: ['a', 1] }, 'malformed'],
    [{ ge: ['a', '1'] }, 'malformed'],
    [{ ge: ['a', Number.NaN] }, 'malformed'],
    [{ in: ['a', 'b'] }, 'malformed'],
    [{ in: ['a', Array(257).fill(1)] }, 'malformed'],
    [{ near: ['a', 1] }, 'malformed'],
    [{ __proto__: null, constructor: ['a', 1] }, 'malformed'],
    [{ all: { eq: ['a', 1] } }, 'malformed'],
    [{ all: [{ nope: [] }] }, 'malformed'],
    [{ any: Array(300).fill({ eq: ['a', 1] }) }, 'too-large'],
    [JSON.parse(`${'{"not":'.repeat(5_000)}{"eq":["a",1]}${'}'.repeat(5_000)}`), 'too-deep'],
  ])('that is none is refused: case %#', (value, reason) => {
    expect(checkSelector(value)).toEqual({ ok: false, reason });
  });

  test('is never thrown over, whatever it is', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const checked = checkSelector(value);
        if (checked.ok) expect(typeof matches(checked.selector, attributes)).toBe('boolean');
      }),
    );
  });
});
