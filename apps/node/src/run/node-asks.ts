import type { FinalityProof } from '@hypermesh/consensus';
import { encodeFinalityProof } from '@hypermesh/consensus/light';
import { type NodeId, sha256, toHex } from '@hypermesh/core';
import type { NodeOffer } from '@hypermesh/executors';
import { NodeError } from '../errors.ts';
import { requestOf, textOfPeer } from '../mesh/members.ts';
import type { Peers } from '../mesh/peers.ts';
import type { LeaseTerms } from './lease.ts';
import { decodeOffer } from './offer.ts';
import {
  type ExecuteAnswer,
  encodeExecuteAsk,
  encodeReexecuteAsk,
  executeRequest,
  offerRequest,
  openExecuteAnswer,
  openReexecuteAnswer,
  reexecuteRequest,
} from './protocol.ts';

/** Time beyond a run's own deadline that the executing node has for fetching, checking and answering. */
const answerMarginMs = 60_000;
const offerDeadlineMs = 30_000;

/** What one node asks of others about runs; each refusal is a `NodeError` that names who refused and why. */
export interface NodeAsks {
  execute(
    executor: NodeId,
    transaction: Uint8Array,
    proof: FinalityProof | undefined,
    limits: { readonly deadlineMs: number },
    signal: AbortSignal,
  ): Promise<ExecuteAnswer>;
  /** Whether another node finds the same output and fuel as a receipt. */
  reexecute(auditor: NodeId, terms: LeaseTerms, receipt: Uint8Array, signal: AbortSignal): Promise<boolean>;
  offer(node: NodeId, signal: AbortSignal): Promise<NodeOffer>;
}

/** Asks over this node's sessions; answers are checked against the key of whoever was asked. */
export function createNodeAsks(peers: Peers, keyOf: (node: NodeId) => Uint8Array): NodeAsks {
  return {
    async execute(executor, transaction, proof, { deadlineMs }, signal) {
      const ask = encodeExecuteAsk({
        v: 1,
        transaction,
        proof: proof === undefined ? new Uint8Array() : encodeFinalityProof(proof),
      });
      const peer = await peers.sessionWith(executor, signal);
      const reply = await peer.request(executeRequest, ask, {
        signal,
        deadlineMs: deadlineMs + answerMarginMs,
      });
      signal.throwIfAborted();
      if (!reply.ok && ['closed', 'deadline'].includes(reply.reason)) throw lost(executor, reply.reason);
      if (!reply.ok) throw refusal(executor, reply.code ?? reply.reason, reply.body);
      const opened = openExecuteAnswer(reply.body, ask, keyOf(executor));
      if (!opened.ok) throw refusal(executor, `its answer does not hold: ${opened.reason}`);
      return opened.answer;
    },
    async reexecute(auditor, terms, receipt, signal) {
      const { package: name, document, dependencies, operation, input, memoryPages, deadlineMs } = terms;
      const ask = encodeReexecuteAsk({
        v: 1,
        package: name,
        document,
        dependencies,
        ...(operation === undefined ? {} : { operation }),
        ...(input === undefined ? {} : { input }),
        receipt,
        memoryPages,
        deadlineMs,
      });
      const peer = await peers.sessionWith(auditor, signal);
      const reply = await requestOf(peer, reexecuteRequest, ask, {
        signal,
        deadlineMs: deadlineMs + answerMarginMs,
      });
      const opened = openReexecuteAnswer(reply, ask, keyOf(auditor));
      if (!opened.ok) throw refusal(auditor, `its answer does not hold: ${opened.reason}`);
      return opened.answer.matches && toHex(opened.answer.receipt) === toHex(sha256(receipt));
    },
    async offer(node, signal) {
      const peer = await peers.sessionWith(node, signal);
      const reply = await requestOf(peer, offerRequest, new Uint8Array(), {
        signal,
        deadlineMs: offerDeadlineMs,
      });
      const decoded = decodeOffer(reply);
      if (!decoded.ok) throw refusal(node, `its offer cannot be read: ${decoded.reason}`);
      return decoded.offer;
    },
  };
}

/** A node that was asked and went away, or stayed silent. What it was leased for may have run, and is paid if it proves so. */
function lost(node: NodeId, reason: string): NodeError {
  const next = 'have it run by another node: the escrow comes back when the lease has expired';
  return new NodeError(
    { code: 'node/unreachable', address: node, reason, next },
    `${node} was lost while it ran: ${reason}`,
  );
}

/** A refusal of the proofs names the leg: `proof-refused` with the body `LEG: REASON`. */
export function refusal(by: NodeId, code: string, body?: Uint8Array): NodeError {
  const detail = textOfPeer(body);
  if (code === 'proof-refused') {
    const [leg = ''] = detail.split(': ', 1);
    const reason = detail.slice(leg.length + 2);
    return new NodeError(
      {
        code: 'node/operation-refused',
        leg,
        reason,
        next: 'make the operation again: proofs hold for one operation and a while',
      },
      `${by} refused the proof: ${detail}`,
    );
  }
  const reason = detail === '' ? code : `${code}: ${detail}`;
  return new NodeError(
    { code: 'node/refused', by, reason, next: 'see the log of that node for more' },
    `${by} refused: ${reason}`,
  );
}
