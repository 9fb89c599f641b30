import type { Result } from '@hypermesh/client';

type History = Pick<Result<'metrics-history'>, 'times' | 'series'>;

/**
 * One line for each name that was asked for: the sum of all series of that name, since a name without labels stands for
 * all its labels; null where none of them was measured. A name with labels (`name{a="b"}`) stands for those that have them.
 */
export function linesOf(asked: readonly string[], { times, series }: History): (number | null)[][] {
  return asked.map((selector) => {
    const [name = '', inner = ''] = selector.split(/[{}]/);
    const pairs = [...inner.matchAll(/(\w+)="([^"]*)"/g)];
    const meant = series.filter(
      (each) => each.name === name && pairs.every(([, label = '', value]) => each.labels[label] === value),
    );
    return times.map((_, at) => {
      const known = meant.map(({ values }) => values[at] ?? null).filter((value) => value !== null);
      return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
    });
  });
}
