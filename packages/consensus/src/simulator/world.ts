import { createSeededRandom, type SeededRandom } from '@hypermesh/core/testing';
import type { Message } from '../engine/message.ts';
import { SIMPLEX_RULES } from '../engine/rules.ts';
import { createMessageDecoder, encodeMessage } from '../engine/wire.ts';
import { type ChainModel, createChainModel } from './chain-model.ts';
import { EventQueue } from './event-queue.ts';
import { Invariants } from './invariants.ts';
import type { LinkOptions, SimulationOptions } from './scenario.ts';

/** Anything that a message can reach. */
export interface Participant {
  receive(from: number, message: Message): void;
}

type Event =
  | { readonly to: number; readonly from: number; readonly message: Message }
  | { readonly run: () => void };

/** Virtual time, links and the watch over all honest validators. */
export class World {
  readonly options: SimulationOptions;
  readonly validators: number;
  readonly links: LinkOptions;
  readonly random: SeededRandom;
  readonly model: ChainModel;
  readonly invariants: Invariants;
  readonly participants: Participant[] = [];
  /** When each block was first sent, to measure how long it takes to become final. */
  readonly proposedAt = new Map<string, number>();
  readonly #queue = new EventQueue<Event>();
  readonly #decode: ReturnType<typeof createMessageDecoder>;
  nowMs = 0;
  nonce = 0;
  /** From the first sending of a block to its finality, once for each honest validator and block. */
  readonly latencies: number[] = [];
  messages = 0;
  events = 0;
  /** Set when faults, losses and partitions are over. */
  isCalm = false;
  #hash = 0x811c_9dc5;

  constructor(options: SimulationOptions) {
    this.options = options;
    this.validators = options.validators ?? 4;
    this.links = options.links ?? { delayMs: 10 };
    this.random = createSeededRandom(options.seed);
    this.model = createChainModel(this.validators, options.fidelity ?? 'cheap');
    this.invariants = new Invariants(this.validators, this.model.schemeOf(-1));
    this.#decode = createMessageDecoder({
      validators: this.validators,
      quorum: (options.rules ?? SIMPLEX_RULES).quorum(this.validators),
      maxBatchBytes: 1 << 24,
      maxBlockBytes: 1 << 20,
      maxBlockTxs: 16,
      maxTxBytes: 1 << 16,
    });
  }

  /** Runs `task` after `delayMs` of virtual time. */
  schedule(delayMs: number, run: () => void): void {
    this.#queue.push(this.nowMs + delayMs, { run });
  }

  /** Sends over the link, which may lose, delay or double the message. */
  send(from: number, to: number, message: Message): void {
    if (from === to) return;
    this.messages += 1;
    const { delayMs, jitterMs = 0, loss = 0, duplication = 0 } = this.links;
    if (!this.isCalm) {
      if (loss > 0 && this.random.unit() < loss) return;
      if (this.#isParted(from, to)) return;
    }
    const copies = !this.isCalm && duplication > 0 && this.random.unit() < duplication ? 2 : 1;
    const travelled = this.options.fidelity === 'real' ? this.#throughCodec(message) : message;
    for (let copy = 0; copy < copies; copy += 1) {
      const delay = jitterMs > 0 ? delayMs + this.random.below(jitterMs + 1) : delayMs;
      this.#queue.push(this.nowMs + delay, { to, from, message: travelled });
    }
  }

  #throughCodec(message: Message): Message {
    const verdict = this.#decode(encodeMessage(message, this.validators));
    if (!verdict.ok || verdict.message.type === 'txs') {
      throw new Error(
        `a ${message.type} does not survive its codec: ${verdict.ok ? 'type' : verdict.reason}`,
      );
    }
    return verdict.message;
  }

  #isParted(a: number, b: number): boolean {
    for (const { fromMs, untilMs, groups } of this.options.partitions ?? []) {
      if (this.nowMs < fromMs || this.nowMs >= untilMs) continue;
      if (groups.findIndex((group) => group.includes(a)) !== groups.findIndex((group) => group.includes(b)))
        return true;
    }
    return false;
  }

  /** Handles the next event; false when nothing is left to happen. */
  turn(): boolean {
    const next = this.#queue.pop();
    if (next === undefined) return false;
    this.nowMs = next.at;
    this.events += 1;
    const { event } = next;
    if ('run' in event) {
      event.run();
    } else {
      this.note(event.to * 64 + event.from);
      this.note(this.nowMs);
      this.participants[event.to]?.receive(event.from, event.message);
    }
    return true;
  }

  /** Takes a number into the hash of the run. */
  note(value: number): void {
    this.#hash = Math.imul(this.#hash ^ value, 0x0100_0193) >>> 0;
  }

  get hash(): number {
    return this.#hash;
  }
}
