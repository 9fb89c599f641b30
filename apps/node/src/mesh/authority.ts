import type { Clock, Log, NodeId } from '@hypermesh/core';
import { refuse, type StoqNode } from '@hypermesh/stoq';
import {
  type CertificateAuthority,
  type NodeCertificateRequest,
  verifyEnrolment,
} from '@hypermesh/trustchain/ca';
import { type Certificate, decodeCertificate } from '@hypermesh/trustchain/x509';
import { checkName } from '../config.ts';
import { NodeError } from '../errors.ts';
import { createAllowance } from './allowance.ts';
import { limitEnrolling } from './enrolling-sessions.ts';
import { encodeFacts } from './facts.ts';
import type { Founding } from './founding.ts';
import { handleForMembers } from './members.ts';
import { enrolRequest, genesisRequest, meshMessages, renewRequest } from './protocol.ts';

/** Names that every node certificate carries beside its NodeId: nodes of one machine are reached by them. */
export const certificateNames = { dnsNames: ['localhost'], addresses: ['::1'] };

/** Certificates that one member may be given: each is logged for good. */
const renewals = { burst: 8, refillMs: 60_000 };

/** How long a question for the genesis is held while members are missing, before it is answered with none. */
const genesisHoldMs = 10_000;

/**
 * The side of the first node that others join by: certifies whoever brings an unused token, renews the certificates
 * of members, and hands out the genesis once all founding members are there. `recordCertificate` logs what was
 * issued before it leaves.
 */
export function serveAuthority(
  stoq: StoqNode,
  parts: {
    readonly authority: CertificateAuthority;
    readonly founding: Founding;
    readonly logKey: string;
    readonly clock: Clock;
    readonly log: Log;
    recordCertificate(certificate: Certificate): Promise<void>;
    /** Resolves when the last founding member has joined. */
    readonly completed: PromiseWithResolvers<void>;
  },
): () => void {
  const { authority, founding, logKey, clock, log, recordCertificate, completed } = parts;
  const allowance = createAllowance(clock, renewals);

  async function issue(request: CertificateRequest) {
    const chain = await issueNodeChain(authority, request, recordCertificate);
    return meshMessages.chainAnswer.encode(chain.map(({ der }) => der));
  }

  const offEnrol = stoq.handle(enrolRequest, async (body, { peer }) => {
    const ask = meshMessages.enrolAsk.decode(body);
    if (!ask.ok) return refuse('malformed', Buffer.from(ask.reason));
    const { invitation, enrolment, name, vrfKey, signer } = ask.value;
    const token = founding.tokenFor(invitation, peer.id as NodeId);
    if (token === undefined) return refuse('invitation-used');
    const verdict = await verifyEnrolment(enrolment, {
      audience: authority.rootFingerprint,
      nowMs: clock.nowMs(),
      token,
    });
    if (!verdict.ok) return refuse('enrolment-refused', Buffer.from(verdict.reason));
    const { nodeId, ed25519, publicKeys } = verdict.request;
    if (nodeId !== peer.id)
      return refuse('enrolment-refused', Buffer.from('another node than the one that asks'));
    if (!allowance.take(nodeId)) return refuse('too-often');
    try {
      founding.admit({ v: 1, node: nodeId, name: checkName(name), key: ed25519, vrfKey, signer }, invitation);
    } catch (error) {
      if (!(error instanceof NodeError)) throw error;
      return refuse('enrolment-refused', Buffer.from(error.message));
    }
    const answer = await issue({ nodeId, publicKeys });
    log.info('mesh.joined', { node: nodeId, name });
    if (founding.members().length === founding.wanted) completed.resolve();
    return answer;
  });

  // Also for a member whose certificate ran out: its three signatures say who it is, and the founding lists it.
  const offRenew = stoq.handle(renewRequest, async (body, { peer }) => {
    const ask = meshMessages.renewAsk.decode(body);
    if (!ask.ok) return refuse('malformed', Buffer.from(ask.reason));
    const verdict = await verifyEnrolment(ask.value.enrolment, {
      audience: authority.rootFingerprint,
      nowMs: clock.nowMs(),
    });
    if (!verdict.ok) return refuse('enrolment-refused', Buffer.from(verdict.reason));
    const { nodeId } = verdict.request;
    const isMember = founding.members().some(({ node }) => node === nodeId);
    if (nodeId !== peer.id || !isMember)
      return refuse('enrolment-refused', Buffer.from('not your own certificate'));
    if (!allowance.take(nodeId)) return refuse('too-often');
    log.info('mesh.renewed', { node: nodeId });
    return await issue(verdict.request);
  });

  /** Those who wait for the last member to join. */
  const waiting = new Set<() => void>();
  void completed.promise.then(() => {
    for (const go of waiting) go();
  });

  function heldWhileIncomplete(signal: AbortSignal): Promise<void> {
    if (founding.members().length === founding.wanted || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const go = () => {
        cancel();
        waiting.delete(go);
        signal.removeEventListener('abort', go);
        resolve();
      };
      const cancel = clock.schedule(genesisHoldMs, go);
      waiting.add(go);
      signal.addEventListener('abort', go, { once: true });
    });
  }

  const offGenesis = handleForMembers(stoq, genesisRequest, async (_, { signal }) => {
    await heldWhileIncomplete(signal);
    const made = founding.genesis(logKey);
    return meshMessages.genesisAnswer.encode({
      v: 1,
      genesis: made?.bytes ?? new Uint8Array(),
      facts: made === undefined ? new Uint8Array() : encodeFacts(made.facts),
      members: founding.members().length,
      wanted: founding.wanted,
    });
  });

  const offLimit = limitEnrolling(stoq, clock);
  return () => {
    offLimit();
    offEnrol();
    offRenew();
    offGenesis();
    for (const go of waiting) go();
  };
}

/** Whom to certify, and for which keys. */
export type CertificateRequest = Pick<NodeCertificateRequest, 'nodeId' | 'publicKeys'>;

/** Certifies a node and has the certificate logged; answers the chain, leaf first and root last. */
export async function issueNodeChain(
  authority: CertificateAuthority,
  request: CertificateRequest,
  recordCertificate: (certificate: Certificate) => Promise<void>,
): Promise<readonly Certificate[]> {
  const { certificate } = await authority.issueNodeCertificate({ ...request, ...certificateNames });
  await recordCertificate(certificate);
  return [certificate, ...chainOf(authority)];
}

/** The certificates of an authority, its own first, root last. */
function chainOf(authority: CertificateAuthority): readonly Certificate[] {
  return authority.chainPem.map((pem) => {
    const decoded = decodeCertificate(pem);
    if (!decoded.ok) throw new TypeError(`the authority's own chain does not decode: ${decoded.reason}`);
    return decoded.certificate;
  });
}
