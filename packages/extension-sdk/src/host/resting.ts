import type { Clock } from '@hypermesh/core';
import { ExtensionError } from '../errors.ts';
import type { Instance } from './instance.ts';
import type { Slot } from './slot.ts';

/** Scripts that are kept in memory at once, each with a worker of its own. */
export const MOST_AWAKE = 8;

/**
 * Lets extensions that nobody calls go from memory, and brings each back for its next call. What they said of
 * themselves, their state and their grants stay; their code is read again, and must be what was verified.
 */
export class Resting {
  readonly #clock: Clock;
  readonly #afterMs: number | undefined;
  readonly #change: (task: () => Promise<void>) => Promise<void>;
  readonly #slots: () => Iterable<Slot>;
  readonly #timers = new Map<Slot, () => void>();
  readonly #waking = new Map<Slot, Promise<void>>();

  constructor(parts: {
    readonly clock: Clock;
    readonly afterMs: number | undefined;
    /** Runs a change when no other runs. */
    change(task: () => Promise<void>): Promise<void>;
    slots(): Iterable<Slot>;
  }) {
    this.#clock = parts.clock;
    this.#afterMs = parts.afterMs;
    this.#change = (task) => parts.change(task);
    this.#slots = () => parts.slots();
  }

  /** Begins to look whether a slot is idle. One timer a slot, not one a call. */
  watch(slot: Slot, delayMs = this.#afterMs): void {
    this.forget(slot);
    if (delayMs === undefined || this.#afterMs === undefined || slot.current?.guest.rest === undefined)
      return;
    const afterMs = this.#afterMs;
    const cancel = this.#clock.schedule(delayMs, () => {
      this.#timers.delete(slot);
      const idleMs = this.#clock.monotonicMs() - slot.usedMs;
      if (slot.gate.inside > 0) this.watch(slot);
      else if (idleMs < afterMs) this.watch(slot, afterMs - idleMs);
      else void this.#change(() => this.#restIdle(slot, afterMs));
    });
    this.#timers.set(slot, cancel);
  }

  forget(slot: Slot): void {
    this.#timers.get(slot)?.();
    this.#timers.delete(slot);
  }

  async #restIdle(slot: Slot, afterMs: number): Promise<void> {
    if (slot.current === undefined || slot.isResting) return;
    if (slot.gate.inside > 0 || this.#clock.monotonicMs() - slot.usedMs < afterMs) this.watch(slot);
    else await this.rest(slot, 'idle');
  }

  /** Lets an extension go from memory when its calls have ended; calls that come meanwhile wait, and wake it. */
  async rest(slot: Slot, reason: string): Promise<void> {
    const { guest } = slot.serving();
    if (guest.rest === undefined || slot.isResting) return;
    this.forget(slot);
    await slot.gate.close();
    try {
      // A call that was waiting before may have woken nothing, but the slot may be another one's by now.
      if (slot.current?.guest !== guest) return;
      await guest.rest();
      slot.isResting = true;
      slot.move('rest', reason, slot.reason);
    } finally {
      slot.gate.open();
    }
  }

  /** Before a script is opened: lets the one go that was idle for the longest, where there are as many as there may be. */
  async makeRoom(): Promise<void> {
    const awake = [...this.#slots()].filter(
      ({ current, isResting, state }) =>
        current?.engine === 'quickjs' && !isResting && (state === 'active' || state === 'suspended'),
    );
    if (awake.length < MOST_AWAKE) return;
    const [idlest] = awake.filter(({ gate }) => gate.inside === 0).sort((a, b) => a.usedMs - b.usedMs);
    if (idlest !== undefined) await this.rest(idlest, 'another one needs its place');
  }

  /** Makes a slot that rests ready, once for all that wait for it. Rejects with `extension/ended` where it cannot. */
  wake(slot: Slot, instance: Instance, signal: AbortSignal = slot.life.signal): Promise<void> {
    const known = this.#waking.get(slot);
    if (known !== undefined) return known;
    const waking = this.#wake(slot, instance, signal).finally(() => this.#waking.delete(slot));
    this.#waking.set(slot, waking);
    return waking;
  }

  async #wake(slot: Slot, { guest, reread, engine }: Instance, signal: AbortSignal): Promise<void> {
    const startedMs = performance.now();
    const found = await reread(signal);
    if (!found.ok) {
      throw new ExtensionError({
        code: 'extension/ended',
        extension: slot.id,
        reason: 'changed',
        detail: `it cannot be brought back: ${found.reason}`,
      });
    }
    if (engine === 'quickjs') await this.makeRoom();
    await guest.wake?.(found.files, signal);
    slot.isResting = false;
    slot.wakeMs = performance.now() - startedMs;
    slot.usedMs = this.#clock.monotonicMs();
    slot.move('wake', undefined, slot.reason);
    this.watch(slot);
  }
}
