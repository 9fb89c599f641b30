import { type NodeId, toHex } from '@hypermesh/core';
import { decodeRevocationList, nameText } from '@hypermesh/trustchain/x509';
import { revocationsIn } from '../adapters/extension-trust.ts';
import { NodeError } from '../errors.ts';
import type { AddressBook } from '../mesh/addresses.ts';
import type { Links } from '../mesh/links.ts';
import type { Names, NameView } from '../names/service.ts';
import type { Phase2 } from '../phases.ts';
import { describeCertificate } from './certificate-facts.ts';
import type { VerifiedLog } from './log-view.ts';

/** What the answers about trust are made from. */
export interface TrustParts {
  readonly phase: Phase2;
  readonly members: ReadonlyMap<NodeId, { readonly name: string }>;
  readonly links: Links;
  readonly log: VerifiedLog;
  readonly names: Names;
  readonly book: AddressBook;
  /** Folder of revocation lists. */
  readonly revocations: string;
}

const nameIn = ({ members }: TrustParts, node: NodeId) => members.get(node)?.name ?? node;

/** Revoked certificates that are told one by one. */
const mostRevoked = 1_000;

/** Root, authority, own chain, certificates of members as their sessions showed them, and revocations. */
export function trustSummary(parts: TrustParts) {
  const { phase, members, links } = parts;
  const { nodeId, credentials, pinnedRoot, facts, config } = phase;
  const chain = credentials.current().chain.map(describeCertificate);
  const authority = chain.length > 2 ? chain[1] : undefined;
  const root = chain.find(({ fingerprint }) => fingerprint === pinnedRoot);
  return {
    root: {
      fingerprint: pinnedRoot,
      subject: root?.subject ?? '',
      notAfterMs: root?.notAfterMs ?? 0,
    },
    authority: {
      subject: authority?.subject ?? '',
      notAfterMs: authority?.notAfterMs ?? 0,
      founder: nameIn(parts, config.founder ?? nodeId),
      logKey: facts.logKey,
    },
    self: { chain },
    members: [...members].map(([node, { name }]) => ({
      ...{ name, nodeId: node },
      connected: node === nodeId || links.of(node).connected,
      certificate: (node === nodeId ? chain[0] : links.certificateOf(node)) ?? null,
    })),
    revocations: revocationFacts(parts.revocations),
  };
}

function revocationFacts(folder: string) {
  const decoded = revocationsIn(folder).map((bytes) => decodeRevocationList(new Uint8Array(bytes)));
  const lists = decoded.flatMap((each) => (each.ok ? [each.list] : []));
  return {
    unreadable: decoded.length - lists.length,
    lists: lists.map(({ issuer, thisUpdateMs, nextUpdateMs, revoked }) => ({
      ...{
        issuer: nameText(issuer),
        thisUpdateMs,
        nextUpdateMs: nextUpdateMs ?? null,
        entries: revoked.size,
      },
    })),
    revoked: lists
      .flatMap(({ revoked }) =>
        [...revoked.values()]
          .slice(0, mostRevoked)
          .map(({ serial, atMs, reason }) => ({ serial: toHex(serial), atMs, reason })),
      )
      .slice(0, mostRevoked),
  };
}

/** A page of the log, newest first, each entry shown to be in it. */
export async function logPage(
  { log, phase }: TrustParts,
  query: { readonly before?: number | undefined; readonly limit?: number | undefined },
  signal: AbortSignal,
) {
  const { before, limit = 50 } = query;
  const page = await log.read({ count: limit, ...(before === undefined ? {} : { before }) }, signal);
  const last = page.entries.at(-1)?.index ?? 0;
  const { logKey } = phase.facts;
  return {
    origin: logKey.split('+', 1)[0] ?? '',
    key: logKey,
    size: page.size,
    root: page.root,
    checkpoint: page.checkpoint,
    verified: true,
    entries: page.entries.map(({ hashes: _, ...entry }) => entry),
    next: last > 0 ? last : null,
  };
}

/** That one entry is in the log, and, where an older checkpoint is given, that the log grew out of it. */
export async function logProof(
  { log }: TrustParts,
  { index, since }: { readonly index: number; readonly since?: string | undefined },
  signal: AbortSignal,
) {
  const query = { before: index + 1, count: 1, ...(since === undefined ? {} : { since }) };
  const { entries, consistency, size, root, checkpoint } = await log.read(query, signal);
  const [entry] = entries;
  if (entry?.index !== index) {
    throw new NodeError(
      { code: 'node/not-found', what: `entry ${index}`, next: `the log has ${size} entries, from 0 on` },
      `The log has no entry ${index}`,
    );
  }
  return {
    ...{ ...entry, size, root, checkpoint, inclusion: 'verified' as const },
    ...(consistency === undefined ? {} : { consistency: { ...consistency, verdict: 'verified' as const } }),
  };
}

/** A name with the members that serve it. */
export function nameLine<Name extends NameView>(parts: TrustParts, { nodes, ...name }: Name) {
  return {
    ...name,
    nodes: nodes.map((nodeId) => ({
      ...{ name: nameIn(parts, nodeId), nodeId, address: parts.book.addressOf(nodeId) ?? null },
    })),
  };
}
