export { CatalogError, type CatalogFailure } from './errors.ts';
export type { PublishedVersion, Requirement, VersionIndex } from './solver/candidates.ts';
export { type PlainIndex, type Resolution, resolve } from './solver/resolve.ts';
export {
  createSolver,
  type Solution,
  type SolveOptions,
  type SolveReason,
  type Solver,
} from './solver/solver.ts';
export { compareVersions, isRange, isVersion, satisfies } from './solver/versions.ts';
