import type { Draft } from './draft.ts';
import { leaderOf } from './leader.ts';
import type { Message } from './message.ts';
import { showsFinalized } from './spread.ts';
import type { EngineState } from './state.ts';
import type { BlockId } from './vote.ts';
import { MAX_CERTIFICATE_RANGE } from './wire.ts';

/** Most blocks asked for at a time. */
const MAX_WANTED_BLOCKS = 64;

/** A block that nobody sent after so many attempts is asked for anew only if it is still needed. */
const MAX_ATTEMPTS = 8;

/** Another validator, a different one at each attempt. */
function peerFor(
  { config, view }: EngineState,
  attempt: number,
  preferred?: readonly number[],
): number | undefined {
  const choices = (preferred ?? Array.from({ length: config.validators }, (_, peer) => peer)).filter(
    (peer) => peer !== config.me,
  );
  return choices[(view + attempt) % Math.max(1, choices.length)];
}

/** Asks for a block once; the retry timer asks others. */
export function askForBlock(draft: Draft, id: BlockId, holders: readonly number[]): void {
  const { state } = draft;
  if (state.wantedBlocks.has(id) || state.wantedBlocks.size >= MAX_WANTED_BLOCKS) return;
  draft.wantedBlocks.set(id, 0);
  const peer = peerFor(state, 0, holders);
  if (peer !== undefined) draft.send(peer, { type: 'get-block', id });
}

/** Asks for the certificates of views that stand between a parent and the present view. */
export function askForCertificates(draft: Draft, from: number, to: number): void {
  const { state } = draft;
  const last = Math.min(to, from + MAX_CERTIFICATE_RANGE - 1);
  if (state.wantedViews?.from === from) return;
  state.wantedViews = { from, to: last, attempts: 0 };
  const leader = leaderOf(state.view, state.config.validators);
  const peer = leader === state.config.me ? peerFor(state, 0) : leader;
  if (peer !== undefined) draft.send(peer, { type: 'get-certificates', from, to: last });
}

/** Asks for finalized blocks above the head, of one peer at a time. */
export function askForFinalized(draft: Draft): void {
  const { state } = draft;
  if (state.catchUp !== undefined) return;
  ask(draft, 0);
}

function ask(draft: Draft, attempts: number): void {
  const { state } = draft;
  const peer = peerFor(state, attempts, state.best?.signers);
  if (peer === undefined) return;
  state.catchUp = { peer, attempts };
  draft.send(peer, { type: 'get-finalized', height: state.head.height + 1 });
}

/** Repeats every open question, to the next peer. */
export function askAgain(draft: Draft): void {
  const { state } = draft;
  for (const [id, attempts] of [...state.wantedBlocks]) {
    if (attempts >= MAX_ATTEMPTS) {
      draft.wantedBlocks.delete(id);
      continue;
    }
    draft.wantedBlocks.set(id, attempts + 1);
    const peer = peerFor(state, attempts + 1);
    if (peer !== undefined) draft.send(peer, { type: 'get-block', id });
  }
  if (state.wantedViews !== undefined) {
    const { from, to, attempts } = state.wantedViews;
    state.wantedViews = { from, to, attempts: attempts + 1 };
    const peer = peerFor(state, attempts + 1);
    if (peer !== undefined) draft.send(peer, { type: 'get-certificates', from, to });
  }
  if ((state.best?.view ?? 0) > state.head.view) ask(draft, (state.catchUp?.attempts ?? 0) + 1);
}

/** Where this validator stands. */
export function statusOf({ view, best, head }: EngineState): Message {
  return { type: 'status', view, finalizedView: best?.view ?? head.view, height: head.height };
}

/** Sends a validator that is behind the certificates that lead here; tells one that is ahead where we stand, once a retry. */
export function answerStatus(
  draft: Draft,
  from: number,
  status: { readonly view: number; readonly finalizedView: number },
): void {
  const { state } = draft;
  const finalizedView = state.best?.view ?? state.head.view;
  showsFinalized(draft, from, status.finalizedView);
  if (status.finalizedView < finalizedView && state.best !== undefined) {
    draft.send(from, { type: 'certificate', certificate: state.best });
  }
  if (status.view < state.view) sendCertificates(draft, from, state.view - 1, state.view - 1);
  const isAhead = status.view > state.view || status.finalizedView > finalizedView;
  if (isAhead && !state.toldStatus) {
    state.toldStatus = true;
    draft.send(from, statusOf(state));
  }
}

/** Sends what is held of the views `from` to `to`; for views below the head the best finalization says it all. */
export function sendCertificates(draft: Draft, peer: number, from: number, to: number): void {
  const { state } = draft;
  if (from <= state.head.view && state.best !== undefined) {
    draft.send(peer, { type: 'certificate', certificate: state.best });
  }
  for (let view = Math.max(from, state.head.view + 1); view <= Math.min(to, state.view); view += 1) {
    for (const certificate of Object.values(draft.peek(view)?.certificates ?? {})) {
      draft.send(peer, { type: 'certificate', certificate });
    }
  }
}

/** Sends a block that is held, if it is. */
export function sendBlock(draft: Draft, peer: number, id: BlockId): void {
  const { blocks, recent } = draft.state;
  const block = blocks.get(id) ?? recent.find((candidate) => candidate.id === id);
  if (block !== undefined) draft.send(peer, { type: 'block', block });
}
