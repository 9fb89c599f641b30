import type { PublishedVersion, Requirement } from './candidates.ts';
import { createSolver, type SolveOptions, type SolveReason } from './solver.ts';

/** What is published, as plain data: versions by name, requirements by version. */
export type PlainIndex = Readonly<
  Record<
    string,
    Readonly<
      Record<
        string,
        {
          readonly dependencies?: Readonly<Record<string, string>>;
          readonly optionalDependencies?: Readonly<Record<string, string>>;
          readonly yanked?: boolean;
        }
      >
    >
  >
>;

/** Version by name, or why there is none. */
export type Resolution =
  | { readonly ok: true; readonly packages: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly reason: SolveReason; readonly explanation: string };

/**
 * One version of each package that `requirements` (range by name) need, out of `index`. Ranges are npm's; the choice is
 * the newest one, breadth-first with names in order. For many solves over one index, or for locks, use `createSolver`.
 */
export function resolve(
  requirements: Readonly<Record<string, string>>,
  index: PlainIndex,
  options?: SolveOptions,
): Resolution {
  const solution = createSolver({
    versions(name) {
      const versions = Object.hasOwn(index, name) ? index[name] : undefined;
      return versions === undefined ? undefined : Object.entries(versions).map(published);
    },
  }).solve(requirements, options);
  return solution.ok
    ? { ok: true, packages: solution.packages }
    : { ok: false, reason: solution.reason, explanation: solution.explanation };
}

function published([version, entry]: [string, PlainIndex[string][string]]): PublishedVersion {
  const optional = requirementsIn(entry.optionalDependencies, true);
  const replaced = new Set(optional.map(({ name }) => name));
  // npm's rule: a name in both lists is optional.
  const required = requirementsIn(entry.dependencies, false).filter(({ name }) => !replaced.has(name));
  return { version, dependencies: [...required, ...optional], yanked: entry.yanked === true };
}

function requirementsIn(
  ranges: Readonly<Record<string, string>> | undefined,
  optional: boolean,
): Requirement[] {
  return Object.entries(ranges ?? {}).map(([name, range]) => ({ name, range, optional }));
}
