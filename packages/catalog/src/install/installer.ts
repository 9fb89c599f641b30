import { decodeRecord, encodeRecord, type Infer, record, s, sha256, toHex, utf8 } from '@hypermesh/core';
import type { WorkOptions } from '../events.ts';
import { writeLock } from '../lock/lock.ts';
import type { CatalogPorts, Fetched, FetchedFrom, IndexValue, InstalledAsset, Ordered } from '../ports.ts';
import type { VerifiedRelease } from '../registry/verification.ts';
import { handlerOf } from './asset-handlers.ts';
import type { Bringer } from './bring.ts';
import { inParallel } from './in-parallel.ts';
import type { InstalledPackage, InstalledPackages } from './installed.ts';
import { type Plan, type Planner, type PlanOptions, refused } from './plan.ts';

/** One package of an installation. `already`: it was installed before. */
export interface InstalledResult {
  readonly package: InstalledPackage;
  readonly moved: number;
  readonly reused: number;
  readonly already: boolean;
}

/** What an installation came to. Bytes of the content: `moved` came over the network, `reused` were here. */
export interface InstallResult {
  readonly packages: readonly InstalledResult[];
  readonly bytes: number;
  readonly moved: number;
  readonly reused: number;
  readonly rejectedChunks: number;
  readonly peers: readonly FetchedFrom[];
  /** Text of the lock file that gives exactly this again. */
  readonly lock: string;
  /** The operation that ordered it; undefined where everything was installed before. */
  readonly ordered: Ordered | undefined;
}

/** What an installation may be told beside how it is planned. `proof` proves the operation of `intentOf`'s plan. */
export interface InstallOptions extends PlanOptions {
  readonly proof?: unknown;
}

/** What the operation `package.install` of a plan carries. */
export interface InstallIntent {
  readonly key: string;
  readonly value: IndexValue;
}

/** Carries out plans. An installation that was cut off goes on where it was when it is asked for again, or by `resume`. */
export interface Installer {
  install(specs: readonly string[], options?: InstallOptions): Promise<InstallResult>;
  /** Specs of installations that were begun and neither ended nor failed. */
  pending(): Promise<readonly (readonly string[])[]>;
  /** Goes on with all of them. */
  resume(options?: WorkOptions): Promise<readonly InstallResult[]>;
}

const pendingSchema = record({
  v: s.literal(1),
  specs: s.array(s.text(512), 1024),
  lock: s.text(4 * 1024 * 1024),
  ordered: s.optional(record({ operation: s.text(128), height: s.uint() })),
});
type Pending = Infer<typeof pendingSchema>;

const downloadsAtOnce = 4;
const pendingLimits = { maxBytes: 8 * 1024 * 1024 };

/** The operation that a plan's installation is ordered by: one for all its packages. */
export function intentOf({ packages, requirements }: Plan): InstallIntent {
  const [asked] = Object.keys(requirements);
  const first = packages.find(({ record: { name } }) => name === asked) ?? packages[0];
  if (first === undefined) throw new TypeError('a plan has at least one package');
  return {
    key: first.release.key,
    value: {
      digest: first.release.record.digest,
      packages: packages.map(({ release }) => release.key).sort(),
    },
  };
}

/** Installs over the ports: solve, check, fetch, unpack, order, register, record; recorded last and as a whole. */
export function createInstaller(
  ports: Pick<CatalogPorts, 'index' | 'assets' | 'state' | 'clock'>,
  parts: { readonly planner: Planner; readonly bringer: Bringer; readonly installed: InstalledPackages },
): Installer {
  const { index, assets, state, clock } = ports;
  const { planner, bringer, installed } = parts;
  let lastEntering: Promise<unknown> = Promise.resolve();

  async function order(plan: Plan, pendingKey: string, begun: Pending, options: InstallOptions) {
    if (begun.ordered !== undefined) return { ...begun.ordered, provingMs: 0, finalityMs: 0 };
    const { key, value } = intentOf(plan);
    const { signal, proof, onEvent } = options;
    onEvent?.({ type: 'ordering', package: key, operation: 'package.install' });
    const ordered = await index.install({
      key,
      value,
      ...(proof === undefined ? {} : { proof }),
      ...(signal === undefined ? {} : { signal }),
    });
    const { operation, height } = ordered;
    await state.put(pendingKey, encodeRecord(pendingSchema, { ...begun, ordered: { operation, height } }));
    return ordered;
  }

  async function register(
    { release, record: found, signers }: VerifiedRelease,
    asset: InstalledAsset,
    plan: Plan,
    ordered: Ordered,
    { signal, onEvent }: InstallOptions,
  ): Promise<InstalledPackage> {
    onEvent?.({ type: 'registering', package: release.key });
    const { id } = await assets.register(asset, signal === undefined ? {} : { signal });
    const locked = plan.lock.packages.find(({ name }) => name === found.name);
    const requested = plan.requirements[found.name];
    const { name, version, type, digest, record: recordRoot, content, bytes } = release.record;
    const done: InstalledPackage = {
      v: 1,
      name,
      version,
      type,
      digest,
      record: recordRoot,
      content,
      bytes,
      publisher: release.publisher,
      signers: signers.map(({ suite, key }) => ({ suite, key })),
      ...(requested === undefined ? {} : { requested }),
      dependencies: locked?.dependencies ?? {},
      assets: [id],
      operation: ordered.operation,
      height: ordered.height,
      installedMs: clock.nowMs(),
    };
    await installed.put(done);
    onEvent?.({ type: 'installed', package: release.key });
    return done;
  }

  /** What is installed of a plan, where all of it is and nothing of it has gone. */
  async function installedBefore(plan: Plan): Promise<ReadonlyMap<string, InstalledPackage>> {
    const found = new Map<string, InstalledPackage>();
    for (const { release } of plan.packages) {
      const before = await installed.get(release.key);
      if (before?.digest === release.record.digest) found.set(release.key, before);
    }
    return found;
  }

  async function install(specs: readonly string[], options: InstallOptions): Promise<InstallResult> {
    const plan = await planner.plan(specs, options);
    const lock = writeLock(plan.lock);
    const pendingKey = `pending/${toHex(sha256(utf8(lock))).slice(0, 32)}`;
    const begun = await beginning(pendingKey, { v: 1, specs: [...specs], lock });
    try {
      const fetched = await inParallel(plan.packages, downloadsAtOnce, (each) =>
        bringer.bring(each, { ...options, unpack: true }),
      );
      const found = plan.packages.map(assetOf);
      const result = await inTurn(() => enter(plan, found, fetched, { pendingKey, begun, options }));
      await state.delete(pendingKey);
      return { ...result, lock };
    } catch (error) {
      // What is ordered is to be finished by `resume`; anything else begins anew when it is asked for again.
      const { ordered } = (await readPending(pendingKey)) ?? {};
      if (ordered === undefined) await state.delete(pendingKey);
      throw error;
    }
  }

  /** Orders and enters a plan whose files are here. One plan at a time: what two plans share is entered once. */
  async function enter(
    plan: Plan,
    found: readonly InstalledAsset[],
    fetched: readonly Fetched[],
    { pendingKey, begun, options }: { pendingKey: string; begun: Pending; options: InstallOptions },
  ): Promise<Omit<InstallResult, 'lock'>> {
    const before = await installedBefore(plan);
    const isNew = before.size < plan.packages.length;
    const ordered = isNew ? await order(plan, pendingKey, begun, options) : undefined;
    const packages: InstalledResult[] = [];
    for (const [at, each] of plan.packages.entries()) {
      const known = before.get(each.release.key);
      const asset = found[at] as InstalledAsset;
      const done =
        ordered === undefined || known !== undefined
          ? await asRequested(known as InstalledPackage, plan)
          : await register(each, asset, plan, ordered, options);
      const { moved, reused } = fetched[at] as Fetched;
      packages.push({ package: done, moved: moved + each.moved, reused, already: known !== undefined });
    }
    return { packages, ...sumsOf(fetched, packages), ordered };
  }

  /** One after the other, whatever became of the one before. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = lastEntering.then(work);
    lastEntering = mine.catch(() => undefined);
    return mine;
  }

  /** What was a dependency until now may be asked for by name from now on. */
  async function asRequested(known: InstalledPackage, plan: Plan): Promise<InstalledPackage> {
    const requested = plan.requirements[known.name];
    if (requested === undefined || known.requested !== undefined) return known;
    const done = { ...known, requested };
    await installed.put(done);
    return done;
  }

  async function beginning(pendingKey: string, fresh: Pending): Promise<Pending> {
    const before = await readPending(pendingKey);
    if (before !== undefined) return before;
    await state.put(pendingKey, encodeRecord(pendingSchema, fresh));
    return fresh;
  }

  async function readPending(key: string): Promise<Pending | undefined> {
    const bytes = await state.get(key);
    const decoded = bytes === undefined ? undefined : decodeRecord(pendingSchema, bytes, pendingLimits);
    return decoded?.ok ? decoded.value : undefined;
  }

  async function allPending(): Promise<readonly Pending[]> {
    const keys = await state.keys('pending/');
    return (await Promise.all(keys.map(readPending))).filter((each) => each !== undefined);
  }

  return {
    install: (specs, options = {}) => install(specs, options),
    async pending() {
      return (await allPending()).map(({ specs }) => specs);
    },
    async resume(options = {}) {
      const results: InstallResult[] = [];
      const failures: unknown[] = [];
      for (const { specs, lock } of await allPending()) {
        try {
          results.push(await install(specs, { ...options, lock, frozen: true }));
        } catch (error) {
          options.signal?.throwIfAborted();
          failures.push(error);
        }
      }
      if (failures.length > 0) throw failures[0];
      return results;
    },
  };
}

function assetOf({ release, record: found }: VerifiedRelease): InstalledAsset {
  const verdict = handlerOf(found.type).assetOf(found, release.record.digest);
  if (verdict.ok) return verdict.asset;
  throw refused(release.key, 'asset', verdict.reason);
}

function sumsOf(fetched: readonly Fetched[], packages: readonly InstalledResult[]) {
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  const peers = new Map<string, FetchedFrom>();
  for (const from of fetched.flatMap((each) => each.peers)) {
    const known = peers.get(from.node);
    peers.set(from.node, known === undefined ? from : { ...from, bytes: from.bytes + known.bytes });
  }
  return {
    bytes: sum(packages.map((each) => each.package.bytes)),
    moved: sum(packages.map((each) => each.moved)),
    reused: sum(packages.map((each) => each.reused)),
    rejectedChunks: sum(fetched.map((each) => each.rejectedChunks)),
    peers: [...peers.values()],
  };
}
