import { delegate, executionRequest, type RunOptions, type RunResult } from './delegation.ts';
import type { PackageRecord } from './document/record.ts';
import { CatalogError } from './errors.ts';
import type { WorkOptions } from './events.ts';
import { createBringer } from './install/bring.ts';
import { createInstalledPackages, type InstalledPackage, keyOf } from './install/installed.ts';
import {
  createInstaller,
  type InstallIntent,
  type InstallOptions,
  type InstallResult,
  intentOf,
} from './install/installer.ts';
import { openPackages, type PackageOnNode } from './install/on-node.ts';
import { createPlanner, type PlanOptions } from './install/plan.ts';
import { createVerification, type VerifyReport } from './install/verify.ts';
import { dependentsOf, whyInstalled } from './install/why.ts';
import { writeLock } from './lock/lock.ts';
import type { ArtifactSigner, CallOptions, Candidate, CatalogPorts, OpenedSource } from './ports.ts';
import {
  createPublisher,
  type Draft,
  type PackOptions,
  type PublishOptions,
  type PublishResult,
} from './publish.ts';
import { newestAllowed, newestInstalled } from './registry/newest.ts';
import { createRegistry, nameOf, type RefusedEntry, type Release } from './registry/registry.ts';
import type { SequenceReport } from './registry/sequences.ts';
import type { SigningPolicy } from './registry/signing-policy.ts';
import { createVerifier, type VerifiedRelease } from './registry/verification.ts';
import { createSearch, type SearchHit, type SearchQuery } from './search/search.ts';
import { unknownSource } from './sources/unknown.ts';

/** What a catalog is told. */
export interface CatalogOptions {
  /** Whose signatures packages need beside their owner's; nobody's unless told otherwise. */
  readonly policy?: SigningPolicy;
  /** Further nodes that must hold a package before it counts as published; 2 unless told otherwise. */
  readonly copies?: number;
}

/** Everything known of one version: the index record, the verified package record, and what there is beside it. */
export interface PackageInfo {
  readonly release: Release;
  readonly record: PackageRecord;
  readonly signers: readonly ArtifactSigner[];
  /** Every version on the index, oldest first. */
  readonly versions: readonly string[];
  readonly installed: InstalledPackage | undefined;
  /** The publisher's sequence: gaps mean that somebody keeps records back. */
  readonly sequence: SequenceReport | undefined;
  /** Entries of this name that are not believed. */
  readonly refused: readonly RefusedEntry[];
}

/** An installation as it would be carried out: the operation to prove and the lock file that it gives. */
export interface InstallPlan extends InstallIntent {
  readonly packages: readonly string[];
  readonly bytes: number;
  readonly lock: string;
}

/**
 * Packages of a mesh, from one node's view: publishing, finding, installing, verifying, and having them executed. It holds
 * no authority but its ports and nothing that could execute a package. Calls may overlap. Every method rejects with
 * CatalogError, whose `failure` says what to do next; an aborted `signal` ends waiting at once.
 */
export interface Catalog {
  /** Packs, stores, signs and logs; nothing is published yet. The same source gives the same draft again. */
  pack(source: OpenedSource | string, options?: PackOptions): Promise<Draft>;
  /** The draft of `NAME@VERSION` that `pack` left here. Throws `catalog/not-found`. */
  draft(key: string): Promise<Draft>;
  /** Publishes a draft, or packs first. Resolves when the record is final and further nodes hold the package. Idempotent. */
  publish(
    source: Draft | OpenedSource | string,
    options?: PackOptions & PublishOptions,
  ): Promise<PublishResult>;
  /** The bytes that a further signer signs, for `attestations`: the same on every machine. */
  describe(source: OpenedSource | string, options?: WorkOptions): Promise<Uint8Array>;
  search(query?: SearchQuery, options?: CallOptions): Promise<readonly SearchHit[]>;
  /** The newest version that `NAME[@RANGE]` allows, verified. */
  info(spec: string, options?: CallOptions): Promise<PackageInfo>;
  /** Versions that the index has and that are believed, oldest first. */
  versions(name: string): Promise<readonly string[]>;
  /** The newest version that `NAME[@RANGE]` allows, by the index alone. */
  resolve(spec: string): Promise<Release>;
  /** Solves and verifies, and installs nothing. */
  plan(specs: readonly string[], options?: PlanOptions): Promise<InstallPlan>;
  install(specs: string | readonly string[], options?: InstallOptions): Promise<InstallResult>;
  /** Goes on with installations that this or an earlier process did not finish. */
  resume(options?: WorkOptions): Promise<readonly InstallResult[]>;
  /** What is installed here, by name and version. */
  list(): Promise<readonly InstalledPackage[]>;
  /** Paths from what was asked for down to a package. Throws `catalog/not-installed`. */
  why(spec: string): Promise<readonly (readonly string[])[]>;
  /** Checks an installed or published version again; `deep` hashes every byte. Failing checks end in the report. */
  verify(spec: string, options?: CallOptions & { readonly deep?: boolean }): Promise<VerifyReport>;
  /** Releases the assets of an installed version and removes its tree. Throws `catalog/in-use` where others depend on it. */
  remove(spec: string, options?: CallOptions): Promise<InstalledPackage>;
  /** Exact versions of everything that a version depends on, as the index stands: what a run is pinned to. */
  lockOf(key: string): Promise<Readonly<Record<string, string>>>;
  /** Brings a version and its dependencies here, verified, without installing: `locked` pins the dependencies. */
  obtain(
    key: string,
    options?: WorkOptions & { readonly locked?: Readonly<Record<string, string>> },
  ): Promise<PackageOnNode>;
  /** Has the newest allowed version executed by another node. */
  run(spec: string, options?: RunOptions): Promise<RunResult>;
  /** Which nodes could execute it and why the others cannot. */
  explain(spec: string, options?: RunOptions): Promise<readonly Candidate[]>;
}

const defaultCopies = 2;

/** Makes a catalog over its ports. It opens nothing: the ports belong to the caller. */
export function createCatalog(ports: CatalogPorts, options: CatalogOptions = {}): Catalog {
  const { policy = { rules: [] }, copies = defaultCopies } = options;
  const registry = createRegistry(ports);
  const verifier = createVerifier(ports, policy);
  const installed = createInstalledPackages(ports.state);
  const planner = createPlanner(registry, verifier);
  const bringer = createBringer(ports);
  const publisher = createPublisher(ports, { registry, copies });
  const installer = createInstaller(ports, { planner, bringer, installed });
  const verifyInstalled = createVerification(ports, { registry, verifier, installed });
  const search = createSearch(registry, verifier);

  async function withSource<T>(
    source: OpenedSource | string,
    work: (opened: OpenedSource) => Promise<T>,
    call: CallOptions,
  ): Promise<T> {
    if (typeof source !== 'string') return work(source);
    const taker = ports.sources?.find((each) => each.takes(source));
    if (taker === undefined) throw unknownSource(source);
    const opened = await taker.open(source, callOf(call));
    try {
      return await work(opened);
    } finally {
      await opened.close?.();
    }
  }

  const resolve = async (spec: string) => newestAllowed(await registry.snapshot(), spec);

  async function verifiedRelease(spec: string, call: CallOptions): Promise<VerifiedRelease> {
    const { record } = await resolve(spec);
    const [verified] = await planner.verified({ [record.name]: record.version }, callOf(call));
    return verified as VerifiedRelease;
  }

  async function installedNow(spec: string): Promise<InstalledPackage> {
    const found = newestInstalled(await installed.list(), spec);
    if (found !== undefined) return found;
    const next = `list shows what is installed; install ${spec} first`;
    throw new CatalogError(
      { code: 'catalog/not-installed', package: spec, next },
      `${spec} is not installed`,
    );
  }

  async function requestOf(spec: string, runOptions: RunOptions) {
    const verified = await verifiedRelease(spec, runOptions);
    const dependencies = await planner.dependenciesOf(verified.release);
    return executionRequest(verified, dependencies, runOptions.options);
  }

  function executionPort() {
    if (ports.execution !== undefined) return ports.execution;
    throw new CatalogError(
      { code: 'catalog/bad-argument', argument: 'ports.execution', expected: 'a port that runs packages' },
      'This catalog was given nothing that runs packages',
    );
  }

  return {
    pack: (source, given = {}) => withSource(source, (opened) => publisher.pack(opened, given), given),
    async draft(key) {
      const draft = await publisher.draft(key);
      if (draft !== undefined) return draft;
      const failure = { code: 'catalog/not-found', what: key, next: 'pack it first' } as const;
      throw new CatalogError(failure, `${key} is not packed here`);
    },
    async publish(source, given = {}) {
      const isDraft = typeof source !== 'string' && 'key' in source;
      const draft = isDraft
        ? source
        : await withSource(source, (opened) => publisher.pack(opened, given), given);
      return publisher.publish(draft, given);
    },
    describe: (source, given = {}) =>
      withSource(source, (opened) => publisher.describe(opened, given), given),
    search: (query = {}, call = {}) => search(query, call),
    async info(spec, call = {}) {
      const { release, record, signers } = await verifiedRelease(spec, call);
      const snapshot = await registry.snapshot();
      return {
        release,
        record,
        signers,
        versions: snapshot.releases(record.name).map((each) => each.record.version),
        installed: await installed.get(release.key),
        sequence: snapshot.sequences.get(release.publisher),
        refused: snapshot.refused.filter(({ key }) => nameOf(key) === record.name),
      };
    },
    versions: async (name) =>
      (await registry.snapshot()).releases(name).map(({ record: { version } }) => version),
    resolve,
    async plan(specs, planOptions = {}) {
      const plan = await planner.plan(specs, planOptions);
      return {
        ...intentOf(plan),
        packages: plan.packages.map(({ release }) => release.key),
        bytes: plan.packages.reduce((sum, { record }) => sum + record.bytes, 0),
        lock: writeLock(plan.lock),
      };
    },
    install: (specs, given = {}) => installer.install(typeof specs === 'string' ? [specs] : specs, given),
    resume: (given = {}) => installer.resume(given),
    list: () => installed.list(),
    async why(spec) {
      const found = await installedNow(spec);
      return whyInstalled(await installed.list(), (each) => keyOf(each) === keyOf(found));
    },
    async verify(spec, given = {}) {
      const here = newestInstalled(await installed.list(), spec);
      return verifyInstalled(here === undefined ? (await resolve(spec)).key : keyOf(here), given);
    },
    async remove(spec, call = {}) {
      const found = await installedNow(spec);
      const key = keyOf(found);
      const by = dependentsOf(await installed.list(), key);
      if (by.length > 0) {
        const next = `remove ${by.join(', ')} first`;
        throw new CatalogError(
          { code: 'catalog/in-use', package: key, by, next },
          `${key} is needed by ${by.join(', ')}`,
        );
      }
      for (const asset of found.assets) await ports.assets.release(asset, callOf(call));
      await installed.remove(key);
      await ports.trees.remove(found.digest);
      return found;
    },
    lockOf: async (key) => planner.dependenciesOf(await resolve(key)),
    async obtain(key, { locked, ...work } = {}) {
      const release = await resolve(key);
      const versions = locked ?? (await planner.dependenciesOf(release));
      const all = { ...versions, [release.record.name]: release.record.version };
      const verified = await planner.verified(all, work);
      return openPackages(release.key, verified, { bringer, content: ports.content }, work);
    },
    async run(spec, given = {}) {
      const execution = executionPort();
      return delegate(execution, await requestOf(spec, given), given);
    },
    async explain(spec, given = {}) {
      const execution = executionPort();
      return execution.candidates(await requestOf(spec, given), callOf(given));
    },
  };
}

/** The signal alone, where there is one. */
function callOf({ signal }: CallOptions): CallOptions {
  return signal === undefined ? {} : { signal };
}
