import { takeFinalized, tryCommit } from './chain.ts';
import { Draft } from './draft.ts';
import { leaderOf } from './leader.ts';
import type { Message } from './message.ts';
import { advance, takeBlock, takeProposed, takeVerdict } from './proposal.ts';
import { answerStatus, askAgain, sendBlock, sendCertificates, statusOf } from './resolver.ts';
import { spread } from './spread.ts';
import type { EngineEffect, EngineInput, EngineState } from './state.ts';
import { takeCertificate, takeVote } from './tally.ts';
import { armForLeader, giveUp, takeWork } from './view.ts';
import type { VoteKind } from './vote.ts';

/** The next state, and what is to be done, in order. */
export interface Step {
  readonly state: EngineState;
  readonly effects: readonly EngineEffect[];
}

const KINDS: readonly VoteKind[] = ['notarize', 'nullify', 'finalize'];

/**
 * Simplex, in the variant with separate nullify votes, as a function: no time, no randomness, no I/O, and the given
 * state stays as it was. Agreement holds whatever the order, loss or repetition of inputs; progress needs that
 * messages between honest validators arrive in the end.
 */
export function step(state: EngineState, input: EngineInput): Step {
  const draft = new Draft(state);
  take(draft, input);
  releaseUnsafe(draft);
  return draft.finish();
}

function take(draft: Draft, input: EngineInput): void {
  switch (input.type) {
    case 'message':
      takeMessage(draft, input.message, input.from);
      break;
    case 'persisted':
      release(draft, input.token);
      break;
    case 'verified':
      takeVerdict(draft, input.view, input.block, input.ok);
      break;
    case 'proposed':
      takeProposed(draft, input.view, input.block);
      break;
    case 'timer':
      if (input.timer === 'view') giveUp(draft, input.view);
      else if (input.timer === 'retry') retry(draft);
      else spread(draft);
      break;
    case 'work':
      takeWork(draft, input.pending);
      return;
    case 'connected':
      draft.send(input.peer, statusOf(draft.state));
      return;
    case 'start':
      armForLeader(draft);
      draft.setTimer('retry', draft.state.config.timeouts.retryMs);
      tryCommit(draft);
      repeatOwn(draft, draft.state.view);
      draft.broadcast(statusOf(draft.state));
      break;
    default:
      input satisfies never;
  }
  advance(draft);
}

function takeMessage(draft: Draft, message: Message, from: number): void {
  switch (message.type) {
    case 'vote':
      if (message.vote.signer === from && from !== draft.state.config.me)
        takeVote(draft, message.vote, false);
      return;
    case 'certificate':
      takeCertificate(draft, message.certificate, from);
      return;
    case 'block':
      takeBlock(draft, message.block, from);
      return;
    case 'get-block':
      sendBlock(draft, from, message.id);
      return;
    case 'get-certificates':
      sendCertificates(draft, from, message.from, message.to);
      return;
    case 'status':
      answerStatus(draft, from, message);
      return;
    case 'get-finalized':
      if (message.height <= draft.state.head.height) {
        draft.emit({ type: 'serve', to: from, height: Math.max(1, message.height) });
      }
      return;
    case 'finalized':
      takeFinalized(draft, message.entries, from);
      return;
    default:
      message satisfies never;
  }
}

/** Lets out what is durable now; own votes count from here on. */
function release(draft: Draft, token: number): void {
  const { state } = draft;
  const ready = state.waiting.find((candidate) => candidate.token === token);
  if (ready === undefined) return;
  state.waiting = state.waiting.filter((candidate) => candidate !== ready);
  letOut(draft, ready);
}

function releaseUnsafe(draft: Draft): void {
  for (let rest = draft.takeUnsafe(); rest.votes.length > 0; rest = draft.takeUnsafe()) letOut(draft, rest);
}

function letOut(
  draft: Draft,
  { blocks, votes }: Pick<EngineState['waiting'][number], 'blocks' | 'votes'>,
): void {
  for (const block of blocks) draft.broadcast({ type: 'block', block });
  for (const vote of votes) {
    draft.broadcast({ type: 'vote', vote });
    takeVote(draft, vote, true);
  }
}

/** Says again what others may have missed, and asks again for what is missing; silent while all goes well. */
function retry(draft: Draft): void {
  const { state } = draft;
  const before = state.retryView;
  draft.setTimer('retry', state.config.timeouts.retryMs);
  state.toldStatus = false;
  state.retryView = state.view;
  const round = draft.peek(state.view);
  const isStuck = before === state.view && (round?.own.nullified === true || round?.proposal !== undefined);
  const unfinished = unfinishedView(draft, before);
  if (isStuck) repeatOwn(draft, state.view);
  if (unfinished !== undefined) repeatOwn(draft, unfinished);
  if (isStuck || unfinished !== undefined) {
    for (const certificate of Object.values(draft.peek(state.view - 1)?.certificates ?? {})) {
      draft.broadcast({ type: 'certificate', certificate });
    }
    if (state.best !== undefined) draft.broadcast({ type: 'certificate', certificate: state.best });
    draft.broadcast(statusOf(state));
  }
  askAgain(draft);
  tryCommit(draft);
}

/** The highest view below `before` that this validator voted to finalize and that is not final yet. */
function unfinishedView(draft: Draft, before: number): number | undefined {
  let highest: number | undefined;
  for (const { own, certificates, view } of draft.state.rounds.values()) {
    const isOpen = own.finalized && certificates.finalize === undefined && view < before;
    if (isOpen && view > (highest ?? 0)) highest = view;
  }
  return highest;
}

/** Sends the own votes of a view again, those that are durable, and as its leader the block. */
function repeatOwn(draft: Draft, view: number): void {
  const { state } = draft;
  const { me, validators } = state.config;
  const round = draft.peek(view);
  if (me === undefined || round === undefined) return;
  for (const kind of KINDS) {
    const slot = round[kind][me];
    if (slot === undefined) continue;
    const block =
      kind === 'notarize' && leaderOf(view, validators) === me ? state.blocks.get(slot.block) : undefined;
    if (block !== undefined) draft.broadcast({ type: 'block', block });
    const { signature } = slot;
    draft.broadcast({ type: 'vote', vote: { kind, view, block: slot.block, signer: me, signature } });
  }
  const { notarize } = round.certificates;
  if (view < state.view && notarize !== undefined)
    draft.broadcast({ type: 'certificate', certificate: notarize });
}
