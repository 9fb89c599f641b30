import { hasCode, type Log, type NodeId } from '@hypermesh/core';
import { type DataDirectory, readIfPresent, writeDurably } from '../data-directory.ts';
import { NodeError } from '../errors.ts';
import type { Founder } from '../founder.ts';
import { decodeFacts, type MeshFacts } from './facts.ts';
import { type FoundGenesis, openGenesis } from './founding.ts';
import { requestOf } from './members.ts';
import type { Peers } from './peers.ts';
import { genesisRequest, meshMessages } from './protocol.ts';

/** A genesis and the facts that it claims to be bound to. */
export type ReceivedGenesis = Omit<FoundGenesis, 'bytes'>;

/**
 * The genesis of this node's mesh: from its files, made here by the founder, or asked of the founder until it has one.
 * Whether it is to be believed is for `phase2` to say.
 */
export async function receiveGenesis(
  directory: DataDirectory,
  source: {
    readonly founder: Founder | undefined;
    readonly founderId: NodeId;
    readonly peers: Peers;
    readonly log: Log;
    readonly signal: AbortSignal;
  },
): Promise<ReceivedGenesis> {
  const { founder, founderId, peers, log, signal } = source;
  if (founder !== undefined) return founder.genesis(signal);
  const stored = readIfPresent(directory.genesis);
  const storedFacts = readIfPresent(directory.facts);
  if (stored !== undefined && storedFacts !== undefined) {
    return { ...openGenesis(stored, directory.genesis), facts: openFacts(storedFacts, directory.facts) };
  }
  peers.keep(founderId);
  for (;;) {
    const answer = await askOnce(founderId, peers, signal);
    if (answer !== undefined && answer.genesis.length > 0) {
      const opened = openGenesis(answer.genesis, 'the answer of the founder');
      const facts = openFacts(answer.facts, 'the answer of the founder');
      writeDurably(directory.facts, answer.facts);
      writeDurably(directory.genesis, answer.genesis);
      return { ...opened, facts };
    }
    if (answer !== undefined) log.info('mesh.waiting', { members: answer.members, wanted: answer.wanted });
  }
}

function openFacts(bytes: Uint8Array, file: string): MeshFacts {
  const decoded = decodeFacts(bytes);
  if (decoded.ok) return decoded.value;
  throw new NodeError(
    {
      code: 'node/damaged-file',
      file,
      reason: decoded.reason,
      next: 'restore it from a copy, or join again',
    },
    `${file} cannot be used: ${decoded.reason}`,
  );
}

/** Asks for the genesis; the founder holds the question for a while. Undefined where it cannot be reached now. */
async function askOnce(founderId: NodeId, peers: Peers, signal: AbortSignal) {
  try {
    const peer = await peers.reachable(founderId, signal);
    const answer = await requestOf(peer, genesisRequest, new Uint8Array(), { signal, deadlineMs: 30_000 });
    const decoded = meshMessages.genesisAnswer.decode(answer);
    return decoded.ok ? decoded.value : undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (hasCode(error, 'node/refused') || hasCode(error, 'node/unreachable')) return undefined;
    throw error;
  }
}
