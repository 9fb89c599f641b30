import type { Draft } from './draft.ts';
import { leaderOf } from './leader.ts';
import type { EngineState } from './state.ts';

/** Views without a sign of life after which a leader is not waited for, in rounds of all validators. */
const SILENT_ROUNDS = 2;

/** Goes to a later view: new timer, new leader. Going back never happens. */
export function enterView(draft: Draft, view: number): void {
  const { state } = draft;
  if (view <= state.view) return;
  if (view > state.view + 1) state.lastActive = state.lastActive.map((last) => Math.max(last, view - 1));
  state.view = view;
  state.wantedViews = undefined;
  armForLeader(draft);
}

/** Doublings of the timeouts at most. */
const MAX_DOUBLINGS = 6;

/**
 * How much longer than at first to wait: twice as long for each two rounds of all leaders without a finalization, so
 * that timeouts that are too short for this network grow until they are not.
 */
function patience({ view, best, head, config }: EngineState): number {
  const without = view - 1 - Math.max(best?.view ?? 0, head.view);
  return 2 ** Math.min(MAX_DOUBLINGS, Math.floor(without / (2 * config.validators)));
}

/** Waits for a proposal: not at all for a leader that has long been silent, longer while there is nothing to order. */
export function armForLeader(draft: Draft): void {
  const { state } = draft;
  const { timeouts, validators, me } = state.config;
  const leader = leaderOf(state.view, validators);
  const silentFor = state.view - (state.lastActive[leader] ?? 0);
  const wait =
    leader !== me && silentFor > SILENT_ROUNDS * validators ? 0 : timeouts.leaderMs * patience(state);
  state.idle = !state.work && timeouts.heartbeatMs > 0;
  draft.setTimer('view', state.idle ? timeouts.heartbeatMs + wait : wait);
}

/** From the first sight of a proposal the view has `advanceMs` left. */
export function armForNotarization(draft: Draft): void {
  const { state } = draft;
  const round = draft.round(state.view);
  if (round.advancing) return;
  round.advancing = true;
  state.idle = false;
  draft.setTimer('view', state.config.timeouts.advanceMs * patience(state));
}

/** With work the leader is waited for from now on; when the last of it is done the view may rest. */
export function takeWork(draft: Draft, pending: boolean): void {
  const { state } = draft;
  if (state.work === pending) return;
  state.work = pending;
  const round = draft.peek(state.view);
  if (round?.own.nullified !== true && round?.advancing !== true) armForLeader(draft);
}

/** Gives the present view up, unless a finalize vote forbids it. */
export function giveUp(draft: Draft, view: number): void {
  const { state } = draft;
  const { rules, me } = state.config;
  if (view !== state.view || me === undefined || !rules.maySign(state.guardView, state.head.view)) return;
  const own = draft.peek(view)?.own;
  if (own !== undefined && !rules.mayNullify(own)) return;
  const round = draft.round(view);
  round.own = { ...round.own, nullified: true };
  draft.report('view-given-up', view, { peer: leaderOf(view, state.config.validators) });
  draft.sign({ kind: 'nullify', view, block: '' });
}
