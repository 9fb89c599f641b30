import type { Block } from './block.ts';
import type { Certificate } from './certificate.ts';
import type { Message } from './message.ts';
import {
  type EngineEffect,
  type EngineReport,
  type EngineState,
  emptyRound,
  type LogRecord,
  type Round,
  type TimerKind,
} from './state.ts';
import type { BlockId, Vote, VoteBody } from './vote.ts';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
export type MutableRound = Mutable<Round>;

/**
 * The next state while a step works on it: fields, rounds and maps are copied the first time they change, so the
 * state before stays as it was. Collects the effects.
 */
export class Draft {
  readonly state: Mutable<EngineState>;
  readonly #effects: EngineEffect[] = [];
  readonly #records: LogRecord[] = [];
  readonly #blocks: Block[] = [];
  readonly #votes: Vote[] = [];
  readonly #rounds = new Map<number, MutableRound>();
  readonly #owned = new Set<'rounds' | 'blocks' | 'logged' | 'wantedBlocks'>();

  constructor(state: EngineState) {
    this.state = { ...state };
  }

  /** What is known of a view, to read. */
  peek(view: number): Round | undefined {
    return this.#rounds.get(view) ?? this.state.rounds.get(view);
  }

  /** What is known of a view, to change. */
  round(view: number): MutableRound {
    const mine = this.#rounds.get(view);
    if (mine !== undefined) return mine;
    const before = this.state.rounds.get(view);
    const round: MutableRound =
      before === undefined
        ? emptyRound(view, this.state.config.validators)
        : {
            ...before,
            notarize: before.notarize.slice(),
            nullify: before.nullify.slice(),
            finalize: before.finalize.slice(),
          };
    this.#rounds.set(view, round);
    const rounds = this.#own('rounds', () => new Map(this.state.rounds)) as Map<number, Round>;
    rounds.set(view, round);
    this.state.rounds = rounds;
    return round;
  }

  get blocks(): Map<BlockId, Block> {
    return this.#own('blocks', () => new Map(this.state.blocks)) as Map<BlockId, Block>;
  }

  get logged(): Set<BlockId> {
    return this.#own('logged', () => new Set(this.state.logged)) as Set<BlockId>;
  }

  get wantedBlocks(): Map<BlockId, number> {
    return this.#own('wantedBlocks', () => new Map(this.state.wantedBlocks)) as Map<BlockId, number>;
  }

  #own(field: 'rounds' | 'blocks' | 'logged' | 'wantedBlocks', copy: () => unknown): unknown {
    if (!this.#owned.has(field)) {
      this.#owned.add(field);
      (this.state as Record<string, unknown>)[field] = copy();
    }
    return this.state[field];
  }

  /** Forgets the views and blocks at or below the new head. */
  prune(): void {
    const { head } = this.state;
    const rounds = this.#own('rounds', () => new Map(this.state.rounds)) as Map<number, Round>;
    for (const view of rounds.keys()) {
      if (view <= head.view) {
        rounds.delete(view);
        this.#rounds.delete(view);
      }
    }
    const { blocks, logged, wantedBlocks } = this;
    for (const [id, { header }] of blocks) {
      if (header.view <= head.view) {
        blocks.delete(id);
        logged.delete(id);
      }
    }
    wantedBlocks.delete(head.id);
  }

  emit(effect: EngineEffect): void {
    this.#effects.push(effect);
  }

  send(to: number, message: Message): void {
    if (to !== this.state.config.me) this.#effects.push({ type: 'send', to, message });
  }

  broadcast(message: Message): void {
    this.#effects.push({ type: 'broadcast', message });
  }

  setTimer(timer: TimerKind, afterMs: number): void {
    this.#effects.push({ type: 'setTimer', timer, view: this.state.view, afterMs });
  }

  report(event: EngineReport['event'], view: number, rest?: { peer?: number; detail?: string }): void {
    this.#effects.push({ type: 'report', report: { event, view, ...rest } });
  }

  log(record: LogRecord): void {
    this.#records.push(record);
  }

  logBlock(block: Block): void {
    if (this.state.logged.has(block.id)) return;
    this.logged.add(block.id);
    this.#records.push({ type: 'block', block });
  }

  logCertificate(certificate: Certificate): void {
    this.#records.push({ type: 'certificate', certificate });
  }

  /** Signs a vote and logs it; it leaves, and counts here, when it is durable. The block leaves with it. */
  sign(body: VoteBody, block?: Block): void {
    const { me, scheme } = this.state.config;
    if (me === undefined || scheme.sign === undefined) return;
    this.#records.push({ type: 'vote', kind: body.kind, view: body.view, block: body.block });
    this.#votes.push({ ...body, signer: me, signature: scheme.sign(body) });
    if (block !== undefined) this.#blocks.push(block);
  }

  /** Votes that a broken rule lets out before they are durable; empty under the rules of Simplex. */
  takeUnsafe(): { blocks: Block[]; votes: Vote[] } {
    if (this.state.config.rules.persistFirst()) return { blocks: [], votes: [] };
    return { blocks: this.#blocks.splice(0), votes: this.#votes.splice(0) };
  }

  finish(): { state: EngineState; effects: readonly EngineEffect[] } {
    if (this.#records.length === 0) return { state: this.state, effects: this.#effects };
    const token = this.state.nextToken;
    this.state.nextToken = token + 1;
    if (this.#votes.length > 0) {
      this.state.waiting = [...this.state.waiting, { token, blocks: this.#blocks, votes: this.#votes }];
    }
    return {
      state: this.state,
      effects: [{ type: 'persist', token, records: this.#records }, ...this.#effects],
    };
  }
}
