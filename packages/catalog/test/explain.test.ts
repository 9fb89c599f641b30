import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSolver, type PlainIndex, resolve } from '../src/index.ts';

function refused(wanted: Record<string, string>, index: PlainIndex, options = {}) {
  const found = resolve(wanted, index, options);
  if (found.ok) throw new Error('a solution was found');
  return found;
}

describe('an explanation', () => {
  test('names both sides of a conflict, the versions that are published and who asks [catalog-x01]', () => {
    const { reason, explanation } = refused(
      { left: '^1', right: '^1' },
      {
        left: { '1.0.0': { dependencies: { shared: '^1' } }, '1.1.0': { dependencies: { shared: '^1.2' } } },
        right: { '1.0.0': { dependencies: { shared: '^2' } } },
        shared: { '1.0.0': {}, '1.2.0': {}, '2.0.0': {} },
      },
    );
    expect(reason).toBe('conflict');
    expect(explanation).toBe(
      [
        'Because left 1.1.0 depends on shared ^1.2 and left 1.0.0 depends on shared ^1, all versions of left need shared 1.0.0 to 1.2.0.',
        'And because right 1.0.0 depends on shared ^2, all versions of left cannot be chosen together with right 1.0.0.',
        'And because you ask for left ^1, right 1.0.0 cannot be chosen.',
        'And because you ask for right ^1, what is asked for cannot be met.',
      ].join('\n'),
    );
  });

  test('numbers a clause that is used twice instead of repeating how it came about', () => {
    const { explanation } = refused(
      { foo: '^1.0.0' },
      {
        foo: {
          '1.0.0': { dependencies: { a: '^1.0.0', b: '^1.0.0' } },
          '1.1.0': { dependencies: { x: '^1.0.0', y: '^1.0.0' } },
        },
        a: { '1.0.0': { dependencies: { b: '^2.0.0' } } },
        b: { '1.0.0': {}, '2.0.0': {} },
        x: { '1.0.0': { dependencies: { y: '^2.0.0' } } },
        y: { '1.0.0': {}, '2.0.0': {} },
      },
    );
    expect(explanation).toContain('foo 1.1.0 cannot be chosen. (1)');
    expect(explanation).toContain('foo 1.1.0 cannot be chosen (1), all versions of foo cannot be chosen.');
  });

  test.each([
    [
      'a package that nobody published',
      { a: '^1' },
      {},
      'not-found',
      /^You ask for a \^1, a package that is not published\.$/,
    ],
    [
      'a range without a version',
      { a: '^9' },
      { a: { '1.0.0': {}, '1.5.0': {} } },
      'not-found',
      /no published version matches \(published: 1\.0\.0 to 1\.5\.0\)/,
    ],
    [
      'a requirement deeper down',
      { a: '^1' },
      { a: { '1.0.0': { dependencies: { gone: '^1' } } } },
      'not-found',
      /a 1\.0\.0 depends on gone \^1, a package that is not published/,
    ],
    [
      'a withdrawn version',
      { a: '^1' },
      { a: { '1.0.0': { yanked: true } } },
      'yanked',
      /a 1\.0\.0 was withdrawn/,
    ],
    [
      'a range that is none',
      { a: 'latest' },
      { a: { '1.0.0': {} } },
      'bad-range',
      /which is no version range/,
    ],
    [
      'two wishes for one package',
      { a: '*', b: '*' },
      {
        a: { '1.0.0': { dependencies: { c: '1.0.0' } } },
        b: { '1.0.0': { dependencies: { c: '2.0.0' } } },
        c: { '1.0.0': {}, '2.0.0': {} },
      },
      'conflict',
      /c/,
    ],
  ] as const)('tells %s from the others by its code [catalog-x01]', (_, wanted, index, reason, text) => {
    const found = refused(wanted, index as PlainIndex);
    expect(found.reason).toBe(reason);
    expect(found.explanation).toMatch(text);
  });

  test('speaks of the package that is being added where it is told to', () => {
    const { explanation } = refused(
      { a: '^9' },
      { a: { '1.0.0': {} } },
      { asking: 'x 2.0.0, which you add, needs' },
    );
    expect(explanation).toMatch(/^X 2\.0\.0, which you add, needs a \^9/);
  });

  test('never says undefined, and is never empty, over random refusals', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd');
    const range = fc.constantFrom('*', '', '^1', '^2', '1.0.0', 'latest', '>=2 <2');
    const wanted = fc.dictionary(name, range, { minKeys: 1, maxKeys: 3, noNullPrototype: true });
    const index = fc.dictionary(
      name,
      fc.dictionary(
        fc.constantFrom('1.0.0', '1.1.0', '2.0.0', 'rubbish'),
        fc.record({ dependencies: wanted, yanked: fc.boolean() }, { noNullPrototype: true }),
        { maxKeys: 3, noNullPrototype: true },
      ),
      { maxKeys: 4, noNullPrototype: true },
    );
    let count = 0;
    fc.assert(
      fc.property(wanted, index, (requirements, plain) => {
        const found = resolve(requirements, plain);
        if (found.ok) return;
        count += 1;
        expect(found.explanation).not.toMatch(/undefined|NaN|\[object|null/);
        expect(found.explanation).toMatch(/^[A-Z].*\.(?: \(\d+\))?$/su);
      }),
      { numRuns: 1500 },
    );
    expect(count).toBeGreaterThan(300);
  });
});

describe('a hostile index', () => {
  test('ends with the reason budget instead of running on', () => {
    // Pigeons and holes: nine packages that all want a slot of their own among eight, which no clause of this form cuts short.
    const index: Record<string, Record<string, { dependencies: Record<string, string> }>> = {};
    const wanted: Record<string, string> = {};
    for (let pigeon = 0; pigeon < 9; pigeon += 1) {
      wanted[`pigeon${pigeon}`] = '*';
      index[`pigeon${pigeon}`] = Object.fromEntries(
        Array.from({ length: 8 }, (_, hole) => [
          `${hole + 1}.0.0`,
          { dependencies: { [`hole${hole}`]: `${pigeon + 1}.0.0` } },
        ]),
      );
    }
    for (let hole = 0; hole < 8; hole += 1) {
      index[`hole${hole}`] = Object.fromEntries(
        Array.from({ length: 9 }, (_, pigeon) => [`${pigeon + 1}.0.0`, { dependencies: {} }]),
      );
    }
    const found = resolve(wanted, index, { budget: 100_000 });
    expect(found).toMatchObject({ ok: false, reason: 'budget' });
  });

  test('with more versions than any package has is given up at once', () => {
    const versions = Array.from({ length: 20_001 }, (_, patch) => ({
      version: `1.0.${patch}`,
      dependencies: [],
      yanked: false,
    }));
    const solver = createSolver({ versions: () => versions });
    expect(solver.solve({ a: '*' })).toMatchObject({ ok: false, reason: 'budget' });
  });

  test('with a proof of thousands of steps still gets an explanation of bounded length', () => {
    const depth = 3000;
    const index: Record<string, Record<string, { dependencies: Record<string, string> }>> = {};
    for (let level = 0; level < depth; level += 1) {
      index[`p${level}`] = { '1.0.0': { dependencies: { [`p${level + 1}`]: '*' } } };
    }
    const { reason, explanation } = refused({ p0: '*' }, index);
    expect(reason).toBe('not-found');
    expect(explanation.split('\n').length).toBeLessThan(70);
    expect(explanation).toContain('further steps are left out');
  });
});
