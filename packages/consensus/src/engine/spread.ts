import type { Certificate } from './certificate.ts';
import type { Draft } from './draft.ts';

/** Sends a new certificate after a moment, since most will have made it themselves by then. */
export function spreadLater(draft: Draft, certificate: Certificate): void {
  const { state } = draft;
  if (state.toSpread.length === 0) draft.setTimer('spread', state.config.timeouts.spreadMs);
  state.toSpread = [...state.toSpread, certificate];
}

/** Sends the certificates that wait to all who have not shown that they need them no more. */
export function spread(draft: Draft): void {
  const { state } = draft;
  const waiting = state.toSpread;
  state.toSpread = [];
  for (const certificate of waiting) {
    if (
      certificate.kind === 'finalize'
        ? certificate.view < (state.best?.view ?? 0)
        : certificate.view <= state.head.view
    ) {
      continue;
    }
    for (let peer = 0; peer < state.config.validators; peer += 1) {
      if (peer !== state.config.me && mayNeed(draft, peer, certificate)) {
        draft.send(peer, { type: 'certificate', certificate });
      }
    }
  }
}

/** Whether a validator may still be in the certificate's view, or not know that its block is final. */
function mayNeed(draft: Draft, peer: number, { kind, view }: Certificate): boolean {
  const { lastActive, lastFinalized } = draft.state;
  if (kind === 'finalize') return (lastFinalized[peer] ?? 0) < view;
  return (lastActive[peer] ?? 0) <= view && draft.peek(view)?.finalize[peer] === undefined;
}

/** A validator has shown that it knows of a finalization. */
export function showsFinalized(draft: Draft, peer: number, view: number): void {
  const { state } = draft;
  if ((state.lastFinalized[peer] ?? 0) >= view) return;
  const lastFinalized = state.lastFinalized.slice();
  lastFinalized[peer] = view;
  state.lastFinalized = lastFinalized;
}
