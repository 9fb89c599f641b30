import { join } from 'node:path';
import { encodeGenesis } from '@hypermesh/consensus';
import { encodeFinalityProof } from '@hypermesh/consensus/light';
import { encodeCanonical, equalBytes } from '@hypermesh/core';
import { type DataDirectory, makeFolder, readIfPresent, writeDurably } from '../data-directory.ts';
import { NodeError } from '../errors.ts';
import type { LedgerService } from '../ledger/service.ts';
import { encodeFacts, type MeshFacts } from '../mesh/facts.ts';

/** What was written. */
export interface EvidenceResult extends LedgerEvidence {
  readonly packages: number;
  readonly runs: number;
}

/** What of the ledger was written, and up to which block. */
export interface LedgerEvidence {
  readonly folder: string;
  readonly height: number;
  readonly blocks: number;
  readonly entries: number;
}

/** Blocks that may pass before the ledger is at rest for a moment and its state can be shown under a header. */
const mostBlocksWaited = 64;

/**
 * Writes what shows the ledger to outsiders, in formats that need none of our code: the genesis and the mesh's facts,
 * every final block, the votes under the last one, and all entries of a state whose root that block names. Blocks and
 * entries are CBOR sequences (RFC 8742) of canonical DAG-CBOR.
 */
export async function exportLedger(
  folder: string,
  parts: { readonly directory: DataDirectory; readonly ledger: LedgerService; readonly facts: MeshFacts },
  signal: AbortSignal,
): Promise<LedgerEvidence> {
  const { directory, ledger, facts } = parts;
  makeFolder(join(folder, 'certificates'));
  for (const [name, file] of [['root.pem', directory.root]] as const)
    writeDurably(join(folder, 'certificates', name), readIfPresent(file) ?? '', 0o644);
  writeDurably(join(folder, 'genesis.cbor'), encodeGenesis(ledger.genesis), 0o644);
  writeDurably(join(folder, 'facts.cbor'), encodeFacts(facts), 0o644);

  const { entries, height } = await stateUnderHeader(ledger, signal);
  const blocks: Uint8Array[] = [];
  for await (const { header, txs } of ledger.validator.finalized({ from: 1, signal })) {
    blocks.push(encodeCanonical({ header, txs: [...txs] }));
    if (header.height === height) break;
  }
  const proof = await ledger.validator.proof(height);
  if (proof === undefined) throw new TypeError(`block ${height} is final and must be stored`);
  writeDurably(join(folder, 'blocks.cbor'), Buffer.concat(blocks), 0o644);
  writeDurably(join(folder, 'finality.cbor'), encodeFinalityProof(proof), 0o644);
  writeDurably(join(folder, 'state.cbor'), Buffer.concat(entries), 0o644);
  return { folder, height, blocks: blocks.length, entries: entries.length };
}

/** All entries of the state, and a final block whose header names exactly that state. */
async function stateUnderHeader(
  { ledger, validator }: LedgerService,
  signal: AbortSignal,
): Promise<{ readonly entries: readonly Uint8Array[]; readonly height: number }> {
  let root = ledger.stateRoot();
  let entries = snapshot();
  function snapshot(): Uint8Array[] {
    return [...ledger.entries('')].map(([key, value]) => encodeCanonical([key, encodeCanonical(value)]));
  }
  let waited = 0;
  for await (const { header } of validator.finalized({ from: ledger.appliedHeight() + 1, signal })) {
    if (equalBytes(header.stateRoot, root)) return { entries, height: header.height };
    if (!equalBytes(ledger.stateRoot(), root)) {
      root = ledger.stateRoot();
      entries = snapshot();
    }
    waited += 1;
    if (waited >= mostBlocksWaited) break;
  }
  signal.throwIfAborted();
  throw new NodeError(
    {
      code: 'node/refused',
      by: 'ledger',
      reason: 'never at rest',
      next: 'ask again when fewer operations run',
    },
    `The ledger changed with each of ${mostBlocksWaited} blocks, so that no header names a state that could be written`,
  );
}
