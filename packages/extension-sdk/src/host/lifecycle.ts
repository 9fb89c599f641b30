import type { Verdict } from '@hypermesh/core';

/** Where an extension stands. */
export type LifecycleState =
  | 'discovered'
  | 'verified'
  | 'resolved'
  | 'loaded'
  | 'active'
  | 'suspended'
  | 'unloaded'
  | 'failed';

/** What moves it. */
export type LifecycleEvent =
  | 'verify'
  | 'resolve'
  | 'load'
  | 'activate'
  | 'suspend'
  | 'resume'
  | 'replace'
  /** Let go from memory while nobody calls, and brought back by a call. */
  | 'rest'
  | 'wake'
  | 'unload'
  | 'fail';

/** The only table of transitions: what is not in it cannot happen. */
export const transitions: Readonly<
  Record<LifecycleState, Readonly<Partial<Record<LifecycleEvent, LifecycleState>>>>
> = {
  discovered: { verify: 'verified', fail: 'failed' },
  verified: { resolve: 'resolved', fail: 'failed' },
  resolved: { load: 'loaded', fail: 'failed' },
  loaded: { activate: 'active', fail: 'failed', unload: 'unloaded' },
  active: { suspend: 'suspended', replace: 'active', rest: 'active', wake: 'active', unload: 'unloaded' },
  suspended: { resume: 'active', rest: 'suspended', unload: 'unloaded' },
  unloaded: {},
  failed: {},
};

/** The state after an event, or that the event has no place there. */
export function transition(
  state: LifecycleState,
  event: LifecycleEvent,
): Verdict<{ readonly state: LifecycleState }, 'no-such-transition'> {
  const next = transitions[state][event];
  return next === undefined ? { ok: false, reason: 'no-such-transition' } : { ok: true, state: next };
}
