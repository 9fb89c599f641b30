import type { Candidates } from './candidates.ts';
import { both, type Choices, isWithin } from './choices.ts';
import type { Clause, Term } from './clause.ts';

/** One narrowing of what is left of a package. Without a reason it is a decision. */
export interface Step {
  readonly index: number;
  readonly level: number;
  readonly of: Candidates;
  /** What is left of the package after this step. */
  readonly left: Choices;
  readonly reason: Clause | undefined;
}

/** What a search holds of one package. */
export interface Holding {
  readonly of: Candidates;
  /** What is left of it now. */
  left: Choices;
  isDecided: boolean;
  readonly steps: Step[];
  /** Clauses that name it, in the order in which they came. */
  readonly clauses: Clause[];
}

/** The narrowings so far, in order, and how to go back ("partial solution" in PubGrub). */
export class Trail {
  readonly steps: Step[] = [];
  readonly #holdings = new Map<Candidates, Holding>();
  level = 0;

  /** What is held of a package; a new one has every choice left. */
  holding(of: Candidates): Holding {
    let holding = this.#holdings.get(of);
    if (holding === undefined) {
      holding = { of, left: of.every, isDecided: false, steps: [], clauses: [] };
      this.#holdings.set(of, holding);
    }
    return holding;
  }

  /** Narrows a package to `left`, which is within what was left of it. */
  narrow(holding: Holding, left: Choices, reason: Clause | undefined): void {
    if (reason === undefined) {
      this.level += 1;
      holding.isDecided = true;
    }
    const step = { index: this.steps.length, level: this.level, of: holding.of, left, reason };
    holding.left = left;
    holding.steps.push(step);
    this.steps.push(step);
  }

  /** Undoes everything above `level`. */
  backTo(level: number): void {
    for (let last = this.steps.at(-1); last !== undefined && last.level > level; last = this.steps.at(-1)) {
      const holding = this.holding(last.of);
      holding.steps.pop();
      holding.left = holding.steps.at(-1)?.left ?? holding.of.every;
      if (last.reason === undefined) holding.isDecided = false;
      this.steps.pop();
    }
    this.level = level;
  }

  /** The first step after which a term holds; the term must hold now. */
  satisfier({ of, set }: Term): Step {
    const { steps } = this.holding(of);
    let low = 0;
    let high = steps.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isWithin((steps[middle] as Step).left, set)) high = middle;
      else low = middle + 1;
    }
    return steps[low] as Step;
  }

  /**
   * The level from which the last narrowing that `step` stands for is needed besides `step`'s own reason: 0 when the
   * reason alone makes the term hold.
   */
  supportLevel({ of, set }: Term, step: Step): number {
    if (step.reason === undefined) return 0;
    const refused = step.reason.terms.find((term) => term.of === of) as Term;
    const own = of.otherThan(refused.set);
    if (isWithin(own, set)) return 0;
    const { steps } = this.holding(of);
    return steps.find((earlier) => isWithin(both(earlier.left, own), set))?.level ?? 0;
  }
}
