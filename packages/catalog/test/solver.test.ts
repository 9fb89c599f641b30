import fc from 'fast-check';
import semver from 'semver';
import { describe, expect, test, vi } from 'vitest';
import { createSolver, isRange, isVersion, type PlainIndex, resolve, satisfies } from '../src/index.ts';
import { choicesOfRange, readVersion, type Version } from '../src/solver/versions.ts';
import { bruteForce, isSatisfiable } from './fixtures/brute-force.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];
const VERSIONS = ['1.0.0', '1.1.0', '1.2.0-beta.1', '2.0.0', '2.0.1', '3.0.0-rc.1', '0.2.3'];
const RANGES = [
  '*',
  '',
  '^1.0.0',
  '~1.1.0',
  '>=1.1.0',
  '<2.0.0',
  '1.0.0',
  '2.x',
  '^2.0.0',
  '1.0.0 - 2.0.0',
  '^1.0.0 || ^2.0.1',
  '>=1.2.0-beta.0',
  '^0.2.0',
  '>3',
  '^3.0.0-rc.0',
  '1.1.0 || 2.0.0',
];
const ranges = fc.dictionary(fc.constantFrom(...NAMES), fc.constantFrom(...RANGES), {
  maxKeys: 2,
  noNullPrototype: true,
});
const entries = fc.record(
  {
    dependencies: ranges,
    optionalDependencies: fc.dictionary(fc.constantFrom(...NAMES), fc.constantFrom(...RANGES), {
      maxKeys: 1,
      noNullPrototype: true,
    }),
    yanked: fc.constantFrom(false, false, false, true),
  },
  { noNullPrototype: true, requiredKeys: ['dependencies'] },
);
const plainEntries = fc.record({ dependencies: ranges }, { noNullPrototype: true });
/** Every name is published, in two to five versions, so that about half of all graphs can be solved. */
const indexOf = (
  entry: fc.Arbitrary<PlainIndex[string][string]>,
  names: readonly string[] = NAMES,
): fc.Arbitrary<PlainIndex> => {
  const versions = fc.dictionary(fc.constantFrom(...VERSIONS), entry, {
    minKeys: 2,
    maxKeys: 5,
    noNullPrototype: true,
  });
  return fc.record(Object.fromEntries(names.map((name) => [name, versions])), { noNullPrototype: true });
};
const requirements = fc.dictionary(fc.constantFrom(...NAMES), fc.constantFrom(...RANGES), {
  minKeys: 1,
  maxKeys: 3,
  noNullPrototype: true,
});
const locks = fc.dictionary(fc.constantFrom(...NAMES), fc.constantFrom(...VERSIONS), {
  maxKeys: 3,
  noNullPrototype: true,
});

// Brute force over thousands of graphs takes its time on a machine that is busy with other things.
vi.setConfig({ testTimeout: 180_000 });

describe('the choice', () => {
  test('agrees with brute force on thousands of random graphs, in whether there is one and in which [catalog-03]', () => {
    let solved = 0;
    let refused = 0;
    fc.assert(
      fc.property(requirements, indexOf(entries), (wanted, index) => {
        const expected = bruteForce(wanted, index);
        const found = resolve(wanted, index);
        if (expected === undefined) {
          refused += 1;
          expect(found).toMatchObject({ ok: false });
        } else {
          solved += 1;
          expect(found).toEqual({ ok: true, packages: expected });
        }
      }),
      { numRuns: 3000 },
    );
    expect(solved).toBeGreaterThan(400);
    expect(refused).toBeGreaterThan(400);
  });

  test('of a resolver that never goes back is found out by the same comparison', () => {
    // What the fastest wrong solver does: the newest allowed version of each, breadth-first, no second thought.
    const greedy = (wanted: Record<string, string>, index: PlainIndex) => {
      const chosen: Record<string, string> = {};
      const queue = Object.entries(wanted);
      for (const [name, range] of queue) {
        if (chosen[name] !== undefined) continue;
        const version = semver.maxSatisfying(Object.keys(index[name] ?? {}), range);
        if (version === null) return undefined;
        chosen[name] = version;
        queue.push(...Object.entries(index[name]?.[version]?.dependencies ?? {}));
      }
      return chosen;
    };
    const agrees = fc.check(
      fc.property(requirements, indexOf(plainEntries), (wanted, index) => {
        expect(greedy(wanted, index)).toEqual(bruteForce(wanted, index));
      }),
      { numRuns: 1200 },
    );
    expect(agrees.failed).toBe(true);
  });

  test('is possible exactly when some combination of versions meets every requirement', () => {
    fc.assert(
      fc.property(requirements, indexOf(plainEntries, NAMES.slice(0, 4)), (wanted, index) => {
        expect(resolve(wanted, index).ok).toBe(isSatisfiable(wanted, index));
      }),
      { numRuns: 600 },
    );
  });

  test('keeps locked versions and follows overrides as brute force does', () => {
    fc.assert(
      fc.property(requirements, indexOf(entries), locks, ranges, (wanted, index, locked, overrides) => {
        const expected = bruteForce(wanted, index, { locked, overrides });
        const found = resolve(wanted, index, { locked, overrides });
        expect(found.ok ? found.packages : undefined).toEqual(expected);
      }),
      { numRuns: 1200 },
    );
  });

  test('is the same whatever the order of keys, and whatever was solved before', () => {
    const reversed = <T>(object: Readonly<Record<string, T>>) =>
      Object.fromEntries(Object.entries(object).reverse());
    fc.assert(
      fc.property(requirements, requirements, indexOf(entries), (wanted, earlier, index) => {
        const fresh = resolve(wanted, index);
        expect(resolve(reversed(wanted), reversed(index))).toEqual(fresh);
        const solver = createSolver({
          versions: (name) =>
            index[name] &&
            Object.entries(index[name]).map(([version, entry]) => ({
              version,
              yanked: entry.yanked === true,
              dependencies: [
                ...Object.entries(entry.dependencies ?? {})
                  .filter(([on]) => !Object.hasOwn(entry.optionalDependencies ?? {}, on))
                  .map(([name, range]) => ({ name, range, optional: false })),
                ...Object.entries(entry.optionalDependencies ?? {}).map(([name, range]) => ({
                  name,
                  range,
                  optional: true,
                })),
              ],
            })),
        });
        solver.solve(earlier);
        expect(solver.solve(wanted)).toMatchObject(fresh);
      }),
      { numRuns: 600 },
    );
  });

  test('holds when thrown at a graph whose every newest version is a dead end', () => {
    const depth = 40;
    const index: Record<string, Record<string, { dependencies: Record<string, string> }>> = {};
    for (let level = 0; level < depth; level += 1) {
      index[`p${level}`] = {
        '1.0.0': { dependencies: level + 1 < depth ? { [`p${level + 1}`]: '*' } : {} },
        '2.0.0': { dependencies: { [`p${(level + 1) % depth}`]: '*', poison: '^2' } },
      };
    }
    index['poison'] = { '1.0.0': { dependencies: {} }, '2.0.0': { dependencies: { p39: '^9' } } };
    const found = resolve({ p0: '*' }, index);
    expect(found).toMatchObject({ ok: true });
    expect(found.ok && Object.values(found.packages).every((version) => version === '1.0.0')).toBe(true);
  });

  test('takes an optional package where it can be, and leaves it where it cannot', () => {
    const index = {
      a: { '1.0.0': { optionalDependencies: { fast: '^1', slow: '^1' } } },
      fast: { '1.0.0': { dependencies: { gone: '*' } } },
      slow: { '1.0.0': {} },
    };
    expect(resolve({ a: '*' }, index)).toEqual({ ok: true, packages: { a: '1.0.0', slow: '1.0.0' } });
  });

  test('never chooses a text that is no version, and no pre-release that was not asked for', () => {
    const index = { a: { 'v9.0.0': {}, latest: {}, '1.0.0': {}, '2.0.0-beta.1': {}, '01.0.0': {} } };
    expect(resolve({ a: '*' }, index)).toEqual({ ok: true, packages: { a: '1.0.0' } });
    expect(resolve({ a: '>=2.0.0-beta.0' }, index)).toEqual({ ok: true, packages: { a: '2.0.0-beta.1' } });
  });

  test('treats names that objects are born with as any other name', () => {
    expect(resolve({ constructor: '*' }, {})).toMatchObject({ ok: false, reason: 'not-found' });
    const index = JSON.parse(
      '{"__proto__": {"1.0.0": {"dependencies": {"toString": "*"}}}, "toString": {"2.0.0": {}}}',
    );
    const found = resolve(JSON.parse('{"__proto__": "*"}'), index);
    expect(found.ok && Object.entries(found.packages)).toEqual([
      ['__proto__', '1.0.0'],
      ['toString', '2.0.0'],
    ]);
  });
});

describe('ranges', () => {
  test('mean what semver says they mean, for every version, pre-releases too', () => {
    const part = fc.nat({ max: 3 });
    const pre = fc.constantFrom('', '', '-alpha', '-alpha.1', '-beta', '-0', '-rc.2');
    const version = fc.tuple(part, part, part, pre).map(([a, b, c, tag]) => `${a}.${b}.${c}${tag}`);
    const operator = fc.constantFrom('', '^', '~', '>', '>=', '<', '<=', '=');
    const simple = fc.tuple(operator, version).map(([op, text]) => `${op}${text}`);
    const wild = fc
      .tuple(fc.constantFrom('', '^', '~', '>', '<='), part, fc.constantFrom('.x', '', '.*', '.1.x'))
      .map((parts) => parts.join(''));
    const hyphen = fc.tuple(version, version).map((ends) => ends.join(' - '));
    const and = fc.array(fc.oneof(simple, wild), { minLength: 1, maxLength: 3 }).map((all) => all.join(' '));
    const range = fc
      .array(fc.oneof(and, hyphen, fc.constantFrom('*', '')), { minLength: 1, maxLength: 3 })
      .map((all) => all.join(' || '));
    fc.assert(
      fc.property(fc.uniqueArray(version, { maxLength: 40 }), range, (texts, wanted) => {
        const versions = texts.map((text) => readVersion(text) as Version).sort((a, b) => a.compare(b));
        const choices = choicesOfRange(versions, wanted);
        versions.forEach((one, index) => {
          const isIn =
            choices !== undefined &&
            (((choices[(index + 1) >>> 5] as number) >>> ((index + 1) & 31)) & 1) === 1;
          expect(isIn, `${one.version} in ${wanted}`).toBe(semver.satisfies(one, wanted));
        });
      }),
      { numRuns: 1500 },
    );
  });

  test('and versions are told from other text', () => {
    expect(['1.2.3', '1.2.3-a.1', '1.2.3+build.7'].map(isVersion)).toEqual([true, true, true]);
    expect(
      ['v1.2.3', '1.2', ' 1.2.3', '01.2.3', '', '1.2.3-', `1.0.0-${'a'.repeat(200)}`].map(isVersion),
    ).not.toContain(true);
    expect(['', '*', '^1', '1.x || >=2.5.0 <3'].map(isRange)).not.toContain(false);
    expect(['latest', 'git+https://x', 'file:../y', `${'1 || '.repeat(200)}1`].map(isRange)).not.toContain(
      true,
    );
    expect(satisfies('1.5.0', '^1')).toBe(true);
    expect(satisfies('1.5.0-beta', '^1')).toBe(false);
    expect(satisfies('nonsense', '*')).toBe(false);
  });
});
