import { equalBytes } from '@hypermesh/core';
import type { Block } from './block.ts';
import { tryCommit } from './chain.ts';
import type { Draft } from './draft.ts';
import { faultsOf, leaderOf } from './leader.ts';
import { askForBlock, askForCertificates } from './resolver.ts';
import { type Head, headOf, type Round } from './state.ts';
import { armForNotarization, giveUp } from './view.ts';
import type { BlockId } from './vote.ts';

/** Blocks that a leader may send unasked in one view before the rest is dropped. */
const MAX_OFFERS = 2;

/** Takes a block: a proposal from its leader, or one that was asked for. */
export function takeBlock(draft: Draft, block: Block, from: number): void {
  const { state } = draft;
  const { view, proposer } = block.header;
  const { rules, validators, viewAhead } = state.config;
  if (view <= state.head.view || state.blocks.has(block.id)) return;
  const wanted = state.wantedBlocks.has(block.id);
  const isProposal = from === proposer && rules.mayPropose(proposer, leaderOf(view, validators));
  if (!wanted) {
    if (!isProposal || view > state.view + viewAhead) return;
    const round = draft.round(view);
    if (round.offered >= MAX_OFFERS) return;
    round.offered += 1;
  }
  draft.blocks.set(block.id, block);
  if (wanted) draft.wantedBlocks.delete(block.id);
  if (isProposal) consider(draft, view, block.id);
  tryCommit(draft);
}

/** Makes a block the proposal of its view, unless one was considered to the end. */
function consider(draft: Draft, view: number, id: BlockId): void {
  const round = draft.round(view);
  const isOpen = round.check !== 'asked' && draft.state.config.rules.mayNotarize(round.own);
  if (round.proposal !== undefined && !isOpen) return;
  round.proposal = id;
  round.check = 'none';
}

/** Moves the present view on as far as what is known allows: proposes as its leader, else checks the proposal. */
export function advance(draft: Draft): void {
  const { state } = draft;
  const { me, rules, validators } = state.config;
  if (me === undefined || !rules.maySign(state.guardView, state.head.view)) return;
  const round = draft.peek(state.view);
  if (round?.own.nullified === true) return;
  if (leaderOf(state.view, validators) === me && round?.own.notarized === undefined) {
    if (round?.asked !== true) askForProposal(draft);
    return;
  }
  considerProposal(draft, round);
}

/** As the leader: finds the parent and asks for a block on it. */
function askForProposal(draft: Draft): void {
  const { state } = draft;
  let id = state.head.id;
  for (let view = state.view - 1; view > state.head.view; view -= 1) {
    const held = draft.peek(view)?.certificates;
    const certified = held?.finalize ?? held?.notarize;
    if (certified !== undefined) {
      id = certified.block;
      break;
    }
    if (held?.nullify === undefined) {
      askForCertificates(draft, state.head.view + 1, view);
      return;
    }
  }
  const ancestors = pathTo(draft, id);
  if (ancestors === undefined) return;
  draft.round(state.view).asked = true;
  const last = ancestors[ancestors.length - 1];
  draft.emit({
    type: 'propose',
    view: state.view,
    parent: last === undefined ? state.head : headOf(last),
    ancestors,
  });
}

/** The blocks above the head that lead to `id`, oldest first; undefined after asking for a missing one. */
function pathTo(draft: Draft, id: BlockId): readonly Block[] | undefined {
  const { state } = draft;
  const path: Block[] = [];
  for (let at = id; at !== state.head.id; ) {
    const block = state.blocks.get(at);
    if (block === undefined) {
      askForBlock(draft, at, [leaderOf(state.view, state.config.validators), ...(state.best?.signers ?? [])]);
      return undefined;
    }
    path.unshift(block);
    at = block.parentId;
  }
  return path;
}

/** The block of the driver's answer: voted for at once, sent when block and vote are durable. */
export function takeProposed(draft: Draft, view: number, block: Block): void {
  const { state } = draft;
  const { me, rules, validators } = state.config;
  if (view !== state.view || me === undefined || leaderOf(view, validators) !== me) return;
  const round = draft.round(view);
  if (block.header.view !== view || !rules.mayNotarize(round.own)) return;
  draft.blocks.set(block.id, block);
  round.proposal = block.id;
  round.check = 'good';
  round.own = { ...round.own, notarized: block.id };
  armForNotarization(draft);
  draft.logBlock(block);
  draft.sign({ kind: 'notarize', view, block: block.id }, block);
}

/** What the votes of this view speak of: the leader's block, or one that some honest validator voted for. */
function spokenOf(round: Round, leader: number, validators: number): BlockId | undefined {
  const said = round.notarize[leader]?.block;
  if (said !== undefined) return said;
  const enough = faultsOf(validators) + 1;
  const counts = new Map<BlockId, number>();
  for (const slot of round.notarize) {
    if (slot === undefined) continue;
    const count = (counts.get(slot.block) ?? 0) + 1;
    if (count >= enough) return slot.block;
    counts.set(slot.block, count);
  }
  return undefined;
}

function considerProposal(draft: Draft, before: Round | undefined): void {
  const { state } = draft;
  if (before === undefined) return;
  const { validators, rules } = state.config;
  const leader = leaderOf(state.view, validators);
  const id = before.proposal ?? spokenOf(before, leader, validators);
  if (id === undefined) return;
  armForNotarization(draft);
  if (before.check !== 'none' || !rules.mayNotarize(before.own)) return;
  const block = state.blocks.get(id);
  if (block === undefined) {
    askForBlock(draft, id, [leader]);
    return;
  }
  const round = draft.round(state.view);
  round.proposal = id;
  const place = placeOf(draft, block, leader);
  if (place === 'wait') return;
  if (typeof place === 'string') {
    round.check = 'bad';
    draft.report('refused-proposal', state.view, { peer: leader, detail: place });
    giveUp(draft, state.view);
    return;
  }
  round.check = 'asked';
  draft.emit({ type: 'verify', view: state.view, block, parent: place });
}

/** The parent of a well-placed proposal; 'wait' while something is being fetched; else why it is refused. */
function placeOf(draft: Draft, block: Block, leader: number): Head | string {
  const { state } = draft;
  const { config, head } = state;
  const { header } = block;
  if (header.view !== state.view) return 'view';
  if (!config.rules.mayPropose(header.proposer, leader)) return 'proposer';
  if (!equalBytes(header.chain, config.chain)) return 'chain';
  if (!equalBytes(header.validatorsHash, config.validatorsHash)) return 'validators';
  const parentBlock = state.blocks.get(block.parentId);
  const parent = block.parentId === head.id ? head : parentBlock && headOf(parentBlock);
  if (parent === undefined) {
    askForBlock(draft, block.parentId, [leader]);
    return 'wait';
  }
  if (parent.view >= header.view) return 'parent-view';
  if (header.height !== parent.height + 1) return 'height';
  if (header.timeMs <= parent.timeMs) return 'time';
  if (header.stateHeight < parent.stateHeight || header.stateHeight > parent.height) return 'state-height';
  const held = draft.peek(parent.view)?.certificates;
  const parentCertified =
    parent.id === head.id || held?.notarize?.block === parent.id || held?.finalize?.block === parent.id;
  let missing = parentCertified ? undefined : parent.view;
  for (let view = parent.view + 1; missing === undefined && view < header.view; view += 1) {
    if (draft.peek(view)?.certificates.nullify === undefined) missing = view;
  }
  const gapNullified = missing === undefined || missing === parent.view;
  if (config.rules.mayExtend({ parentCertified, gapNullified })) return parent;
  askForCertificates(draft, missing ?? parent.view, header.view - 1);
  return 'wait';
}

/** The driver's verdict on a proposal: a vote, or the view is given up. */
export function takeVerdict(draft: Draft, view: number, id: BlockId, ok: boolean): void {
  const { state } = draft;
  const before = draft.peek(view);
  if (view !== state.view || before?.proposal !== id || before.check !== 'asked') return;
  const round = draft.round(view);
  round.check = ok ? 'good' : 'bad';
  const block = state.blocks.get(id);
  if (!ok || block === undefined) {
    draft.report('refused-proposal', view, {
      peer: leaderOf(view, state.config.validators),
      detail: 'contents',
    });
    giveUp(draft, view);
    return;
  }
  if (!state.config.rules.mayNotarize(round.own)) return;
  round.own = { ...round.own, notarized: id };
  draft.logBlock(block);
  draft.sign({ kind: 'notarize', view, block: id });
}
