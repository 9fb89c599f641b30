import type { Clock, Verdict } from '@hypermesh/core';
import type { Capability } from '../capabilities.ts';
import { ExtensionError } from '../errors.ts';
import type { JsonValue } from '../json.ts';
import { type CheckpointReason, openCheckpoint, sealCheckpoint } from '../state/checkpoint.ts';
import { callInstance } from './instance.ts';
import type { ExtensionHostOptions } from './ports.ts';
import type { Slot } from './slot.ts';

function partsOf({ state }: ExtensionHostOptions) {
  if (state === undefined) throw new ExtensionError({ code: 'extension/no-state-key' });
  return state;
}

/** Seals the state of an extension with the next counter, which is remembered before the bytes are handed out. */
export function sealState(slot: Slot, options: ExtensionHostOptions): Uint8Array {
  const { key, counters } = partsOf(options);
  const { guest, state } = slot.serving();
  const counter = counters.get(slot.id) + 1;
  const stateVersion = guest.description.stateVersion ?? 0;
  const bytes = sealCheckpoint({ id: slot.id, stateVersion, counter, state: state.value }, key);
  counters.set(slot.id, counter);
  return bytes;
}

/** Restores sealed state, the newest only, after the calls that run; state of an older shape is migrated by the extension. */
export async function restoreState(
  slot: Slot,
  bytes: Uint8Array,
  parts: { readonly options: ExtensionHostOptions; readonly clock: Clock },
): Promise<Verdict<object, CheckpointReason>> {
  const { key, counters } = partsOf(parts.options);
  const opened = openCheckpoint(bytes, slot.id, key);
  if (!opened.ok) return opened;
  const { counter, stateVersion, state } = opened.checkpoint;
  if (counter < counters.get(slot.id)) return { ok: false, reason: 'rolled-back' };
  const instance = slot.serving();
  const own = instance.guest.description.stateVersion;
  if (own === undefined) return { ok: false, reason: 'no-state' };
  if (stateVersion > own) return { ok: false, reason: 'newer-version' };
  await slot.gate.close();
  try {
    if (stateVersion === own) instance.state.value = state;
    else {
      const target = { kind: 'state', name: 'migrate', from: stateVersion } as const;
      const call = {
        target,
        params: state,
        needs: new Set<Capability>(),
        deadlineMs: 30_000,
        signal: slot.life.signal,
      };
      instance.state.value = (await callInstance(instance, call, parts.clock)) as JsonValue;
    }
    counters.set(slot.id, counter);
  } finally {
    slot.gate.open();
  }
  return { ok: true };
}
