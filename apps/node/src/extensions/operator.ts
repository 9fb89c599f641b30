import type { Clock, Log } from '@hypermesh/core';
import type { Capability, ExtensionHost, ExtensionPackage, LoadOutcome } from '@hypermesh/extension-sdk/host';
import {
  type PackageFiles,
  readPackage,
  type TrustVerifier,
  type VerifiedPackage,
  verifyPackage,
} from '@hypermesh/extension-sdk/sign';
import { NodeError } from '../errors.ts';
import type { Decision, Decisions, Pin } from './decisions.ts';
import { asksFor, folderOf, judge, type LoadChoice } from './judge.ts';
import {
  badPackage,
  inWords,
  notAsked,
  notOffered,
  notPinned,
  notStarted,
  oneCapability,
  type RefusedExtension,
  refusalOf,
  refused,
} from './refusals.ts';
import type { Shelf } from './shelf.ts';
import type { LoadReport } from './view.ts';

/** What an operator works with. */
export interface OperatorParts {
  readonly host: ExtensionHost;
  readonly decisions: Decisions;
  readonly shelf: Shelf;
  readonly trust: TrustVerifier;
  /** Ids of those that come with the node. */
  readonly bundled: ReadonlySet<string>;
  /** What others than those can be granted. */
  readonly offered: ReadonlySet<Capability>;
  /** The signer that this node itself is. */
  readonly self: string;
  /** What is on disk and was not loaded. */
  readonly refused: Map<string, RefusedExtension>;
  readonly clock: Clock;
  readonly log: Log;
  readBundled(id: string): ReturnType<typeof readPackage>;
  /** Takes note that these files are what the operator let in under this name. */
  accept(name: string, files: PackageFiles): void;
  /** Forgets what an extension stored. */
  forget(id: string): Promise<void>;
  /** Tells whoever listens what was decided. */
  tell(id: string, event: string, about?: string): void;
}

const deactivated = 'deactivated by the operator';

/**
 * What an operator does with extensions: one thing at a time, each decision on disk before it is acknowledged and not
 * otherwise, so that a node that is killed at any moment comes back with it or without it.
 */
export class Operator {
  readonly #parts: OperatorParts;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: OperatorParts) {
    this.#parts = parts;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work, work);
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  /** Resolves when what was asked for before is done. */
  async settled(): Promise<void> {
    await this.#last;
  }

  /** Whether a signer's extensions may be loaded, and whether into this process. */
  standing(signer: string): Pick<Pin, 'trusted'> | undefined {
    return signer === this.#parts.self ? { trusted: true } : this.#parts.decisions.pins.get(signer);
  }

  /** Verifies a folder, copies it and starts it; with `dryRun` says what it would get. */
  load(folder: string, choice: LoadChoice): Promise<LoadReport> {
    return this.#inTurn(async () => {
      const { host, decisions, shelf, offered } = this.#parts;
      const from = folderOf(folder);
      const verified = await this.#verified(from, choice.signal);
      const { id, version } = verified.manifest;
      this.#notBundled(id, `hypermesh extension info ${id} shows it`);
      if (decisions.loaded.has(id))
        throw refused(id, 'it is loaded already', `hypermesh extension reload ${id} --from ${from}`);
      const { signer } = verified.signer;
      const standing = this.standing(signer);
      const { grants, report } = judge(verified, { ...choice, from, before: undefined, standing, offered });
      if (choice.dryRun === true) return report;
      await this.#forgetStored(id);
      const name = shelf.put(id, verified.files);
      try {
        const done = await decisions.attempt(async () => {
          decisions.loaded.set(id, { id, version, signer, package: name, from, active: true, grants });
          const [outcome] = await host.load([this.package(name, verified.files)], choice.signal);
          if (outcome?.ok !== true) throw notStarted(id, outcome);
          return reportOf(report, outcome);
        });
        this.#parts.refused.delete(id);
        return done;
      } catch (error) {
        if (host.get(id) !== undefined) await host.unload(id);
        shelf.remove(name);
        throw error;
      }
    });
  }

  /** A package on the shelf, as the host takes it. */
  package(name: string, files: PackageFiles): ExtensionPackage {
    const { shelf } = this.#parts;
    this.#parts.accept(name, files);
    const reread = async (signal: AbortSignal) => {
      const read = await shelf.read(name, signal);
      if (!read.ok) throw new Error(inWords(read.reason));
      return read.files;
    };
    return { files, origin: name.split('@')[0] ?? name, reread };
  }

  /** Puts a new version in the place of one that runs. What it asks for anew has to be granted; where it fails, the old one goes on. */
  reload(id: string, choice: LoadChoice & { readonly from?: string }): Promise<LoadReport> {
    return this.#inTurn(async () => {
      const { host, decisions, shelf, offered } = this.#parts;
      this.#notBundled(id, 'the node signs and loads it anew when it starts');
      const before = this.#decision(id);
      const from = folderOf(choice.from ?? before.from);
      const verified = await this.#verified(from, choice.signal);
      const { version } = verified.manifest;
      const { signer } = verified.signer;
      if (verified.manifest.id !== id)
        throw refused(id, `${from} holds ${verified.manifest.id}`, `hypermesh extension load ${from}`);
      if (signer !== before.signer) {
        const next = `if that is on purpose: hypermesh extension unload ${id}, then load ${from}`;
        throw refused(id, `signed by ${signer}, and until now by ${before.signer}`, next);
      }
      const running = host.get(id);
      if (running?.state !== 'active')
        throw refused(id, 'only one that is active is replaced', `hypermesh extension activate ${id}`);
      const standing = this.standing(signer);
      const { grants, report } = judge(verified, { ...choice, from, before, standing, offered });
      if (choice.dryRun === true) return report;
      const isSame = shelf.nameOf(id, verified.files) === before.package;
      const name = isSame ? before.package : shelf.put(id, verified.files);
      try {
        const done = await decisions.attempt(async () => {
          decisions.loaded.set(id, { ...before, version, package: name, from, grants });
          const outcome = await host.reload(this.package(name, verified.files), choice.signal);
          if (!outcome.ok) throw notStarted(id, outcome);
          return reportOf(report, outcome);
        });
        if (!isSame) shelf.remove(before.package);
        return done;
      } catch (error) {
        await this.#backTo(before, running.generation);
        if (!isSame) shelf.remove(name);
        throw error;
      }
    });
  }

  /** Where the new generation began and could not be written down, the old one comes back. */
  async #backTo(before: Decision, generation: number): Promise<void> {
    const { host, shelf, log } = this.#parts;
    if (host.get(before.id)?.generation === generation) return;
    const read = await shelf.read(before.package);
    const outcome = read.ok ? await host.reload(this.package(before.package, read.files)) : undefined;
    if (outcome?.ok !== true) log.error('extension.not-rolled-back', { extension: before.id });
  }

  /** Ends an extension, and forgets it with all that it stored. */
  unload(id: string): Promise<void> {
    return this.#inTurn(async () => {
      const { host, decisions, shelf } = this.#parts;
      this.#notBundled(id, `hypermesh extension deactivate ${id} keeps it from running`);
      const decision = this.#decision(id);
      const needing = host
        .list()
        .filter(({ dependencies }) => dependencies.some((each) => each.startsWith(`${id} `)))
        .map((each) => each.id);
      if (needing.length > 0)
        throw refused(id, `${needing.join(', ')} needs it`, `hypermesh extension unload ${needing[0]}`);
      await decisions.attempt(() => {
        decisions.loaded.delete(id);
        decisions.forgetting.add(id);
      });
      if (host.get(id) !== undefined) await host.unload(id);
      this.#parts.refused.delete(id);
      shelf.remove(decision.package);
      await this.#forgetStored(id);
      this.#parts.tell(id, 'forgotten');
    });
  }

  /** Ends what a crash, or a disk that failed, left of what was unloaded before. */
  forgetUnloaded(): Promise<void> {
    return this.#inTurn(async () => {
      for (const id of this.#parts.decisions.forgetting) await this.#forgetStored(id);
    });
  }

  async #forgetStored(id: string): Promise<void> {
    const { decisions, forget } = this.#parts;
    if (!decisions.forgetting.has(id)) return;
    await forget(id);
    await decisions.attempt(() => decisions.forgetting.delete(id));
  }

  /** Keeps an extension from serving, from now on and after a restart. */
  deactivate(id: string): Promise<void> {
    return this.#inTurn(async () => {
      const { host, decisions } = this.#parts;
      await decisions.attempt(() => this.#setActive(id, false));
      const info = host.get(id);
      if (info?.state === 'active') await host.suspend(id, deactivated);
      if (info !== undefined) await host.rest(id);
      this.#parts.tell(id, 'deactivated');
    });
  }

  /** Lets an extension serve again, if it is still what may be loaded. */
  activate(id: string): Promise<void> {
    return this.#inTurn(async () => {
      const { host, decisions } = this.#parts;
      const wasActive = host.get(id)?.state === 'active';
      try {
        await decisions.attempt(async () => {
          this.#setActive(id, true);
          await this.#start(id);
        });
      } catch (error) {
        if (!wasActive && host.get(id)?.state === 'active') await host.suspend(id, deactivated);
        throw error;
      }
      this.#parts.tell(id, 'activated');
    });
  }

  #setActive(id: string, active: boolean): void {
    const { decisions, bundled } = this.#parts;
    if (bundled.has(id)) {
      const known = decisions.bundled.get(id) ?? { id, active, revoked: [] };
      decisions.bundled.set(id, { ...known, active });
    } else decisions.loaded.set(id, { ...this.#decision(id), active });
  }

  /** Has an extension run: resumes it, or starts it from disk. Throws where it may not. */
  async #start(id: string): Promise<void> {
    const { host, shelf, decisions } = this.#parts;
    const info = host.get(id);
    if (info === undefined) {
      const decision = decisions.loaded.get(id);
      const read = await (decision === undefined
        ? this.#parts.readBundled(id)
        : shelf.read(decision.package));
      const outcome = read.ok ? await this.#open(id, decision, read.files) : refusalOf(id, read.reason);
      if (outcome.ok) return;
      this.#parts.refused.set(id, outcome);
      throw notStarted(id, outcome);
    }
    const missing = info.asked.required.find((each) => !info.granted.includes(each));
    if (missing !== undefined)
      throw refused(id, `it needs ${missing}`, `hypermesh extension grant ${id} ${missing}`);
    if (this.standing(info.signer.signer) === undefined) throw notPinned(id, info.signer.signer);
    if (info.state === 'active') return;
    const verdict = await host.activate(id);
    if (!verdict.ok) throw refused(id, verdict.reason, `hypermesh extension unload ${id}`);
  }

  async #open(id: string, decision: Decision | undefined, files: PackageFiles): Promise<LoadOutcome> {
    if (decision !== undefined && this.standing(decision.signer) === undefined)
      throw notPinned(id, decision.signer);
    const package_ = decision === undefined ? { files, origin: id } : this.package(decision.package, files);
    const [outcome] = await this.#parts.host.load([package_]);
    if (outcome?.ok) this.#parts.refused.delete(id);
    return outcome ?? refusalOf(id, { code: 'unreadable', detail: 'nothing was there' });
  }

  /** Gives an extension a capability that it asks for; it is there for its next call. */
  grant(id: string, capability: string): Promise<void> {
    return this.#inTurn(async () => {
      const { host, decisions, offered, bundled } = this.#parts;
      const name = oneCapability(capability);
      if (!bundled.has(id) && !offered.has(name)) throw notOffered(id, name, offered);
      if (!bundled.has(id)) this.#decision(id);
      const info = host.get(id);
      if (info !== undefined && !asksFor(info.asked, name)) throw notAsked(id, name);
      try {
        await decisions.attempt(() => {
          this.#setGranted(id, name, true);
          if (info !== undefined && !host.grant(id, name)) throw notOffered(id, name, offered);
        });
      } catch (error) {
        if (info !== undefined && !info.granted.includes(name)) host.revoke(id, name);
        throw error;
      }
      this.#parts.tell(id, 'granted', name);
    });
  }

  /** Takes a capability away at once; an extension that cannot do without it stops serving. */
  revoke(id: string, capability: string): Promise<void> {
    return this.#inTurn(async () => {
      const { host, decisions, bundled } = this.#parts;
      const name = oneCapability(capability);
      if (!bundled.has(id)) this.#decision(id);
      // First here, then on disk: where that is full, it is gone all the same until the next start.
      const info = host.get(id);
      if (info !== undefined) {
        host.revoke(id, name);
        if (info.asked.required.includes(name) && info.state === 'active')
          await host.suspend(id, `needs ${name}, which was revoked`);
      }
      this.#parts.tell(id, 'revoked', name);
      await decisions.attempt(() => this.#setGranted(id, name, false));
    });
  }

  #setGranted(id: string, name: Capability, isGranted: boolean): void {
    const { decisions, bundled } = this.#parts;
    const without = (names: readonly Capability[]) => names.filter((each) => each !== name);
    const withIt = (names: readonly Capability[]) => [...without(names), name].sort();
    if (bundled.has(id)) {
      const known = decisions.bundled.get(id) ?? { id, active: true, revoked: [] };
      const revoked = isGranted ? without(known.revoked) : withIt(known.revoked);
      decisions.bundled.set(id, { ...known, revoked });
      return;
    }
    const known = this.#decision(id);
    const grants = isGranted ? withIt(known.grants) : without(known.grants);
    decisions.loaded.set(id, { ...known, grants });
  }

  /** Lets a signer's extensions in from now on. Nothing is ever pinned by itself. */
  pin(signer: string, trusted: boolean): Promise<void> {
    return this.#inTurn(async () => {
      const { decisions, clock, self } = this.#parts;
      if (signer === self || !/^[\x21-\x7e]{8,128}$/.test(signer)) {
        const next = 'give the id of a signer, as hypermesh extension load names it';
        const what = signer === self ? 'This node believes itself already' : 'That is no id of a signer';
        throw new NodeError({ code: 'node/bad-flag', flag: 'SIGNER', next }, what);
      }
      await decisions.attempt(() => decisions.pins.set(signer, { signer, trusted, atMs: clock.nowMs() }));
      // Who was let into this process before, and is no more, does not stay there.
      await this.#parts.host.recheck();
      this.#parts.tell('', 'pinned', signer);
    });
  }

  /** Lets no more of a signer in, and stops what runs of it; answers the ids of those. */
  unpin(signer: string): Promise<readonly string[]> {
    return this.#inTurn(async () => {
      const { decisions, host } = this.#parts;
      if (!decisions.pins.has(signer)) {
        const next = `pinned are: ${[...decisions.pins.keys()].join(', ') || 'none'}`;
        throw new NodeError({ code: 'node/not-found', what: signer, next }, `${signer} is not pinned`);
      }
      await decisions.attempt(() => decisions.pins.delete(signer));
      const stopped = host.list().filter((each) => each.signer.signer === signer && each.state === 'active');
      for (const { id } of stopped) await host.suspend(id, 'its signer is not pinned any more');
      this.#parts.tell('', 'unpinned', signer);
      return stopped.map(({ id }) => id);
    });
  }

  #notBundled(id: string, next: string): void {
    if (this.#parts.bundled.has(id)) throw refused(id, 'it comes with the node', next);
  }

  #decision(id: string): Decision {
    const { decisions, bundled } = this.#parts;
    const found = decisions.loaded.get(id);
    if (found !== undefined) return found;
    const next = `there are: ${[...decisions.loaded.keys(), ...bundled].sort().join(', ')}`;
    throw new NodeError({ code: 'node/not-found', what: id, next }, `No extension called ${id} is loaded`);
  }

  async #verified(folder: string, signal: AbortSignal | undefined): Promise<VerifiedPackage> {
    const read = await readPackage(folder, { signal });
    if (!read.ok) throw badPackage(folder, inWords(read.reason));
    const verdict = await verifyPackage(read.files, this.#parts.trust, { signal });
    if (!verdict.ok) throw badPackage(folder, inWords(verdict.reason));
    return verdict.verified;
  }
}

function reportOf(report: LoadReport, { info }: LoadOutcome & { ok: true }): LoadReport {
  const { methods, quotas, loadMs, granted } = info;
  return { ...report, granted, operations: methods, quotas, loadMs };
}
