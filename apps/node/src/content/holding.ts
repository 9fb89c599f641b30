import type { Clock, ContentRoot, Log, NodeId } from '@hypermesh/core';
import { compareBytes, domainHash, utf8 } from '@hypermesh/core';
import { refuse, type StoqNode } from '@hypermesh/stoq';
import { NodeError } from '../errors.ts';
import { createAllowance } from '../mesh/allowance.ts';
import { handleForMembers, requestOf } from '../mesh/members.ts';
import type { Peers } from '../mesh/peers.ts';
import type { Intake } from '../standing/intake.ts';
import { contentMessages, holdRequest } from './protocol.ts';

/** What a node keeps for others. */
export interface HoldLimits {
  /** Largest content that is taken, bytes. */
  readonly maxBytes: number;
  /** Bytes that the store may hold in all before it takes nothing more for others. */
  readonly maxStoreBytes: number;
  /** Contents that are fetched for others at once. */
  readonly atOnce: number;
}

/** The limits of a node that is told nothing else. */
export const defaultHoldLimits: HoldLimits = {
  maxBytes: 1024 ** 3,
  maxStoreBytes: 64 * 1024 ** 3,
  atOnce: 4,
};

/** One member may ask for so many contents at once, and for one more each minute. */
const asksPerMember = { burst: 64, refillMs: 60_000 } as const;
/** A replica may take so long to arrive, by the clock of either side. */
const holdDeadlineMs = 600_000;

/** Serves the wish of members that this node keep content of theirs; the answer stops it. */
export function serveHolding(
  stoq: StoqNode,
  parts: {
    readonly limits: HoldLimits;
    readonly clock: Clock;
    readonly log: Log;
    readonly intake?: Intake;
    storeBytes(): number;
    /** Fetches and pins; throws where that fails. */
    keep(
      root: ContentRoot,
      options: { readonly from: NodeId; readonly maxBytes: number; readonly signal: AbortSignal },
    ): Promise<number>;
  },
): () => void {
  const { limits, clock, log, keep } = parts;
  const allowance = createAllowance(clock, asksPerMember);
  let running = 0;
  /** Bytes that were promised to those that run. */
  let coming = 0;
  return handleForMembers(stoq, holdRequest, async (body, { member, signal }) => {
    const decoded = contentMessages.holdAsk.decode(body);
    if (!decoded.ok) return refuse('malformed');
    const { root, size } = decoded.value;
    if (size > limits.maxBytes) return refuse('too-large');
    const lack = parts.intake?.lack();
    if (lack !== undefined) return refuse('no-room', Buffer.from(lack.reason));
    if (parts.storeBytes() + coming + size > limits.maxStoreBytes) return refuse('full');
    if (running >= limits.atOnce || !allowance.take(member)) return refuse('busy');
    running += 1;
    coming += size;
    // Whoever asks may also be who brings it, as slowly as it likes: the place is not held for longer.
    const late = new AbortController();
    const cancel = clock.schedule(holdDeadlineMs, () => late.abort(new Error('it took too long to arrive')));
    const until = AbortSignal.any([signal, late.signal]);
    try {
      return contentMessages.holdAnswer.encode(
        await keep(root, { from: member, maxBytes: size, signal: until }),
      );
    } catch (error) {
      log.info('content.not-held', { root, member, message: String(error) });
      return refuse('not-fetched');
    } finally {
      cancel();
      running -= 1;
      coming -= size;
    }
  });
}

/**
 * Has so many members keep a root: asks them in an order that differs from asker to asker, so that what belongs together
 * lies together, the next version with the last, and members share the load; preferred ones first, then connected ones, and the next for each that does not. Throws `node/too-few-copies` where too few do.
 */
export async function replicateTo(
  parts: { readonly peers: Peers; readonly candidates: readonly NodeId[] },
  root: ContentRoot,
  wanted: {
    readonly copies: number;
    readonly size: number;
    readonly avoid: readonly NodeId[];
    readonly prefer: readonly NodeId[];
    /** What the order depends on beside the member. */
    readonly order: string;
  },
  signal: AbortSignal,
): Promise<readonly NodeId[]> {
  const { peers } = parts;
  const { copies, size, avoid, prefer } = wanted;
  const rank = (node: NodeId) => {
    if (avoid.includes(node)) return 3;
    if (prefer.includes(node)) return 0;
    return peers.openSession(node) === undefined ? 2 : 1;
  };
  const weight = (node: NodeId) =>
    domainHash('hypermesh/node/replica-order/v1', utf8(wanted.order), utf8(node));
  const order = [...parts.candidates].sort((a, b) => rank(a) - rank(b) || compareBytes(weight(a), weight(b)));
  const holders: NodeId[] = [];
  const failures: string[] = [];
  const ask = contentMessages.holdAsk.encode({ root, size });
  const next = async (): Promise<void> => {
    for (let node = order.shift(); node !== undefined; node = order.shift()) {
      try {
        const session = await peers.sessionWith(node, signal);
        await requestOf(session, holdRequest, ask, { signal, deadlineMs: holdDeadlineMs });
        holders.push(node);
        return;
      } catch (error) {
        signal.throwIfAborted();
        failures.push(`${node}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: copies }, next));
  if (holders.length >= copies) return holders;
  const reason = failures.length === 0 ? 'the mesh has no further members' : failures.join('; ');
  throw new NodeError(
    {
      code: 'node/too-few-copies',
      root,
      wanted: copies,
      got: holders.length,
      reason,
      next: 'see that more members run, then give the same command again',
    },
    `${root} is on ${holders.length} of ${copies} further members: ${reason}`,
  );
}
