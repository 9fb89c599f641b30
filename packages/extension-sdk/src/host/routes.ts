import type { Instance } from './instance.ts';
import type { LoadRefusalCode } from './ports.ts';
import type { Slot } from './slot.ts';

/** Which extension serves which operation and handles which type of assets; a name has one owner. */
export class Routes {
  readonly methods = new Map<string, Slot>();
  readonly handlers = new Map<string, Slot>();

  /** Why a generation cannot have its names, where another extension has them. */
  taken(instance: Instance, own?: Slot): { code: LoadRefusalCode; detail: string } | undefined {
    const { ops, assets } = instance.guest.description;
    for (const name of ops.keys()) {
      const other = this.methods.get(name);
      if (other !== undefined && other !== own)
        return { code: 'method-taken', detail: `${other.id} serves ${name}` };
    }
    for (const type of assets.keys()) {
      const other = this.handlers.get(type);
      if (other !== undefined && other !== own)
        return { code: 'asset-taken', detail: `${other.id} handles ${type}` };
    }
    return undefined;
  }

  /** Lets a generation serve in a slot, instead of the one before. */
  put(slot: Slot, instance: Instance): void {
    this.remove(slot);
    slot.current = instance;
    const { ops, assets } = instance.guest.description;
    for (const name of ops.keys()) this.methods.set(name, slot);
    for (const type of assets.keys()) this.handlers.set(type, slot);
  }

  remove(slot: Slot): void {
    for (const map of [this.methods, this.handlers]) {
      for (const [name, each] of map) if (each === slot) map.delete(name);
    }
  }
}
