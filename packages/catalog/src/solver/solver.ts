import { badArgument } from '../arguments.ts';
import { Candidates, type Requirement, type VersionIndex } from './candidates.ts';
import { explain, reasonOf } from './explain.ts';
import { Search } from './search.ts';

/** Why there is no solution. `conflict` means that requirements exclude each other; the others name what is missing. */
export type SolveReason = 'not-found' | 'conflict' | 'yanked' | 'bad-range' | 'budget';

/** What was chosen, or why nothing could be. */
export type Solution =
  | {
      readonly ok: true;
      /** Version by name, one version of each. */
      readonly packages: Readonly<Record<string, string>>;
      /** Names, each behind one that requires it. */
      readonly order: readonly string[];
    }
  | {
      readonly ok: false;
      readonly reason: SolveReason;
      /** Sentences for a person, a line each; `steps` has the same lines. */
      readonly explanation: string;
      readonly steps: readonly string[];
    };

/** How one solve differs from another on the same index. */
export interface SolveOptions {
  /** Versions to keep where they are allowed, withdrawn ones too. */
  readonly locked?: Readonly<Record<string, string>>;
  /** Ranges that replace every requirement on a name. */
  readonly overrides?: Readonly<Record<string, string>>;
  /** Units of work before the search gives up with `budget`; 20 million unless given, which takes about a second. */
  readonly budget?: number;
  /** The words for who requires, such as `x 1.0.0, which you add, requires`; `you ask for` unless given. */
  readonly asking?: string;
}

/** Solves over one snapshot of an index, and keeps what it read of it. */
export interface Solver {
  /**
   * One version of each package that is needed: breadth-first from the requirements, names in order, each package the
   * newest version that leaves a solution (the locked one first). Never throws over what the index says, always ends.
   */
  solve(requirements: Readonly<Record<string, string>>, options?: SolveOptions): Solution;
}

/** Default of `budget`. */
const BUDGET = 20_000_000;

/** A solver over `index`, which must answer the same as long as the solver lives. */
export function createSolver(index: VersionIndex): Solver {
  const known = new Map<string, Candidates>();
  const candidates = (name: string): Candidates => {
    let found = known.get(name);
    if (found === undefined) {
      found = new Candidates(name, index.versions(name));
      known.set(name, found);
    }
    return found;
  };
  return {
    solve(requirements, options = {}) {
      const { locked = {}, overrides = {}, budget = BUDGET, asking = 'you ask for' } = options;
      if (!(budget > 0)) throw badArgument('budget', 'a positive number of units of work');
      const dependencies: Requirement[] = Object.entries(requirements).map(([name, range]) => ({
        name,
        range,
        optional: false,
      }));
      const root = new Candidates('', [{ version: '0.0.0', dependencies, yanked: false }]);
      const outcome = new Search({
        root,
        candidates,
        locked: new Map(Object.entries(locked)),
        overrides: new Map(Object.entries(overrides)),
        budget,
      }).run();
      if (outcome.kind === 'solved') {
        const pairs = outcome.chosen.map(({ name, version }) => [name, version] as const);
        return { ok: true, packages: Object.fromEntries(pairs), order: pairs.map(([name]) => name) };
      }
      const steps =
        outcome.kind === 'budget'
          ? [
              'The search was given up: this index needs more work than the budget allows. Ask for narrower ranges.',
            ]
          : explain(outcome.clause, { root, asking });
      const reason = outcome.kind === 'budget' ? 'budget' : reasonOf(outcome.clause);
      return { ok: false, reason, explanation: steps.join('\n'), steps };
    },
  };
}
