import type { Genesis } from '@hypermesh/consensus';
import {
  type ChainId,
  type Clock,
  equalBytes,
  type NodeId,
  type Replaceable,
  type Verdict,
} from '@hypermesh/core';
import { fingerprint } from '@hypermesh/trustchain/x509';
import type { NodeConfig } from './config.ts';
import type { Credentials, NodeKeys } from './identity.ts';
import { isBoundTo, type MeshFacts } from './mesh/facts.ts';
import { verifyNodeChain } from './mesh/node-chain.ts';

/*
 * How far a node has come, as values: each phase is made from the one before it and from evidence, so that a wrong
 * order does not compile. Nothing advances on a timer and nothing falls back.
 */

/** Own keys and the fingerprint of one root certificate, from `init` or an invitation. Trusts nothing else. */
export interface Phase0 {
  readonly phase: 0;
  readonly nodeId: NodeId;
  readonly keys: NodeKeys;
  readonly config: NodeConfig;
  readonly pinnedRoot: string;
}

/** A certificate below the pinned root: other members can tell who this node is. */
export interface Phase1 extends Omit<Phase0, 'phase'> {
  readonly phase: 1;
  readonly credentials: Replaceable<Credentials>;
}

/** The genesis of the mesh, which lists this node and is bound to the pinned root: operations can be ordered. */
export interface Phase2 extends Omit<Phase1, 'phase'> {
  readonly phase: 2;
  readonly genesis: Genesis;
  readonly chainId: ChainId;
  readonly facts: MeshFacts;
}

/** Evidence for phase 1: a chain that is valid now, ends in the pinned root and names this node. */
export function phase1(
  before: Phase0,
  credentials: Replaceable<Credentials>,
  clock: Clock,
): Verdict<{ next: Phase1 }> {
  const { chain } = credentials.current();
  if (chain.length === 0) return { ok: false, reason: 'no certificate' };
  if (!chain.slice(1).some((certificate) => fingerprint(certificate) === before.pinnedRoot))
    return { ok: false, reason: 'the chain does not end in the pinned root' };
  const verdict = verifyNodeChain(chain, { pinnedRoot: before.pinnedRoot, timeMs: clock.nowMs() });
  if (!verdict.ok) return { ok: false, reason: `${verdict.reason}: ${verdict.detail}` };
  if (verdict.node !== before.nodeId) return { ok: false, reason: 'the certificate names another node' };
  return { ok: true, next: { ...before, phase: 1, credentials } };
}

/** Evidence for phase 2: facts that name the pinned root, and a genesis that is bound to them and lists this node. */
export function phase2(
  before: Phase1,
  found: { readonly genesis: Genesis; readonly chainId: ChainId; readonly facts: MeshFacts },
): Verdict<{ next: Phase2 }> {
  const { genesis, chainId, facts } = found;
  if (facts.root !== before.pinnedRoot)
    return { ok: false, reason: 'it belongs to another root certificate' };
  if (!isBoundTo(genesis, facts))
    return { ok: false, reason: 'it is not bound to the facts that came with it' };
  const own = before.keys.ed25519.publicKey;
  if (!genesis.members.some(({ key }) => equalBytes(key, own)))
    return { ok: false, reason: 'it does not list this node' };
  return { ok: true, next: { ...before, phase: 2, genesis, chainId, facts } };
}
