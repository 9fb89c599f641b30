import { decodeGenesis } from '@hypermesh/consensus';
import { type Clock, hasCode, type Log, type NodeId } from '@hypermesh/core';
import { type DataDirectory, readIfPresent, writeDurably } from '../data-directory.ts';
import { NodeError } from '../errors.ts';
import type { Founder } from '../founder.ts';
import { decodeFacts, encodeFacts, type MeshFacts } from './facts.ts';
import { type FoundGenesis, openGenesis } from './founding.ts';
import { requestOf } from './members.ts';
import { type Peers, wait } from './peers.ts';
import { genesisRequest, meshMessages } from './protocol.ts';

/** Least time between two questions for the genesis, whatever is answered. */
const askAgainMs = 500;

/**
 * The genesis of this node's mesh: from its files, made here by the founder, or asked of the founder until it has one.
 * Whether it is to be believed is for `phase2` to say; `keepGenesis` stores what it believed.
 */
export async function receiveGenesis(
  directory: DataDirectory,
  source: {
    readonly founder: Founder | undefined;
    readonly founderId: NodeId;
    readonly peers: Peers;
    readonly clock: Clock;
    readonly log: Log;
    readonly signal: AbortSignal;
  },
): Promise<FoundGenesis> {
  const { founder, founderId, peers, clock, log, signal } = source;
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
      const genesis = decodeGenesis(answer.genesis);
      const facts = decodeFacts(answer.facts);
      if (!genesis.ok) throw unusable(founderId, genesis.reason);
      if (!facts.ok) throw unusable(founderId, facts.reason);
      return { ...genesis, bytes: answer.genesis, facts: facts.value };
    }
    if (answer !== undefined) log.info('mesh.waiting', { members: answer.members, wanted: answer.wanted });
    await wait(clock, askAgainMs, signal);
    signal.throwIfAborted();
  }
}

/** Stores a genesis that this node believes, durably; the facts first, so that no crash leaves it without them. */
export function keepGenesis(directory: DataDirectory, { bytes, facts }: FoundGenesis): void {
  if (readIfPresent(directory.facts) === undefined) writeDurably(directory.facts, encodeFacts(facts));
  if (readIfPresent(directory.genesis) === undefined) writeDurably(directory.genesis, bytes);
}

function unusable(founder: NodeId, reason: string): NodeError {
  return new NodeError(
    { code: 'node/refused', by: founder, reason, next: 'ask the owner of the founding node' },
    `The genesis that the founding node answers cannot be used: ${reason}`,
  );
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
