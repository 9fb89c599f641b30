import { equalBytes } from '@hypermesh/core';
import { type Certificate, checkCertificate } from './certificate.ts';
import { tryCommit } from './chain.ts';
import type { Draft, MutableRound } from './draft.ts';
import { showsFinalized, spreadLater } from './spread.ts';
import { enterView } from './view.ts';
import type { BlockId, Vote, VoteKind } from './vote.ts';

/** Takes a vote from its signer; `checked` for the own one. Drops what is old, too far ahead or said before. */
export function takeVote(draft: Draft, vote: Vote, checked: boolean): void {
  const { state } = draft;
  const { kind, view, block, signer, signature } = vote;
  if (view <= state.head.view || view > state.view + state.config.viewAhead) return;
  const known = draft.peek(view)?.[kind][signer];
  if (known !== undefined) {
    if (known.block !== block) blameTwoVotes(draft, vote, known.block, known.signature);
    return;
  }
  const round = draft.round(view);
  round[kind][signer] = { block, signature, checked };
  heard(draft, signer, view);
  if (kind === 'finalize' ? round.nullify[signer] : kind === 'nullify' ? round.finalize[signer] : undefined) {
    draft.report('equivocation', view, { peer: signer, detail: 'nullify and finalize' });
  }
  tally(draft, round, kind, block);
}

function heard(draft: Draft, signer: number, view: number): void {
  const { state } = draft;
  if ((state.lastActive[signer] ?? 0) >= view) return;
  const lastActive = state.lastActive.slice();
  lastActive[signer] = view;
  state.lastActive = lastActive;
}

function blameTwoVotes(draft: Draft, vote: Vote, other: BlockId, otherSignature: Uint8Array): void {
  const { scheme } = draft.state.config;
  if (!scheme.verify(vote, vote.signer, vote.signature)) return;
  if (!scheme.verify({ ...vote, block: other }, vote.signer, otherSignature)) return;
  draft.report('equivocation', vote.view, { peer: vote.signer, detail: `two ${vote.kind} votes` });
}

/** Makes a certificate if the votes suffice; signatures are checked only then, each once. */
function tally(draft: Draft, round: MutableRound, kind: VoteKind, block: BlockId): void {
  if (round.certificates[kind] !== undefined) return;
  const { rules, scheme, validators } = draft.state.config;
  const quorum = rules.quorum(validators);
  const slots = round[kind];
  const candidates: number[] = [];
  for (let signer = 0; signer < slots.length; signer += 1) {
    const slot = slots[signer];
    if (slot !== undefined && rules.countsFor(slot.block, block)) candidates.push(signer);
  }
  if (candidates.length < quorum) return;
  const isChecked = (signer: number): boolean => slots[signer]?.checked === true;
  const good = candidates.filter(isChecked).slice(0, quorum);
  for (const signer of candidates) {
    if (good.length >= quorum) break;
    const slot = slots[signer];
    if (slot === undefined || slot.checked) continue;
    const valid = scheme.verify({ kind, view: round.view, block: slot.block }, signer, slot.signature);
    if (rules.countsSignature(valid)) {
      slots[signer] = { ...slot, checked: true };
      good.push(signer);
    } else {
      slots[signer] = undefined;
      draft.report('bad-vote', round.view, { peer: signer, detail: kind });
    }
  }
  if (good.length < quorum) return;
  const signers = good.sort((a, b) => a - b);
  const signatures = signers.map((signer) => slots[signer]?.signature as Uint8Array);
  accept(draft, { kind, view: round.view, block, signers, signatures });
}

/** Takes a certificate from a peer: checks it unless it is old or known. */
export function takeCertificate(draft: Draft, certificate: Certificate, from: number): void {
  const { state } = draft;
  const { rules, scheme, validators } = state.config;
  const { kind, view, block } = certificate;
  if (kind === 'finalize') showsFinalized(draft, from, view);
  if (view <= state.head.view) return;
  const round = draft.peek(view);
  const known = round?.certificates[kind];
  if (known !== undefined && known.block === block) return;
  const isKnown = (signer: number, signature: Uint8Array): boolean => {
    const slot = round?.[kind][signer];
    return slot?.checked === true && slot.block === block && equalBytes(slot.signature, signature);
  };
  const valid = checkCertificate(certificate, scheme, { quorum: rules.quorum(validators), isKnown });
  if (!rules.countsSignature(valid)) {
    draft.report('bad-certificate', view, { peer: from, detail: kind });
    return;
  }
  if (known !== undefined) {
    draft.report('safety-violation', view, { detail: `two certificates to ${kind}` });
    return;
  }
  heard(draft, from, view + 1);
  accept(draft, certificate);
}

/** A certificate that holds: remembers it, passes it on, votes to finalize, moves on. */
function accept(draft: Draft, certificate: Certificate): void {
  const { state } = draft;
  const { rules, me } = state.config;
  const { kind, view, block } = certificate;
  const round = draft.round(view);
  round.certificates = { ...round.certificates, [kind]: certificate };
  draft.logCertificate(certificate);
  spreadLater(draft, certificate);
  const isFinal = rules.isFinal(kind);
  if (kind === 'notarize' && !isFinal && me !== undefined && rules.mayFinalize(round.own)) {
    if (rules.maySign(state.guardView, state.head.view)) {
      round.own = { ...round.own, finalized: true };
      draft.sign({ kind: 'finalize', view, block });
    }
  }
  if (isFinal && view > (state.best?.view ?? 0)) state.best = certificate;
  enterView(draft, view + 1);
  if (isFinal) tryCommit(draft);
}
