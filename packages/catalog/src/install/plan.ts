import { CatalogError, type CheckName } from '../errors.ts';
import type { WorkOptions } from '../events.ts';
import { compareLocks, type Lock, type LockChange, lockedVersions } from '../lock/lock.ts';
import { parseLock } from '../lock/parse.ts';
import {
  nameOf,
  parseSpec,
  type Registry,
  type RegistrySnapshot,
  type Release,
} from '../registry/registry.ts';
import type { VerifiedRelease, Verifier } from '../registry/verification.ts';
import { createSolver, type Solver } from '../solver/solver.ts';
import { isRange } from '../solver/versions.ts';
import { inParallel } from './in-parallel.ts';

/** What is to be installed: every package that the specs need, checked and pinned. */
export interface Plan {
  readonly requirements: Readonly<Record<string, string>>;
  readonly packages: readonly VerifiedRelease[];
  readonly lock: Lock;
}

/** How a plan is made. `lock` is the text of a lock file whose versions are kept; `frozen` refuses any change of it. */
export interface PlanOptions extends WorkOptions {
  readonly lock?: string;
  readonly frozen?: boolean;
}

/** Solves specs over the registry and verifies what the solution names. */
export interface Planner {
  plan(specs: readonly string[], options?: PlanOptions): Promise<Plan>;
  /** The exact versions of everything that one release needs, itself left out. */
  dependenciesOf(release: Release): Promise<Readonly<Record<string, string>>>;
  /** Releases of exactly these versions, checked. Throws `catalog/refused` or `catalog/not-found`. */
  verified(
    versions: Readonly<Record<string, string>>,
    options?: WorkOptions,
  ): Promise<readonly VerifiedRelease[]>;
}

const checksAtOnce = 8;

/** Makes plans; a solver is kept as long as the index does not change. */
export function createPlanner(registry: Registry, verifier: Verifier): Planner {
  const solvers = new WeakMap<RegistrySnapshot, Solver>();

  function solverOf(snapshot: RegistrySnapshot): Solver {
    const solver = solvers.get(snapshot) ?? createSolver(snapshot);
    solvers.set(snapshot, solver);
    return solver;
  }

  function solve(
    snapshot: RegistrySnapshot,
    requirements: Readonly<Record<string, string>>,
    locked: Readonly<Record<string, string>>,
  ): Readonly<Record<string, string>> {
    const solution = solverOf(snapshot).solve(requirements, { locked });
    if (solution.ok) return solution.packages;
    const { reason, explanation, steps } = solution;
    const absent = Object.keys(requirements).find((name) => snapshot.versions(name) === undefined);
    const refusal = absent === undefined ? undefined : refusalBehind(snapshot, absent);
    if (refusal !== undefined) throw refusal;
    if (reason === 'not-found') {
      const what = absent ?? Object.keys(requirements).join(', ');
      const next = absent === undefined ? 'ask for other versions' : nearTo(snapshot, absent);
      throw new CatalogError({ code: 'catalog/not-found', what, next }, explanation);
    }
    const next = 'loosen one of the ranges, or ask for other versions';
    throw new CatalogError({ code: 'catalog/conflict', explanation, steps, next }, explanation);
  }

  async function verifyAll(releases: readonly Release[], options: WorkOptions): Promise<VerifiedRelease[]> {
    return inParallel(releases, checksAtOnce, async (release) => {
      options.onEvent?.({ type: 'checking', package: release.key });
      const { signal } = options;
      const verdict = await verifier.verify(release, signal === undefined ? {} : { signal });
      if (verdict.ok) return verdict.verified;
      throw refused(release.key, verdict.check, verdict.reason);
    });
  }

  return {
    async plan(specs, options = {}) {
      const held = options.lock === undefined ? undefined : readLock(options.lock);
      const requirements = requirementsOf(specs, held);
      const snapshot = await registry.snapshot();
      const packages = solve(snapshot, requirements, held === undefined ? {} : lockedVersions(held));
      const releases = releasesOf(snapshot, packages);
      options.onEvent?.({ type: 'solved', packages: releases.map(({ key }) => key) });
      for (const release of releases) checkAgainstLock(release, held);
      const verified = await verifyAll(releases, options);
      const lock = lockOf(requirements, packages, verified);
      const changes = held === undefined || options.frozen !== true ? [] : compareLocks(held, lock);
      if (options.frozen === true && (held === undefined || changes.length > 0)) throw lockChanged(changes);
      return { requirements, packages: verified, lock };
    },

    async dependenciesOf({ record: { name, version } }) {
      const { [name]: _, ...others } = solve(await registry.snapshot(), { [name]: version }, {});
      return others;
    },

    async verified(versions, options = {}) {
      return verifyAll(releasesOf(await registry.snapshot(), versions), options);
    },
  };
}

function requirementsOf(specs: readonly string[], held: Lock | undefined): Readonly<Record<string, string>> {
  const requirements: Record<string, string> = { ...held?.requirements };
  for (const spec of specs) {
    const { name, range } = parseSpec(spec);
    if (!isRange(range)) {
      const failure = { code: 'catalog/bad-argument', argument: spec, expected: 'NAME[@RANGE]' } as const;
      throw new CatalogError(failure, `${JSON.stringify(range)} is no version range; try ${name}@^1.0.0`);
    }
    // Without a range, what the lock asks for stays.
    if (spec.indexOf('@', 1) !== -1 || requirements[name] === undefined) requirements[name] = range;
  }
  if (Object.keys(requirements).length === 0) {
    const failure = {
      code: 'catalog/bad-argument',
      argument: 'specs',
      expected: 'a package, or a lock file',
    } as const;
    throw new CatalogError(failure, 'Name a package to install, or a folder whose lock file names some');
  }
  return requirements;
}

function releasesOf(snapshot: RegistrySnapshot, packages: Readonly<Record<string, string>>): Release[] {
  return Object.entries(packages).map(([name, version]) => {
    const key = `${name}@${version}`;
    const release = snapshot.release(key);
    if (release !== undefined) return release;
    throw (
      refusalBehind(snapshot, key) ??
      new CatalogError(
        { code: 'catalog/not-found', what: key, next: nearTo(snapshot, name) },
        `Nobody published ${key}`,
      )
    );
  });
}

/** An index that says something else of a version than a lock file remembers is not believed. */
function checkAgainstLock({ key, record }: Release, held: Lock | undefined): void {
  const pinned = held?.packages.find(
    ({ name, version }) => name === record.name && version === record.version,
  );
  if (pinned === undefined || pinned.digest === record.digest) return;
  throw refused(key, 'record', 'the lock file names another digest for this version');
}

function lockOf(
  requirements: Readonly<Record<string, string>>,
  versions: Readonly<Record<string, string>>,
  packages: readonly VerifiedRelease[],
): Lock {
  return {
    requirements,
    packages: packages.map(({ release: { record }, signers }) => ({
      name: record.name,
      version: record.version,
      digest: record.digest,
      root: record.content,
      bytes: record.bytes,
      signers: [...new Set(signers.map(({ suite, key }) => `${suite}:${key}`))].sort(),
      dependencies: dependenciesIn(record.dependencies, versions),
    })),
  };
}

function dependenciesIn(
  dependencies: readonly { readonly name: string }[],
  versions: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    dependencies.flatMap(({ name }) => {
      const version = versions[name];
      return version === undefined ? [] : [[name, version]];
    }),
  );
}

function readLock(text: string): Lock {
  const parsed = parseLock(text);
  if (parsed.ok) return parsed.lock;
  const [first] = parsed.errors;
  const where = first === undefined ? '' : `line ${first.line}, column ${first.column}: ${first.message}`;
  throw new CatalogError(
    {
      code: 'catalog/bad-lock',
      problems: parsed.errors,
      next: 'restore the lock file, or delete it and install again',
    },
    `The lock file cannot be read: ${where}`,
  );
}

function lockChanged(changes: readonly LockChange[]): CatalogError {
  const told = changes.map(({ message }) => message);
  const next = 'install without --frozen, look at what changed in the lock file, and keep it';
  return new CatalogError(
    { code: 'catalog/lock-changed', changes: told, next },
    told.length === 0 ? 'There is no lock file to keep to' : `The lock file would change: ${told.join(', ')}`,
  );
}

/** Why entries of a name are there and not believed, if that is so. */
function refusalBehind(snapshot: RegistrySnapshot, what: string): CatalogError | undefined {
  if (snapshot.versions(what) !== undefined) return undefined;
  const found = snapshot.refused.find(({ key }) => key === what || nameOf(key) === what);
  return found === undefined ? undefined : refused(found.key, found.check, found.reason);
}

function nearTo(snapshot: RegistrySnapshot, name: string): string {
  const versions = snapshot.versions(nameOf(name))?.map(({ version }) => version) ?? [];
  if (versions.length > 0) return `published versions: ${versions.slice(-10).join(', ')}`;
  return `nobody published ${name}; search for another name`;
}

/** A check of a package that failed, as an error. */
export function refused(key: string, check: CheckName, reason: string): CatalogError {
  return new CatalogError(
    { code: 'catalog/refused', package: key, check, reason, next: nextAfter(check) },
    `${key} is refused: ${check}: ${reason}`,
  );
}

function nextAfter(check: CheckName): string {
  switch (check) {
    case 'sequence':
      return 'the index shows an older or a doubled state of this publisher: ask another node, then the publisher';
    case 'signers':
      return 'ask its publisher for the signatures that your policy wants, or change the policy';
    case 'tree':
    case 'content':
      return 'install it again: what is damaged is fetched anew';
    case 'asset':
      return 'its publisher has to correct the package';
    default:
      return 'nothing of it was installed; tell its publisher';
  }
}
