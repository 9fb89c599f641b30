import type { Grant } from '../authority/grant.ts';
import type { Fault } from '../faults.ts';
import type { Window } from './window.ts';

/** One client instance under a grant. It outlives its channels, so that a request sent again is known. */
export interface Session {
  readonly held: HeldGrant;
  readonly instance: string;
  readonly window: Window;
  /** Channels that it is attached through now. */
  channels: number;
}

/** A grant as its home holds it. */
export interface HeldGrant {
  readonly grant: Grant;
  readonly key: Uint8Array;
  /** The slot of the region in the translation. */
  readonly slot: number;
  /** Set for good by revocation or by the end of the region; every access fails with it. */
  ended: Fault | undefined;
  /** The new mapping record where `ended` is `Moved`. */
  moved: Uint8Array | undefined;
  /** Requests that were admitted and whose answer has not been handed to a channel yet. */
  inFlight: number;
  usedBytes: number;
  usedOperations: number;
  readonly sessions: Map<string, Session>;
  /** Who waits for `inFlight` to be 0. */
  readonly waiting: (() => void)[];
}

/** Starts to hold a grant. */
export const holdGrant = (grant: Grant, key: Uint8Array, slot: number): HeldGrant => ({
  grant,
  key,
  slot,
  ended: undefined,
  moved: undefined,
  inFlight: 0,
  usedBytes: 0,
  usedOperations: 0,
  sessions: new Map(),
  waiting: [],
});

/** Resolves when nothing that was admitted under the grant is unanswered. */
export function drained(held: HeldGrant): Promise<void> {
  if (held.inFlight === 0) return Promise.resolve();
  return new Promise((resolve) => held.waiting.push(resolve));
}

/** One admitted request less. */
export function settle(held: HeldGrant): void {
  held.inFlight -= 1;
  if (held.inFlight === 0) for (const resolve of held.waiting.splice(0)) resolve();
}

/** The session of an instance: the one there is, or a new one in the place of one that no channel uses. */
export function sessionOf(
  held: HeldGrant,
  instance: string,
  { isResumed, most, createWindow }: { isResumed: boolean; most: number; createWindow: () => Window },
): Session | Fault {
  const known = held.sessions.get(instance);
  if (known !== undefined) return known;
  if (isResumed) return 'StaleGeneration';
  if (held.sessions.size >= most) {
    const idle = [...held.sessions.values()].find(({ channels }) => channels === 0);
    if (idle === undefined) return 'Busy';
    held.sessions.delete(idle.instance);
  }
  const session = { held, instance, window: createWindow(), channels: 0 };
  held.sessions.set(instance, session);
  return session;
}
