import { addressBlock } from '../address.ts';
import type { Limits } from '../limits.ts';

interface Slot {
  readonly block: string;
  readonly crowdOut: () => void;
}

/**
 * Places for inbound connections that are not authenticated yet. One block of addresses has `handshakesPerBlock` of them at most; when all are
 * taken, somebody of a block that has fewer takes the place of the oldest of the block that has most. So strangers who say nothing fill no more
 * than what nobody else asks for.
 */
export class HandshakeSlots {
  readonly #limits: Pick<Limits, 'handshakes' | 'handshakesPerBlock'>;
  /** In order of their coming. */
  readonly #slots = new Set<Slot>();
  readonly #perBlock = new Map<string, number>();

  constructor(limits: Pick<Limits, 'handshakes' | 'handshakesPerBlock'>) {
    this.#limits = limits;
  }

  /** A place, given back on disposal; undefined where there is none. `crowdOut` is called when another one takes it. */
  take(remoteAddress: string, crowdOut: () => void): Disposable | undefined {
    const block = addressBlock(remoteAddress) ?? remoteAddress;
    const own = this.#perBlock.get(block) ?? 0;
    if (own >= this.#limits.handshakesPerBlock) return undefined;
    if (this.#slots.size >= this.#limits.handshakes && !this.#makeRoom(own)) return undefined;
    const slot: Slot = { block, crowdOut };
    this.#slots.add(slot);
    this.#perBlock.set(block, own + 1);
    return { [Symbol.dispose]: () => this.#release(slot) };
  }

  #makeRoom(own: number): boolean {
    let most = own + 1;
    let crowded: string | undefined;
    for (const [block, count] of this.#perBlock) {
      if (count <= most) continue;
      most = count;
      crowded = block;
    }
    for (const slot of this.#slots) {
      if (slot.block !== crowded) continue;
      this.#release(slot);
      slot.crowdOut();
      return true;
    }
    return false;
  }

  #release(slot: Slot): void {
    if (!this.#slots.delete(slot)) return;
    const left = (this.#perBlock.get(slot.block) ?? 1) - 1;
    if (left === 0) this.#perBlock.delete(slot.block);
    else this.#perBlock.set(slot.block, left);
  }
}
