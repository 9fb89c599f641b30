import type { NodeId } from '@hypermesh/core';
import {
  type Certificate,
  type ChainReason,
  fingerprint,
  nodeIn,
  type RevocationListSource,
  verifyChain,
} from '@hypermesh/trustchain/x509';

/** A chain that holds: its leaf, and the node that the leaf names, if it names one. */
export type NodeChainVerdict =
  | { readonly ok: true; readonly leaf: Certificate; readonly node: NodeId | undefined }
  | { readonly ok: false; readonly reason: ChainReason | 'no-certificate'; readonly detail: string };

/**
 * Whether a chain, leaf first, was valid at a time below the one root that is believed, with post-quantum signatures
 * on every link. The root must stand in the chain: only its fingerprint is pinned.
 */
export function verifyNodeChain(
  chain: readonly Certificate[],
  parts: {
    readonly pinnedRoot: string;
    readonly timeMs: number;
    readonly crls?: readonly RevocationListSource[];
  },
): NodeChainVerdict {
  const { pinnedRoot, timeMs, crls = [] } = parts;
  const [leaf, ...others] = chain;
  if (leaf === undefined) return { ok: false, reason: 'no-certificate', detail: 'the chain is empty' };
  const roots = others.filter((certificate) => fingerprint(certificate) === pinnedRoot);
  const verdict = verifyChain(leaf, {
    roots,
    intermediates: others,
    purpose: 'any',
    requirePq: true,
    timeMs,
    crls,
  });
  if (!verdict.ok) return { ok: false, reason: verdict.reason, detail: verdict.detail };
  return { ok: true, leaf, node: nodeIn(leaf)?.nodeId };
}
