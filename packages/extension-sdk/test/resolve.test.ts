import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolveOrder } from '../src/host/index.ts';

const part = (id: string, needs: Record<string, string> = {}, version = '1.0.0') => ({
  id,
  version,
  dependencies: Object.entries(needs).map(([each, range]) => ({ id: each, range })),
});
const host = new Map([['hypermesh', '1.2.0']]);

describe('the order of loading', () => {
  it('puts what is needed first, and what is independent side by side [ext-03]', () => {
    const parts = [
      part('top', { left: '^1.0.0', right: '*' }),
      part('right', { base: '*' }),
      part('left', { base: '>=1' }),
      part('base', { hypermesh: '^1.0.0' }),
    ];
    expect(resolveOrder(parts, host)).toEqual({
      levels: [['base'], ['left', 'right'], ['top']],
      refused: new Map(),
    });
  });

  it('prints the whole cycle, and refuses what leans on it [ext-03]', () => {
    const parts = [
      part('a', { b: '*' }),
      part('b', { c: '*' }),
      part('c', { a: '*' }),
      part('d', { a: '*' }),
      part('free'),
    ];
    const { levels, refused } = resolveOrder(parts, host);
    expect(levels).toEqual([['free']]);
    expect(refused.get('b')).toEqual({
      code: 'dependency-cycle',
      cycle: ['a', 'b', 'c', 'a'],
      detail: 'each needs the next: a -> b -> c -> a',
    });
    expect(refused.get('d')).toMatchObject({ code: 'dependency-refused', dependency: 'a' });
  });

  it('finds two cycles that share an extension [ext-03]', () => {
    const parts = [part('a', { b: '*' }), part('b', { a: '*', c: '*' }), part('c', { b: '*' })];
    const { refused } = resolveOrder(parts, host);
    expect(refused.get('a')).toMatchObject({ cycle: ['a', 'b', 'a'] });
    expect(refused.get('c')).toMatchObject({ cycle: ['b', 'c', 'b'] });
  });

  it.each([
    [
      'what is missing',
      { nowhere: '^2.0.0' },
      { code: 'dependency-missing', dependency: 'nowhere', range: '^2.0.0' },
    ],
    [
      'what is too old',
      { hypermesh: '^2.0.0' },
      { code: 'dependency-mismatch', found: '1.2.0', range: '^2.0.0' },
    ],
    [
      'a pre-release that the range does not name',
      { pre: '>=1.0.0' },
      { code: 'dependency-mismatch', found: '2.0.0-rc.1' },
    ],
  ])('reports %s [ext-03]', (_, needs, refusal) => {
    const { levels, refused } = resolveOrder([part('a', needs), part('pre', {}, '2.0.0-rc.1')], host);
    expect(levels).toEqual([['pre']]);
    expect(refused.get('a')).toMatchObject(refusal);
  });

  it('refuses two of one id, and does not depend on the order in which they are found', () => {
    const parts = [part('a'), part('a', {}, '2.0.0'), part('b', { a: '*' })];
    expect(resolveOrder(parts, host).refused.get('a')).toMatchObject({ code: 'duplicate-id' });
    expect(resolveOrder(parts, host).levels).toEqual([]);
  });

  it('is deterministic, complete and sound for any graph [ext-03]', () => {
    const graph = fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { maxLength: 25 });
    fc.assert(
      fc.property(graph, fc.nat(), (edges, seed) => {
        const parts = Array.from({ length: 10 }, (_, at) =>
          part(
            `x${at}`,
            Object.fromEntries(
              edges.filter(([from, to]) => from === at && from !== to).map(([, to]) => [`x${to}`, '*']),
            ),
          ),
        );
        const shuffled = [...parts].sort(
          (a, b) => ((a.id.charCodeAt(1) * 31 + seed) % 7) - ((b.id.charCodeAt(1) * 31 + seed) % 7),
        );
        const first = resolveOrder(parts, host);
        expect(resolveOrder(shuffled, host)).toEqual(first);
        const order = first.levels.flat();
        expect(new Set([...order, ...first.refused.keys()]).size).toBe(10);
        for (const { id, dependencies } of parts) {
          if (!order.includes(id)) continue;
          for (const each of dependencies) expect(order.indexOf(each.id)).toBeLessThan(order.indexOf(id));
          expect(order).toEqual(expect.arrayContaining(dependencies.map((each) => each.id)));
        }
        for (const refusal of first.refused.values()) {
          if (refusal.code !== 'dependency-cycle') continue;
          expect(refusal.cycle[0]).toBe(refusal.cycle.at(-1));
          for (const [at, id] of refusal.cycle.slice(0, -1).entries()) {
            expect(parts.find((each) => each.id === id)?.dependencies.map((each) => each.id)).toContain(
              refusal.cycle[at + 1],
            );
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('orders a chain of ten thousand without falling over', () => {
    const parts = Array.from({ length: 10_000 }, (_, at) =>
      part(`x${at}`, at === 0 ? {} : { [`x${at - 1}`]: '*' }),
    );
    // Levels of a chain are found one by one: the two ends suffice to know.
    const { levels } = resolveOrder(parts.slice(0, 2_000), host);
    expect(levels).toHaveLength(2_000);
    const [first] = parts;
    const ring = [part('x0', { x9999: '*' }), ...parts.slice(1)];
    expect(first?.id).toBe('x0');
    const { refused } = resolveOrder(ring, host);
    expect(refused.get('x5000')).toMatchObject({ code: 'dependency-cycle' });
  });
});
