import type { Candidates, Requirement } from './candidates.ts';
import {
  addChoice,
  both,
  type Choices,
  dropChoice,
  hasChoice,
  highestChoice,
  isApart,
  isNone,
  isWithin,
  noChoice,
  without,
} from './choices.ts';
import { type Clause, factClause, followingClause, type Term } from './clause.ts';
import { type Holding, type Step, Trail } from './trail.ts';

/** What a search ends with. */
export type Outcome =
  | {
      readonly kind: 'solved';
      readonly chosen: readonly { readonly name: string; readonly version: string }[];
    }
  | { readonly kind: 'refused'; readonly clause: Clause }
  | { readonly kind: 'budget' };

/** What one search takes besides its packages. */
export interface SearchOptions {
  readonly root: Candidates;
  readonly candidates: (name: string) => Candidates;
  readonly locked: ReadonlyMap<string, string>;
  readonly overrides: ReadonlyMap<string, string>;
  /** Units of work; one is a comparison of two short sets. */
  readonly budget: number;
}

/**
 * PubGrub (Weizenbaum, 2018) over finite sets of versions: unit propagation, decisions, and from each dead end a
 * clause that follows from the facts and is kept.
 *
 * The order of decisions depends on decisions alone (breadth-first over requirements, names in order), and every clause
 * learned follows from the facts. So the first solution found is the first one of the plain depth-first search with
 * the same order, whatever was learned on the way: the choice is a property of the index, not of the search.
 */
export class Search {
  readonly #options: SearchOptions;
  readonly #trail = new Trail();
  readonly #loaded = new Set<string>();
  readonly #changed = new Set<Holding>();
  /** Packages in the order in which decisions met them; the marks are its length and position before each level. */
  readonly #queue: Candidates[] = [];
  readonly #marks: { length: number; position: number }[] = [];
  #position = 0;
  #budget: number;

  constructor(options: SearchOptions) {
    this.#options = options;
    this.#budget = options.budget;
  }

  /** Runs to the end. Bounded by the budget. */
  run(): Outcome {
    const root = this.#trail.holding(this.#options.root);
    this.#queue.push(root.of);
    this.#load(root, 1);
    this.#decide(root, 1);
    for (;;) {
      if (this.#budget <= 0) return { kind: 'budget' };
      const conflict = this.#propagate();
      if (conflict !== undefined) {
        const refused = this.#learn(conflict);
        if (refused !== undefined) return { kind: 'refused', clause: refused };
        continue;
      }
      const next = this.#nextUndecided();
      if (next === undefined) return { kind: 'solved', chosen: this.#chosen() };
      const choice = this.#preferred(next);
      if (choice > 0 && this.#load(next, choice)) continue;
      this.#decide(next, choice);
    }
  }

  #chosen(): { name: string; version: string }[] {
    return [...new Set(this.#queue.slice(1))]
      .map((of) => ({ of, choice: highestChoice(this.#trail.holding(of).left) }))
      .filter(({ choice }) => choice > 0)
      .map(({ of, choice }) => ({ name: of.name, version: of.textOf(choice) }));
  }

  #nextUndecided(): Holding | undefined {
    for (; this.#position < this.#queue.length; this.#position += 1) {
      const holding = this.#holding(this.#queue[this.#position] as Candidates);
      if (!holding.isDecided) return holding;
    }
    return undefined;
  }

  /** The locked version where it is left, else the newest one that is, else absence. */
  #preferred({ of, left }: Holding): number {
    const locked = this.#options.locked.get(of.name);
    if (locked !== undefined) {
      const choice = of.choiceOf(locked);
      if (choice > 0 && hasChoice(left, choice)) return choice;
    }
    return highestChoice(left);
  }

  #decide(holding: Holding, choice: number): void {
    this.#marks[this.#trail.level] = { length: this.#queue.length, position: this.#position };
    const left = noChoice(holding.of.versions.length);
    addChoice(left, choice);
    this.#trail.narrow(holding, left, undefined);
    this.#changed.add(holding);
    for (const { name } of holding.of.requirementsOf(choice))
      this.#queue.push(this.#options.candidates(name));
  }

  #backTo(level: number): void {
    this.#trail.backTo(level);
    const mark = this.#marks[level];
    if (mark !== undefined) {
      this.#queue.length = mark.length;
      this.#position = mark.position;
    }
    this.#changed.clear();
  }

  /** What is held of a package, with the fact about its withdrawn versions when it is met first. */
  #holding(of: Candidates): Holding {
    const holding = this.#trail.holding(of);
    if (holding.clauses.length > 0 || isNone(of.yanked)) return holding;
    const locked = of.choiceOf(this.#options.locked.get(of.name) ?? '');
    const kept = noChoice(of.versions.length);
    if (locked > 0) addChoice(kept, locked);
    const versions = without(of.yanked, kept);
    if (isNone(versions)) return holding;
    this.#add({ terms: [{ of, set: versions }], cause: { kind: 'yanked', of, versions } });
    return holding;
  }

  #add(clause: Clause): void {
    for (const { of } of clause.terms) {
      const holding = this.#trail.holding(of);
      holding.clauses.push(clause);
      this.#changed.add(holding);
    }
  }

  /** Brings in what the version of a choice requires; whether anything was new. */
  #load({ of }: Holding, choice: number): boolean {
    let isNew = false;
    for (const requirement of of.requirementsOf(choice)) {
      const key = `${of.name}\n${requirement.name}\n${requirement.range}\n${requirement.optional}`;
      if (this.#loaded.has(key)) continue;
      this.#loaded.add(key);
      const clause = this.#factOf(of, requirement);
      if (clause === undefined) continue;
      this.#add(clause);
      isNew = true;
    }
    return isNew;
  }

  #factOf(from: Candidates, requirement: Requirement): Clause | undefined {
    const on = this.#options.candidates(requirement.name);
    this.#holding(on);
    const range = this.#options.overrides.get(requirement.name) ?? requirement.range;
    const versions = from.declaring(requirement);
    const allowed = on.allowedBy(range) ?? noChoice(on.versions.length);
    this.#budget -= on.isTooMany ? this.#budget : on.versions.length;
    const { optional } = requirement;
    if (optional && on.allowedBy(range) === undefined) return undefined;
    const refused = on.otherThan(allowed);
    if (optional) dropChoice(refused, 0);
    const terms: Term[] =
      on === from
        ? [{ of: on, set: both(versions, refused) }]
        : [
            { of: from, set: versions },
            { of: on, set: refused },
          ];
    if (terms.some(({ set }) => isNone(set))) return undefined;
    const dead = optional ? undefined : deadEnd(on, range, allowed);
    const cause = { kind: 'requires', from, versions, on, range, optional } as const;
    return factClause(terms, dead === undefined ? cause : { ...cause, dead });
  }

  /** Draws what follows from single clauses until nothing more does; the clause that is broken, if one is. */
  #propagate(): Clause | undefined {
    for (const holding of this.#changed) {
      this.#changed.delete(holding);
      for (let index = holding.clauses.length - 1; index >= 0; index -= 1) {
        const clause = holding.clauses[index] as Clause;
        const open = this.#openTerm(clause);
        if (open === 'none') continue;
        if (open === undefined) return clause;
        const narrowed = this.#trail.holding(open.of);
        this.#trail.narrow(narrowed, without(narrowed.left, open.set), clause);
        this.#changed.add(narrowed);
      }
      if (this.#budget <= 0) return undefined;
    }
    return undefined;
  }

  /** The only term of a clause that is not known to hold; undefined when all hold, 'none' when nothing follows. */
  #openTerm({ terms }: Clause): Term | undefined | 'none' {
    let open: Term | undefined;
    for (const term of terms) {
      const { left } = this.#trail.holding(term.of);
      this.#budget -= left.length;
      if (isWithin(left, term.set)) continue;
      if (open !== undefined || isApart(left, term.set)) return 'none';
      open = term;
    }
    return open;
  }

  /**
   * Turns a broken clause into one that says why, goes back to where that one has something to say, and keeps it.
   * Gives the clause back when it refuses the request itself.
   */
  #learn(broken: Clause): Clause | undefined {
    for (let clause = broken; ; ) {
      const isFinal = clause.terms.every(({ of }) => of === this.#options.root);
      if (isFinal) return clause;
      let last: Step | undefined;
      let lastTerm = clause.terms[0] as Term;
      let backLevel = 1;
      for (const term of clause.terms) {
        const step = this.#trail.satisfier(term);
        if (last === undefined || step.index > last.index) {
          if (last !== undefined) backLevel = Math.max(backLevel, last.level);
          last = step;
          lastTerm = term;
        } else {
          backLevel = Math.max(backLevel, step.level);
        }
      }
      const step = last as Step;
      backLevel = Math.max(backLevel, this.#trail.supportLevel(lastTerm, step));
      if (step.reason === undefined || step.level > backLevel) {
        this.#backTo(backLevel);
        if (clause !== broken) this.#add(clause);
        for (const { of } of clause.terms) this.#changed.add(this.#trail.holding(of));
        return undefined;
      }
      clause = followingClause(clause, step.reason, step.of);
      this.#budget -= clause.terms.length;
      if (this.#budget <= 0) return undefined;
    }
  }
}

function deadEnd(
  on: Candidates,
  range: string,
  allowed: Choices,
): 'unpublished' | 'no-version' | 'bad-range' | undefined {
  if (!on.isPublished) return 'unpublished';
  if (on.allowedBy(range) === undefined) return 'bad-range';
  return isNone(allowed) ? 'no-version' : undefined;
}
