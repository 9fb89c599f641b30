import type { NodeId } from '@hypermesh/core';
import { type Peer, type RequestHandler, refuse, type StoqNode } from '@hypermesh/stoq';
import { isEnrolling } from '../adapters/authenticator.ts';
import { NodeError } from '../errors.ts';

/** Registers a request that only members with a certificate may make; others are refused with `not-a-member`. */
export function handleForMembers(
  stoq: Pick<StoqNode, 'handle'>,
  name: string,
  handler: (
    body: Uint8Array,
    context: Parameters<RequestHandler>[1] & { readonly member: NodeId },
  ) => ReturnType<RequestHandler>,
): () => void {
  return stoq.handle(name, (body, context) =>
    isEnrolling(context.peer.identity)
      ? refuse('not-a-member')
      : handler(body, { ...context, member: context.peer.id as NodeId }),
  );
}

/** A request whose refusal is an exception that says who refused and why. */
export async function requestOf(
  peer: Peer,
  name: string,
  body: Uint8Array,
  options: { readonly signal?: AbortSignal; readonly deadlineMs?: number } = {},
): Promise<Uint8Array> {
  const answer = await peer.request(name, body, options);
  if (answer.ok) return answer.body;
  options.signal?.throwIfAborted();
  const detail = textOfPeer(answer.body);
  const reason = `${answer.code ?? answer.reason}${detail === '' ? '' : `: ${detail}`}`;
  throw new NodeError(
    { code: 'node/refused', by: peer.id, reason, next: 'see the log of that node for more' },
    `${peer.id} refused ${name}: ${reason}`,
  );
}

/** Most characters of a peer's own words that go into a message of ours. */
const maxPeerText = 300;

/** What a peer says in words, fit for a log and a terminal: short, and without control characters. */
export function textOfPeer(body: Uint8Array | undefined): string {
  if (body === undefined) return '';
  return Buffer.from(body.subarray(0, 4 * maxPeerText))
    .toString('utf8')
    .replace(/\p{C}/gu, ' ')
    .slice(0, maxPeerText)
    .toWellFormed();
}
