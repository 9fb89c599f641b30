import { join } from 'node:path';
import type { LedgerEntry } from '@hypermesh/consensus';
import type { NodeId } from '@hypermesh/core';
import { openStatement } from '@hypermesh/executors';
import { decodeReceipt, meterInWorker } from '@hypermesh/metered-wasm';
import { writeDurably } from '../data-directory.ts';
import type { LedgerService } from '../ledger/service.ts';
import { decodeLeaseTerms } from '../run/lease.ts';
import type { Programs } from '../run/ports.ts';
import type { RunRecords } from '../run/records.ts';

/**
 * Writes what this node has of runs that it asked for: the executing node's statement, the receipt, the output, and for
 * WebAssembly the metered module and the input, so that a bare engine can run the same again.
 */
export async function exportRuns(
  folder: string,
  parts: {
    readonly ledger: LedgerService;
    readonly programs: Programs;
    readonly records: RunRecords;
    keyOf(node: NodeId): Uint8Array;
  },
  signal: AbortSignal,
): Promise<number> {
  const { ledger, programs, records, keyOf } = parts;
  const entries = new Map(
    [...ledger.ledger.entries('lease/')].map(([, entry]) => {
      const { operation, value } = entry as unknown as LedgerEntry;
      return [operation, value] as const;
    }),
  );
  let written = 0;
  for (const lease of records.leases()) {
    const run = records.get(lease);
    const value = entries.get(lease);
    const terms = value instanceof Uint8Array ? decodeLeaseTerms(value) : undefined;
    if (run === undefined || terms?.ok !== true) continue;
    const opened = openStatement(run.statement, keyOf(terms.terms.executor));
    if (!opened.ok) continue;
    const place = join(folder, 'runs', lease);
    const { receipt } = opened.statement;
    writeDurably(join(place, 'statement.cbor'), run.statement, 0o644);
    writeDurably(join(place, 'output'), run.output, 0o644);
    written += 1;
    if (receipt.length === 0) continue;
    writeDurably(join(place, 'receipt.cbor'), receipt, 0o644);
    if (!decodeReceipt(receipt).ok || terms.terms.input !== undefined) continue;
    const { program, input } = await programs.bring(terms.terms, () => undefined, signal);
    const module = program.files.get(program.entrypoint) ?? new Uint8Array();
    const metered = await meterInWorker(module, { memoryMaxPages: terms.terms.memoryPages });
    if (!metered.ok) continue;
    writeDurably(join(place, 'module.wasm'), metered.module, 0o644);
    writeDurably(join(place, 'input'), await input(), 0o644);
  }
  return written;
}
