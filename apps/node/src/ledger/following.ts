import { decodeTransaction, type FinalizedEntry, headerHash, type ValidatorNode } from '@hypermesh/consensus';
import { type Clock, type Log, type OperationId, toHex } from '@hypermesh/core';
import { wait } from '../mesh/peers.ts';
import type { IndexedBlock, LedgerHistory, OperationFacts } from './history.ts';

/** The ledger, as far as it is followed. */
export interface FollowedLedger {
  readonly validator: Pick<ValidatorNode, 'finalized' | 'header' | 'proof' | 'status'>;
  readonly ledger: {
    operation(id: OperationId): { readonly height: number; readonly code: string } | undefined;
    appliedHeight(): number;
  };
}

/** Blocks that go into the index together at most. */
const batchBlocks = 32;
const againMs = 5_000;

/**
 * Keeps the index up with the ledger until `signal` aborts: from where it ends, whatever is missing, and from the beginning
 * where it is of another chain. A failure is logged, and the index begins anew after some seconds: the ledger does not wait for
 * it. `onBlocks` hears what was added.
 */
export async function followLedger(
  followed: FollowedLedger,
  history: LedgerHistory,
  parts: {
    readonly clock: Clock;
    readonly log: Log;
    readonly signal: AbortSignal;
    onBlocks(blocks: readonly IndexedBlock[]): void;
  },
): Promise<void> {
  const { clock, log, signal, onBlocks } = parts;
  while (!signal.aborted) {
    try {
      if (!(await isOfThisChain(followed, history))) history.clear();
      await follow(followed, history, signal, onBlocks);
    } catch (error) {
      if (signal.aborted) return;
      log.warn('ledger.index-anew', { message: String(error) });
      clearIfPossible(history, log);
      await wait(clock, againMs, signal);
    }
  }
}

async function follow(
  followed: FollowedLedger,
  history: LedgerHistory,
  signal: AbortSignal,
  onBlocks: (blocks: readonly IndexedBlock[]) => void,
): Promise<void> {
  const { validator } = followed;
  let batch: IndexedBlock[] = [];
  for await (const entry of validator.finalized({ from: history.height() + 1, signal })) {
    batch.push(await factsOf(entry, followed));
    if (batch.length < batchBlocks && entry.header.height < followed.ledger.appliedHeight()) continue;
    history.add(batch);
    onBlocks(batch);
    batch = [];
  }
}

/** Whether the last block of the index is that of the ledger. */
async function isOfThisChain({ validator }: FollowedLedger, history: LedgerHistory): Promise<boolean> {
  const height = history.height();
  if (height === 0) return true;
  const header = await validator.header(height);
  return header !== undefined && toHex(headerHash(header)) === history.hashAt(height);
}

async function factsOf(entry: FinalizedEntry, followed: FollowedLedger): Promise<IndexedBlock> {
  const { header, hash, txs, sizeBytes } = entry;
  const { height, timeMs, view, proposer } = header;
  const proof = await followed.validator.proof(height);
  const seen = new Set<string>();
  const operations = txs.map((tx, index): OperationFacts => {
    const decoded = decodeTransaction(tx);
    if (!decoded.ok) {
      const none = { id: '', kind: 'malformed', actor: new Uint8Array(32), sequence: 0 };
      return { ...none, height, index, timeMs, code: decoded.reason, bytes: tx.length };
    }
    const { id, operation } = decoded;
    const { kind, actor, sequence } = operation;
    const record = followed.ledger.operation(id);
    // An operation that stood in a block before, or that the state refused without noting it, changed nothing here.
    const isItself = record?.height === height && !seen.has(id);
    seen.add(id);
    const code = isItself ? record.code : record === undefined ? 'not-executed' : 'replayed';
    return { id, kind, actor, sequence, height, index, timeMs, code, bytes: tx.length };
  });
  const signers = proof?.certificate.signers ?? [];
  const hex = toHex(hash);
  return {
    block: {
      height,
      hash: hex,
      timeMs,
      view,
      proposer,
      signers,
      operations: txs.length,
      bytes: sizeBytes,
    },
    operations,
  };
}

function clearIfPossible(history: LedgerHistory, log: Log): void {
  try {
    history.clear();
  } catch (error) {
    // It is opened anew with the next start, which finds it damaged.
    log.error('ledger.index-lost', { message: String(error) });
  }
}
