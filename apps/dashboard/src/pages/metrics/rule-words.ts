import type { Result } from '@hypermesh/client';

type Rule = Result<'alert-rules'>['rules'][number];

/** The conditions of a rule in one line: `rate of hypermesh_x over 60 s > 3 and …`. */
export function wordsOfRule({ when }: Pick<Rule, 'when'>): string {
  return when
    .map(({ metric, take, overS, is, than, absolute }) => {
      const value = take === 'value' ? metric : `${take} of ${metric} over ${overS} s`;
      return `${absolute ? `|${value}|` : value} ${is} ${than}`;
    })
    .join(' and ');
}
