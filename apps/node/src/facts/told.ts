import { type NodeId, nodeIdOf } from '@hypermesh/core';
import type { Events } from '../events/hub.ts';
import type { IndexedBlock, OperationFacts } from '../ledger/history.ts';

/** What pages show of an operation's kind: which of them has to look again. */
const topics = [
  ['asset.', 'assets'],
  ['package.', 'packages'],
  ['memory.', 'memory'],
  ['value.', 'wallet'],
  ['lease.', 'wallet'],
  ['name.', 'trust'],
] as const;

/** More blocks than this at once are a catch-up: only the last of them is told. */
const mostTold = 16;

/** Tells of blocks that became final, and of what their operations changed. */
export function tellBlocks(
  events: Events,
  blocks: readonly IndexedBlock[],
  names: { nameOf(node: NodeId): string; proposerOf(index: number): string },
): void {
  const told = blocks.length > mostTold ? blocks.slice(-1) : blocks;
  for (const { block, operations } of told) {
    const { height, hash, timeMs, proposer, bytes } = block;
    const count = block.operations;
    events.publish('blocks', {
      ...{
        type: 'block',
        height,
        hash,
        timeMs,
        proposer: names.proposerOf(proposer),
        operations: count,
        bytes,
      },
    });
    for (const each of operations) tellOperation(events, each, names.nameOf);
  }
}

function tellOperation(
  events: Events,
  { id, kind, actor, height, code }: OperationFacts,
  nameOf: (node: NodeId) => string,
): void {
  const by = nameOf(nodeIdOf(actor));
  const topic = topics.find(([prefix]) => kind.startsWith(prefix))?.[1];
  if (topic !== undefined) events.publish(topic, { type: 'operation', id, kind, by, height, code });
  // A lease is a run's beginning or its payment too: who runs shows what it costs.
  if (kind.startsWith('lease.')) events.publish('assets', { type: 'operation', id, kind, by, height, code });
}
