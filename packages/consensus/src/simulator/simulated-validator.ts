import type { Certificate } from '../engine/certificate.ts';
import type { Message } from '../engine/message.ts';
import type { StoredBlock } from '../engine/record.ts';
import { liveRecords, recoverEngine } from '../engine/recovery.ts';
import { SIMPLEX_RULES } from '../engine/rules.ts';
import {
  type EngineConfig,
  type EngineEffect,
  type EngineInput,
  type EngineState,
  type Head,
  headOf,
  type LogRecord,
  type TimerKind,
} from '../engine/state.ts';
import { step } from '../engine/step.ts';
import type { Vote } from '../engine/vote.ts';
import { tornLog } from './torn-log.ts';
import type { Participant, World } from './world.ts';

const GUARD_STRIDE = 8;
const KIND = { notarize: 0, nullify: 1, finalize: 2 } as const;
/** One commit in so many is followed by a compaction of the log. */
const COMPACT_EVERY = 16;

interface Stored extends StoredBlock {
  /** Length of the log that must be durable before the block is stored; 0 for one that was synced at once. */
  readonly afterLog: number;
}

/** How one validator differs from an honest, undisturbed one. */
export interface Conduct {
  /** Whether the invariants watch it. */
  readonly isHonest: boolean;
  /** Whether a message leaves for `to`. */
  readonly says?: (to: number, message: Message) => boolean;
  readonly crashChance?: number;
  readonly lostLogChance?: number;
}

/** A validator whose engine is the real one, with a simulated disk that may fail it at any moment. */
export class SimulatedValidator implements Participant {
  readonly index: number;
  readonly #world: World;
  readonly #conduct: Conduct;
  readonly #config: EngineConfig;
  readonly #inputs: EngineInput[] = [];
  readonly #heads: Head[];
  readonly #durableVotes = new Map<number, string>();
  #log: LogRecord[] = [];
  #durable = 0;
  #stored: Stored[] = [];
  #synced = 0;
  #guard = 0;
  #mutedUntil = 0;
  #epoch = 0;
  #timers = { view: 0, retry: 0, spread: 0 };
  #toVerify: Extract<EngineEffect, { type: 'verify' }> | undefined;
  #isStepping = false;
  #commits = 0;
  isUp = false;
  state: EngineState;
  crashes = 0;

  constructor(world: World, index: number, conduct: Conduct) {
    this.index = index;
    this.#world = world;
    this.#conduct = conduct;
    const { model, options, links } = world;
    const times = options.timeouts ?? { leader: 5, advance: 8, retry: 12, spread: 1 };
    this.#config = {
      validators: world.validators,
      me: index,
      chain: model.chain,
      validatorsHash: model.validatorsHash,
      genesis: model.genesis,
      scheme: model.schemeOf(index),
      rules: options.rules ?? SIMPLEX_RULES,
      timeouts: {
        leaderMs: times.leader * links.delayMs,
        advanceMs: times.advance * links.delayMs,
        heartbeatMs: 0,
        retryMs: times.retry * links.delayMs,
        spreadMs: times.spread * links.delayMs,
      },
      viewAhead: 32,
    };
    this.#heads = [model.genesis];
    this.state = recoverEngine(this.#config, { head: undefined, best: undefined, records: [], guardView: 0 });
  }

  get head(): Head {
    return this.state.head;
  }

  start(): void {
    if (this.isUp) return;
    const records =
      this.#world.options.sabotage === 'forget-votes'
        ? this.#log.filter(({ type }) => type !== 'vote')
        : this.#log;
    const last = this.#stored[this.#stored.length - 1];
    this.state = recoverEngine(this.#config, {
      head: last && headOf(last.block),
      best: last?.certificate,
      records,
      guardView: this.#mutedUntil,
    });
    this.#heads.length = this.#stored.length + 1;
    this.isUp = true;
    this.take({ type: 'start' });
  }

  receive(from: number, message: Message): void {
    if (this.isUp) this.take({ type: 'message', from, message });
  }

  take(input: EngineInput): void {
    this.#inputs.push(input);
    if (this.#isStepping) return;
    this.#isStepping = true;
    for (let next = this.#inputs.shift(); next !== undefined && this.isUp; next = this.#inputs.shift()) {
      const { state, effects } = step(this.state, next);
      this.state = state;
      for (const effect of effects) {
        if (this.#mayCrash()) break;
        this.#perform(effect);
      }
    }
    this.#isStepping = false;
  }

  #mayCrash(): boolean {
    const { crashChance = 0 } = this.#conduct;
    if (crashChance === 0 || this.#world.isCalm || this.#world.random.unit() >= crashChance) return false;
    this.#crash();
    return true;
  }

  /** Stops at once: of what was not yet durable any part may survive. */
  #crash(): void {
    const { random, options } = this.#world;
    this.isUp = false;
    this.crashes += 1;
    this.#epoch += 1;
    this.#inputs.length = 0;
    this.#toVerify = undefined;
    const kept = this.#durable + random.below(this.#log.length - this.#durable + 1);
    this.#log =
      options.fidelity === 'real'
        ? tornLog(this.#log, { durable: this.#durable, validators: this.#config.validators, random })
        : this.#log.slice(0, kept);
    const reachable = this.#stored.filter(({ afterLog }) => afterLog <= this.#durable).length;
    const blocks = this.#synced + random.below(Math.max(0, reachable - this.#synced) + 1);
    this.#stored.length = Math.min(this.#stored.length, blocks);
    if (random.unit() < (this.#conduct.lostLogChance ?? 0)) {
      this.#log = [];
      this.#mutedUntil = this.#guard;
    }
    this.#durable = 0;
    this.#becomeDurable(this.#log.length);
    this.#world.schedule(options.crashes?.downMs ?? 0, () => this.start());
  }

  #perform(effect: EngineEffect): void {
    const world = this.#world;
    switch (effect.type) {
      case 'persist':
        this.#persist(effect.token, effect.records);
        return;
      case 'send':
        if (this.#conduct.isHonest) this.#watch(effect.message);
        if (this.#mays(effect.to, effect.message)) world.send(this.index, effect.to, effect.message);
        return;
      case 'broadcast':
        this.#broadcast(effect.message);
        return;
      case 'setTimer':
        this.#setTimer(effect.timer, effect.view, effect.afterMs);
        return;
      case 'propose':
        this.#later(world.options.thinkMs, () => this.#propose(effect));
        return;
      case 'verify':
        this.#later(world.options.thinkMs, () => {
          this.#toVerify = effect;
          this.#verify();
        });
        return;
      case 'commit':
        this.#commit(effect);
        return;
      case 'serve':
        this.#serve(effect.to, effect.height);
        return;
      case 'report':
        if (effect.report.event === 'safety-violation' && this.#conduct.isHonest) {
          const { view, detail = '' } = effect.report;
          world.invariants.violations.push({ kind: 'reported', view, node: this.index, detail });
        }
        return;
      default:
        effect satisfies never;
    }
  }

  /** After up to `maxMs`, unless a crash comes between; at once for 0. */
  #later(maxMs: number | undefined, run: () => void): void {
    if (maxMs === undefined || maxMs === 0) {
      run();
      return;
    }
    const epoch = this.#epoch;
    this.#world.schedule(this.#world.random.below(maxMs + 1), () => {
      if (epoch === this.#epoch) run();
    });
  }

  #persist(token: number, records: readonly LogRecord[]): void {
    const { options } = this.#world;
    const length = this.#log.push(...records);
    for (const record of records) {
      if (record.type === 'vote' && record.view > this.#guard) this.#guard = record.view + GUARD_STRIDE;
    }
    const early = options.sabotage === 'early-ack';
    if (early) this.take({ type: 'persisted', token });
    // Alone, a validator hears nobody: without this its views would take no time.
    const syncMs = options.syncMs ?? (this.#config.validators === 1 ? 1 : 0);
    this.#later(early ? 40 : syncMs, () => {
      for (; this.#durable < Math.min(length, this.#log.length); this.#durable += 1) {
        const record = this.#log[this.#durable];
        if (record?.type === 'vote')
          this.#durableVotes.set(record.view * 4 + KIND[record.kind], record.block);
      }
      if (!early) this.take({ type: 'persisted', token });
    });
  }

  #becomeDurable(length: number): void {
    for (; this.#durable < Math.min(length, this.#log.length); this.#durable += 1) {
      const record = this.#log[this.#durable];
      if (record?.type === 'vote') this.#durableVotes.set(record.view * 4 + KIND[record.kind], record.block);
    }
  }

  #mays(to: number, message: Message): boolean {
    return this.#conduct.says?.(to, message) ?? true;
  }

  #broadcast(message: Message): void {
    const world = this.#world;
    if (this.#conduct.isHonest) this.#watch(message);
    if (message.type === 'block' && !world.proposedAt.has(message.block.id)) {
      world.proposedAt.set(message.block.id, world.nowMs);
    }
    for (let to = 0; to < world.validators; to += 1) {
      if (to !== this.index && this.#mays(to, message)) world.send(this.index, to, message);
    }
  }

  #watch(message: Message): void {
    const { invariants } = this.#world;
    if (message.type === 'vote') invariants.voted(this.index, message.vote, this.#isDurable(message.vote));
    else if (message.type === 'certificate') invariants.certified(this.index, message.certificate);
  }

  #isDurable({ kind, view, block }: Vote): boolean {
    return this.#durableVotes.get(view * 4 + KIND[kind]) === block;
  }

  #setTimer(timer: TimerKind, view: number, afterMs: number): void {
    this.#timers[timer] += 1;
    if (afterMs === Number.POSITIVE_INFINITY) return;
    const version = this.#timers[timer];
    const epoch = this.#epoch;
    this.#world.schedule(afterMs, () => {
      if (epoch === this.#epoch && version === this.#timers[timer]) this.take({ type: 'timer', timer, view });
    });
  }

  #propose({ view, parent, ancestors }: Extract<EngineEffect, { type: 'propose' }>): void {
    const { model } = this.#world;
    const named =
      ancestors[ancestors.length - 1]?.header ?? this.#stored[this.#stored.length - 1]?.block.header;
    const height = Math.min(this.#heads.length - 1, parent.height);
    const state =
      named !== undefined && named.stateHeight > height
        ? { height: named.stateHeight, root: named.stateRoot }
        : { height, root: model.rootOf(this.#heads[height] as Head) };
    const block = model.makeBlock(parent, { view, proposer: this.index, nonce: this.#world.nonce++, state });
    this.take({ type: 'proposed', view, block });
  }

  #verify(): void {
    const asked = this.#toVerify;
    if (asked === undefined) return;
    const { stateHeight, stateRoot } = asked.block.header;
    const head = this.#heads[stateHeight];
    if (head === undefined) return;
    this.#toVerify = undefined;
    const root = this.#world.model.rootOf(head);
    const ok = root.every((byte, index) => stateRoot[index] === byte);
    this.take({ type: 'verified', view: asked.view, block: asked.block.id, ok });
  }

  #commit({ blocks, logged }: Extract<EngineEffect, { type: 'commit' }>): void {
    const { invariants, random } = this.#world;
    for (const { block, certificate } of blocks) {
      const parent = this.#heads[this.#heads.length - 1] as Head;
      if (this.#conduct.isHonest) {
        invariants.committed(this.index, block, parent);
        this.#measure(block.id);
      }
      this.#heads.push(headOf(block));
      this.#stored.push({ block, certificate, afterLog: logged ? this.#log.length : 0 });
    }
    this.#world.note(this.head.height);
    if (!logged) this.#synced = this.#stored.length;
    this.#commits += 1;
    if (this.#conduct.crashChance !== undefined && random.below(COMPACT_EVERY) === 0) {
      this.#later(1, () => this.#compact());
    }
    this.#verify();
  }

  #measure(id: string): void {
    const world = this.#world;
    const proposedAt = world.proposedAt.get(id);
    if (proposedAt !== undefined) world.latencies.push(world.nowMs - proposedAt);
  }

  #compact(): void {
    if (!this.isUp || this.#durable < this.#log.length || this.#stored.length !== this.head.height) return;
    this.#log = liveRecords(this.state);
    this.#durable = this.#log.length;
    this.#synced = this.#stored.length;
    this.#stored = this.#stored.map(({ block, certificate }) => ({ block, certificate, afterLog: 0 }));
  }

  #serve(to: number, height: number): void {
    const entries: { block: StoredBlock['block']; certificate: Certificate | undefined }[] = [];
    let certified = 0;
    for (const { block, certificate } of this.#stored.slice(height - 1, height + 63)) {
      entries.push({ block, certificate });
      if (certificate !== undefined) certified = entries.length;
    }
    if (certified === 0) return;
    this.#world.send(this.index, to, { type: 'finalized', entries: entries.slice(0, certified) });
  }
}
