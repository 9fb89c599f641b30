import type { ValidatorLimits } from '../options.ts';
import { createInbox, type Inbox } from './inbox.ts';
import { Penalties } from './penalty.ts';
import type { ValidatorPorts } from './validator-node.ts';
import { createMessageDecoder, encodeMessage, type WireMessage } from './wire.ts';

/** Greatest total size of the blocks in one answer to a validator that was away. */
export const MAX_BATCH_BYTES: number = 4 * 1024 * 1024;
const MAX_WAITING_MESSAGES = 4_096;

/** What the peers' messages go to, and what they travel through. */
export interface PeersParts {
  readonly me: number;
  readonly validators: number;
  readonly quorum: number;
  readonly limits: ValidatorLimits;
  readonly ports: Required<ValidatorPorts>;
  readonly handle: (from: number, message: WireMessage) => void;
  readonly connected: (peer: number) => void;
}

/** The other validators: messages out, and messages in through bounds, decoder and penalties. */
export class Peers {
  readonly #parts: PeersParts;
  readonly #inbox: Inbox;
  readonly #penalties = new Penalties();
  readonly #decode: ReturnType<typeof createMessageDecoder>;
  #close: (() => void) | undefined;

  constructor(parts: PeersParts) {
    this.#parts = parts;
    const { validators, quorum, limits, ports } = parts;
    this.#decode = createMessageDecoder({ ...limits, validators, quorum, maxBatchBytes: MAX_BATCH_BYTES });
    this.#inbox = createInbox(
      { maxMessages: MAX_WAITING_MESSAGES, maxBytes: limits.maxBlockBytes * 4 + MAX_BATCH_BYTES * 2 },
      (from, bytes) => this.#receive(from, bytes),
      (task) => ports.clock.schedule(0, task),
    );
  }

  /** Messages that were dropped because too many of one peer waited. */
  get dropped(): number {
    return this.#inbox.dropped;
  }

  open(): void {
    const { me, connected, ports } = this.#parts;
    this.#close = ports.transport.listen({
      message: (from, bytes) => {
        if (this.#close === undefined || from === me) return;
        if (!this.#penalties.isShut(from, ports.clock.monotonicMs())) this.#inbox.push(from, bytes);
      },
      connected: (peer) => {
        if (this.#close !== undefined) connected(peer);
      },
    });
  }

  close(): void {
    this.#close?.();
    this.#close = undefined;
    this.#inbox.clear();
  }

  /** A peer sent what no honest validator sends: it is not heard for a while. */
  strike(peer: number): void {
    this.#penalties.strike(peer, this.#parts.ports.clock.monotonicMs());
  }

  send(to: number, message: WireMessage): void {
    this.#parts.ports.transport.send(to, encodeMessage(message, this.#parts.validators));
  }

  broadcast(message: WireMessage): void {
    const { me, validators, ports } = this.#parts;
    const bytes = encodeMessage(message, validators);
    for (let peer = 0; peer < validators; peer += 1) if (peer !== me) ports.transport.send(peer, bytes);
  }

  #receive(from: number, bytes: Uint8Array): void {
    const verdict = this.#decode(bytes);
    if (verdict.ok) {
      this.#parts.handle(from, verdict.message);
      return;
    }
    const { log, metrics } = this.#parts.ports;
    metrics.count('consensus_malformed_total', 1, { reason: verdict.reason });
    log.debug('consensus.malformed', { peer: from, reason: verdict.reason });
  }
}
