import type { Candidates } from './candidates.ts';
import { both, type Choices, either, hasChoice, isWithin } from './choices.ts';

/** One part of a clause: the choice of this package lies in this set. */
export interface Term {
  readonly of: Candidates;
  readonly set: Choices;
}

/** Why a clause holds: a fact of the index, or two clauses that it follows from. */
export type Cause =
  | {
      readonly kind: 'requires';
      readonly from: Candidates;
      /** The versions that say so. */
      readonly versions: Choices;
      readonly on: Candidates;
      readonly range: string;
      readonly optional: boolean;
      /** What makes the requirement hopeless by itself. */
      readonly dead?: 'unpublished' | 'no-version' | 'bad-range';
    }
  | { readonly kind: 'yanked'; readonly of: Candidates; readonly versions: Choices }
  | { readonly kind: 'follows'; readonly left: Clause; readonly right: Clause; readonly isClash: boolean };

/** What never holds as a whole ("incompatibility" in PubGrub): no solution has all of its terms true. */
export interface Clause {
  readonly terms: readonly Term[];
  readonly cause: Cause;
}

/** The clause of facts: terms that are always true are left out. */
export function factClause(terms: readonly Term[], cause: Cause): Clause {
  return { terms: terms.filter(({ of, set }) => !isWithin(of.every, set)), cause };
}

/**
 * What follows from two clauses about the package `on`: where each refuses some of its choices, both together refuse
 * the union, provided that the rest of both holds.
 */
export function followingClause(left: Clause, right: Clause, on: Candidates): Clause {
  const terms = new Map<Candidates, Choices>();
  let isClash = true;
  for (const clause of [left, right]) {
    for (const { of, set } of clause.terms) {
      const held = terms.get(of);
      // Two requirements of one package that leave nothing in common are what people call a conflict.
      if (of === on && !hasChoice(set, 0)) isClash = false;
      terms.set(of, held === undefined ? set : of === on ? either(held, set) : both(held, set));
    }
  }
  return factClause(
    [...terms].map(([of, set]) => ({ of, set })),
    { kind: 'follows', left, right, isClash },
  );
}
