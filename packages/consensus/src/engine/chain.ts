import type { Block } from './block.ts';
import { type Certificate, checkCertificate } from './certificate.ts';
import type { Draft } from './draft.ts';
import type { FinalizedEntryMessage } from './message.ts';
import { askForBlock, askForFinalized } from './resolver.ts';
import { headOf } from './state.ts';
import { enterView } from './view.ts';

/** Committed blocks that stay at hand for validators a little behind. */
const RECENT_BLOCKS = 16;
/** A gap of more views than this is fetched as a batch at once. */
const SMALL_GAP = 8;

/** Commits up to the best finalization if every block between is known; asks for what is missing. */
export function tryCommit(draft: Draft): void {
  const { state } = draft;
  const { best, head } = state;
  if (best === undefined || best.view <= head.view) return;
  const path: Block[] = [];
  let id = best.block;
  while (id !== head.id) {
    const block = state.blocks.get(id);
    if (block === undefined) {
      if (best.view - head.view > SMALL_GAP) askForFinalized(draft);
      else askForBlock(draft, id, best.signers);
      return;
    }
    if (block.header.height <= head.height) {
      draft.report('safety-violation', best.view, { detail: 'a finalized block does not extend the chain' });
      return;
    }
    path.push(block);
    id = block.parentId;
  }
  path.reverse();
  for (const block of path) draft.logBlock(block);
  commit(draft, path, best, true);
}

function commit(draft: Draft, path: readonly Block[], certificate: Certificate, logged: boolean): void {
  const { state } = draft;
  const last = path[path.length - 1];
  if (last === undefined) return;
  state.head = headOf(last);
  state.recent = [...state.recent, ...path].slice(-RECENT_BLOCKS);
  draft.emit({
    type: 'commit',
    blocks: path.map((block) => ({ block, certificate: block === last ? certificate : undefined })),
    logged,
  });
  draft.prune();
}

/** Takes finalized blocks that were asked for: whole, linked, each run ended by a certificate that holds. */
export function takeFinalized(draft: Draft, entries: readonly FinalizedEntryMessage[], from: number): void {
  const { state } = draft;
  if (state.catchUp?.peer !== from) return;
  const { rules, scheme, validators } = state.config;
  const quorum = rules.quorum(validators);
  state.catchUp = undefined;
  let run: Block[] = [];
  for (const { block, certificate } of entries) {
    const before = run.length > 0 ? headOf(run[run.length - 1] as Block) : state.head;
    if (block.header.height <= state.head.height) continue;
    if (block.parentId !== before.id || block.header.height !== before.height + 1) {
      draft.report('bad-batch', state.view, { peer: from, detail: 'not linked' });
      return;
    }
    run.push(block);
    if (certificate === undefined) continue;
    const fits =
      certificate.kind === 'finalize' &&
      certificate.block === block.id &&
      certificate.view === block.header.view;
    if (!fits || !rules.countsSignature(checkCertificate(certificate, scheme, { quorum }))) {
      draft.report('bad-certificate', certificate.view, { peer: from, detail: 'finalized batch' });
      return;
    }
    if (certificate.view > (state.best?.view ?? 0)) state.best = certificate;
    commit(draft, run, certificate, false);
    enterView(draft, certificate.view + 1);
    run = [];
  }
  if (entries.length === 0) return;
  tryCommit(draft);
}
