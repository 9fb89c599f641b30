import type { VerifiedPackage } from '../sign/verify.ts';
import type { Instance } from './instance.ts';
import { type OpenParts, openInstance, runHook, startInstance } from './open.ts';
import type { ExtensionPackage } from './ports.ts';
import type { Resting } from './resting.ts';
import type { Slot } from './slot.ts';

/** Who asked for a generation, and how its files are read again. */
export interface Asked {
  readonly signal: AbortSignal | undefined;
  readonly reread: ExtensionPackage['reread'];
}

/** Opens generations of extensions, begins them and ends them; nothing that begins outlives the host. */
export class Generations {
  readonly #opening: OpenParts;
  readonly #resting: Resting;
  readonly #life: AbortSignal;

  constructor(opening: OpenParts, resting: Resting, life: AbortSignal) {
    this.#opening = opening;
    this.#resting = resting;
    this.#life = life;
  }

  async open(verified: VerifiedPackage, { signal, reread }: Asked): ReturnType<typeof openInstance> {
    const { runtime, security } = verified.manifest;
    if (runtime.type === 'native' && security.sandboxPolicy === 'strict') await this.#resting.makeRoom();
    return openInstance(verified, {
      ...this.#opening,
      signal: signal === undefined ? this.#life : AbortSignal.any([this.#life, signal]),
      ...(reread === undefined ? {} : { reread }),
    });
  }

  start(
    slot: Slot,
    instance: Instance,
    carried: Parameters<typeof startInstance>[1],
    signal: AbortSignal | undefined,
  ): ReturnType<typeof startInstance> {
    const ends = [slot.life.signal, this.#life, ...(signal === undefined ? [] : [signal])];
    return startInstance(instance, carried, {
      clock: this.#opening.clock,
      signal: AbortSignal.any(ends),
      deadlineMs: this.#opening.options.startDeadlineMs,
    });
  }

  /** Runs a closing hook. An extension that rests is brought back for it, unless it was replaced meanwhile. */
  async hook(slot: Slot, instance: Instance, name: 'onSuspend' | 'onUnload'): Promise<void> {
    if (!instance.guest.description.hooks.has(name)) return;
    if (slot.isResting && slot.current === instance) {
      const never = new AbortController();
      await this.#resting.wake(slot, instance, never.signal).catch(() => undefined);
    }
    await runHook(instance, name, this.#opening);
  }

  async close(instance: Instance): Promise<void> {
    instance.broker.close();
    await instance.guest.close();
  }
}
