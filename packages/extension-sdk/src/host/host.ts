import { silentLog, type Verdict } from '@hypermesh/core';
import { scopeFor } from '../broker/policy.ts';
import type { Capability } from '../capabilities.ts';
import { badArgument, ExtensionError } from '../errors.ts';
import { type VerifiedPackage, verifyPackage } from '../sign/verify.ts';
import type { CheckpointReason } from '../state/checkpoint.ts';
import { disbelief } from './belief.ts';
import { withCountedAudit } from './counted.ts';
import { readFolders } from './discover.ts';
import { lazyEngines } from './entry.ts';
import { type Asked, Generations } from './generations.ts';
import { restoreState, sealState } from './keeping.ts';
import type { OpenParts } from './open.ts';
import type {
  ExtensionEvent,
  ExtensionHostOptions,
  ExtensionInfo,
  ExtensionPackage,
  ExtensionRequest,
  ExtensionResponse,
  LoadOutcome,
  LoadRefusalCode,
} from './ports.ts';
import { type Refusal, refused } from './refusal.ts';
import { resolveOrder } from './resolve.ts';
import { Resting } from './resting.ts';
import { Routes } from './routes.ts';
import { RequestDesk } from './serve.ts';
import { Slot } from './slot.ts';
import { Tally } from './tally.ts';

/** A verified package that is to be loaded. */
interface Arrival {
  readonly verified: VerifiedPackage;
  readonly asked: Asked;
}

type Refused = LoadOutcome & { readonly ok: false };

/**
 * Loads extensions and stands between them and everything else. One call that loads, reloads or unloads runs at a
 * time; requests run beside it.
 */
export class ExtensionHost implements AsyncDisposable {
  readonly #options: ExtensionHostOptions;
  readonly #slots = new Map<string, Slot>();
  readonly #routes = new Routes();
  readonly #listeners = new Set<(event: ExtensionEvent) => void>();
  readonly #desk: RequestDesk;
  readonly #engines: ReturnType<typeof lazyEngines>;
  readonly #opening: OpenParts;
  readonly #generations: Generations;
  readonly #tally: Tally;
  readonly #resting: Resting;
  /** Aborted when the host is closed: nothing that begins is waited for then. */
  readonly #life = new AbortController();
  #changing: Promise<unknown> = Promise.resolve();

  constructor(options: ExtensionHostOptions) {
    const { audit, clock, log = silentLog, state } = options;
    if (state !== undefined && state.key.length !== 32) throw badArgument('state.key', '32 bytes');
    this.#options = options;
    this.#engines = lazyEngines(options.engines);
    this.#tally = new Tally(audit, clock);
    this.#opening = { options, engines: this.#engines, audit: this.#tally, clock, log };
    this.#resting = new Resting({
      clock,
      afterMs: options.restAfterMs,
      change: (task) => this.#change(task),
      slots: () => this.#slots.values(),
    });
    this.#generations = new Generations(this.#opening, this.#resting, this.#life.signal);
    this.#desk = new RequestDesk(options, {
      audit: this.#tally,
      wake: (slot, instance) => this.#resting.wake(slot, instance),
      slotOf: (method) => this.#routes.methods.get(method),
      handlerOf: (type) => this.#routes.handlers.get(type),
    });
  }

  /** Runs changes one after another. */
  #change<T>(task: () => Promise<T>): Promise<T> {
    const next = this.#changing.then(task, task);
    this.#changing = next.catch(() => undefined);
    return next;
  }

  /** Calls back for every transition of every extension, in order; returns how to stop that. */
  on(listener: (event: ExtensionEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #get(id: string): Slot {
    const slot = this.#slots.get(id);
    if (slot === undefined) throw new ExtensionError({ code: 'extension/not-found', extension: id });
    return slot;
  }

  /** Every loaded extension, by id. */
  list(): readonly ExtensionInfo[] {
    return [...this.#slots.values()].map((slot) => slot.info()).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** One extension, or undefined where none of this id is loaded. */
  get(id: string): ExtensionInfo | undefined {
    return this.#slots.get(id)?.info();
  }

  /** What an extension may use now. */
  granted(id: string): readonly Capability[] {
    return this.#slots.get(id)?.serving().broker.granted ?? [];
  }

  /** Who handles which type of assets. */
  handlers(): ReadonlyMap<string, string> {
    return new Map([...this.#routes.handlers].map(([type, { id }]) => [type, id]));
  }

  /** Answers a request of a client. Never rejects. */
  handle(request: ExtensionRequest): Promise<ExtensionResponse> {
    return this.#desk.handle(request);
  }

  /** Has the handler of a type of assets do something; policies know it as the method `asset.TYPE.ACTION`. */
  asset(type: string, action: string, request: Omit<ExtensionRequest, 'method'>): Promise<ExtensionResponse> {
    return this.#desk.asset(type, action, request);
  }

  /** Reads and loads every folder of a directory that holds a `manifest.json`. What cannot be read is an outcome, too. */
  async discover(directory: string, signal?: AbortSignal): Promise<readonly LoadOutcome[]> {
    const found = await readFolders(directory, { ...this.#options.packages, signal });
    const refused = found.refused.map(({ origin, problem }) => this.#refuse(origin, problem));
    return [...refused, ...(await this.load(found.packages, signal))];
  }

  #refuse(id: string, refusal: Refusal): Refused {
    return refused(this.#tally, id, refusal);
  }

  /**
   * Verifies packages, orders them by what they need, and loads them, level by level, those of a level at once. One that
   * is refused does not keep the others from being loaded; outcomes are by id.
   */
  load(packages: readonly ExtensionPackage[], signal?: AbortSignal): Promise<readonly LoadOutcome[]> {
    return this.#change(async () => {
      this.#life.signal.throwIfAborted();
      const outcomes: LoadOutcome[] = [];
      const arrived: Arrival[] = [];
      for (const { files, origin = '', reread } of packages) {
        const verdict = await verifyPackage(files, this.#options.trust, {
          ...this.#options.packages,
          signal,
        });
        if (!verdict.ok) outcomes.push(this.#refuse(origin, verdict.reason));
        else if (this.#slots.has(verdict.verified.manifest.id)) {
          const problem = { code: 'already-loaded', detail: 'reload replaces it' } as const;
          outcomes.push(this.#refuse(verdict.verified.manifest.id, problem));
        } else arrived.push({ verified: verdict.verified, asked: { signal, reread } });
      }
      const { levels, refused } = resolveOrder(
        arrived.map(({ verified }) => verified.manifest),
        this.#provided(),
      );
      for (const [id, refusal] of refused) outcomes.push(this.#refuse(id, refusal));
      const failed = new Set(refused.keys());
      for (const level of levels) {
        const results = await Promise.all(
          level.map((id) => {
            const one = arrived.find(({ verified }) => verified.manifest.id === id);
            if (one === undefined) throw new TypeError('an order of load names what was not verified');
            return this.#loadOne(one, failed);
          }),
        );
        for (const outcome of results) if (!outcome.ok) failed.add(outcome.id);
        outcomes.push(...results);
      }
      return outcomes.sort((a, b) => (a.id < b.id ? -1 : 1));
    });
  }

  #provided(): ReadonlyMap<string, string> {
    const own = Object.entries(this.#options.provides ?? {});
    return new Map([
      ...own,
      ...[...this.#slots.values()].map((slot) => [slot.id, slot.info().version] as const),
    ]);
  }

  async #loadOne({ verified, asked }: Arrival, failed: ReadonlySet<string>): Promise<LoadOutcome> {
    const { id, dependencies } = verified.manifest;
    const startedMs = performance.now();
    const slot = new Slot(id, this.#tally, (event) => {
      for (const listener of this.#listeners) listener(event);
    });
    const fail = (code: LoadRefusalCode, detail: string) => {
      slot.move('fail', code);
      return this.#refuse(id, { code, detail });
    };
    slot.move('verify');
    const broken = dependencies.find((dependency) => failed.has(dependency.id));
    if (broken !== undefined) return fail('dependency-refused', `needs ${broken.id}, which is refused`);
    slot.move('resolve');
    const opened = await this.#generations.open(verified, asked);
    if (!opened.ok) return fail(opened.reason.code, opened.reason.detail);
    const { instance } = opened;
    const taken = this.#routes.taken(instance);
    if (taken !== undefined) {
      await this.#generations.close(instance);
      return fail(taken.code, taken.detail);
    }
    // The names are held from here on, before anything is awaited, so that two of a level cannot take the same.
    this.#slots.set(id, slot);
    this.#routes.put(slot, instance);
    slot.move('load');
    const started = await this.#generations.start(slot, instance, undefined, asked.signal);
    if (!started.ok) {
      this.#routes.remove(slot);
      this.#slots.delete(id);
      await this.#generations.close(instance);
      return fail(started.reason.code, started.reason.detail);
    }
    slot.generation = 1;
    slot.loadMs = performance.now() - startedMs;
    slot.usedMs = this.#options.clock.monotonicMs();
    slot.move('activate');
    this.#resting.watch(slot);
    return { ok: true, id, info: slot.info() };
  }

  /**
   * Puts another version of a loaded extension in its place: verified and opened beside the old one, which then finishes
   * the calls that it has while new ones wait; state is carried over, and the next call meets the new one. Where it
   * fails, the old one goes on.
   */
  reload(package_: ExtensionPackage, signal?: AbortSignal): Promise<LoadOutcome> {
    return this.#change(async () => {
      this.#life.signal.throwIfAborted();
      const { files, reread } = package_;
      const verdict = await verifyPackage(files, this.#options.trust, { ...this.#options.packages, signal });
      if (!verdict.ok) return this.#refuse('', verdict.reason);
      const { verified } = verdict;
      const { id } = verified.manifest;
      const slot = this.#slots.get(id);
      if (slot?.state !== 'active')
        return this.#refuse(id, { code: 'not-loaded', detail: 'only an active extension is replaced' });
      const { refused } = resolveOrder([verified.manifest], this.#provided());
      const refusal = refused.get(id);
      if (refusal !== undefined) return this.#refuse(id, refusal);
      const startedMs = performance.now();
      const opened = await this.#generations.open(verified, { signal, reread });
      if (!opened.ok) return this.#refuse(id, opened.reason);
      const { instance } = opened;
      const old = slot.serving();
      const taken = this.#routes.taken(instance, slot);
      if (taken !== undefined) {
        await this.#generations.close(instance);
        return this.#refuse(id, taken);
      }
      await slot.gate.close();
      const wasResting = slot.isResting;
      try {
        const version = old.guest.description.stateVersion;
        const carried = version === undefined ? undefined : { version, value: old.state.value };
        const started = await this.#generations.start(slot, instance, carried, signal);
        if (!started.ok) {
          await this.#generations.close(instance);
          return this.#refuse(id, started.reason);
        }
        this.#routes.put(slot, instance);
        slot.isResting = false;
        slot.limiter = undefined;
        slot.generation++;
        slot.usedMs = this.#options.clock.monotonicMs();
        slot.loadMs = performance.now() - startedMs;
        slot.move('replace', `generation ${slot.generation}`);
      } finally {
        slot.gate.open();
      }
      this.#resting.watch(slot);
      // One that rested left nothing behind that its hook could end.
      if (!wasResting) await this.#generations.hook(slot, old, 'onUnload');
      await this.#generations.close(old);
      return { ok: true, id, info: slot.info() };
    });
  }

  /** Stops an extension from serving; calls that run go on. */
  suspend(id: string, reason: string): Promise<void> {
    return this.#change(async () => {
      const slot = this.#get(id);
      slot.move('suspend', reason);
      await this.#generations.hook(slot, slot.serving(), 'onSuspend');
    });
  }

  /** Lets a suspended extension serve again, if its signer is still believed. */
  activate(id: string): Promise<Verdict<object>> {
    return this.#change(async () => {
      const slot = this.#get(id);
      const verdict = await disbelief(slot, this.#options);
      if (verdict !== undefined) return { ok: false, reason: verdict };
      slot.move('resume');
      return { ok: true };
    });
  }

  /** Ends an extension: no new calls, those that run are aborted, then everything it held is gone. */
  unload(
    id: string,
  ): Promise<Verdict<object, { readonly code: 'needed-by'; readonly by: readonly string[] }>> {
    return this.#change(async () => {
      const slot = this.#get(id);
      const by = [...this.#slots.values()]
        .filter(({ current }) => current?.verified.manifest.dependencies.some((each) => each.id === id))
        .map((each) => each.id);
      if (by.length > 0) return { ok: false, reason: { code: 'needed-by', by: by.sort() } };
      const instance = slot.serving();
      this.#routes.remove(slot);
      this.#resting.forget(slot);
      slot.move('unload');
      slot.end();
      await slot.gate.close();
      await this.#generations.hook(slot, instance, 'onUnload');
      this.#resting.forget(slot);
      await this.#generations.close(instance);
      slot.current = undefined;
      slot.gate.open();
      this.#slots.delete(id);
      this.#tally.forget(id);
      return { ok: true };
    });
  }

  /** Grants a capability that the policy allows and the manifest asks for; false where that, or the object behind it, is missing. */
  grant(id: string, capability: Capability): boolean {
    const { broker, verified } = this.#get(id).serving();
    const { required, optional } = verified.manifest.capabilities;
    const scope = scopeFor(this.#options.policy, { id, signer: verified.signer.signer }, capability);
    return (
      scope !== undefined &&
      [...required, ...optional].includes(capability) &&
      broker.grant(capability, scope)
    );
  }

  /** Takes a capability back at once. */
  revoke(id: string, capability: Capability): boolean {
    return this.#get(id).serving().broker.revoke(capability);
  }

  /** Lets an extension go from memory until its next call, when its calls have ended. Nothing in `trusted`, whose code stays. */
  rest(id: string): Promise<void> {
    return this.#change(() => this.#resting.rest(this.#get(id), 'asked to'));
  }

  /** Asks again whether each signer is believed, and suspends the extensions of those who are not. Answers their ids. */
  async recheck(): Promise<readonly string[]> {
    const suspended: string[] = [];
    for (const slot of [...this.#slots.values()]) {
      if (slot.state !== 'active') continue;
      const why = await disbelief(slot, this.#options);
      if (why === undefined || slot.state !== 'active') continue;
      await this.suspend(slot.id, why);
      suspended.push(slot.id);
    }
    return suspended;
  }

  /** The state of an extension, encrypted, with the next counter. Throws `extension/no-state-key` where the host has no key. */
  async exportState(id: string): Promise<Uint8Array> {
    return sealState(this.#get(id), this.#options);
  }

  /** Restores exported state: only the newest; an older one is `rolled-back`. Calls that run finish first. */
  importState(id: string, bytes: Uint8Array): Promise<Verdict<object, CheckpointReason>> {
    return this.#change(async () => {
      const slot = this.#get(id);
      if (slot.isResting) await this.#resting.wake(slot, slot.serving());
      return restoreState(slot, bytes, this.#opening);
    });
  }

  /** Unloads everything, what depends on others first, and ends the engines. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#life.abort(new ExtensionError({ code: 'extension/closed' }));
    await this.#changing;
    while (this.#slots.size > 0) {
      const before = this.#slots.size;
      for (const id of [...this.#slots.keys()]) await this.unload(id);
      if (this.#slots.size === before)
        throw new TypeError('extensions that are loaded need each other in a circle');
    }
    await this.#engines[Symbol.asyncDispose]();
  }
}

/** Opens a host without extensions. */
export function createExtensionHost(options: ExtensionHostOptions): ExtensionHost {
  return new ExtensionHost(withCountedAudit(options));
}
