import type { LedgerEntry, OperationLedger } from '@hypermesh/consensus';
import { fromUtf8, type NodeId, sha256, toHex } from '@hypermesh/core';
import { openStatement, readReceipt } from '@hypermesh/executors';
import { NodeError } from '../errors.ts';
import { booksOf, leasesOf } from '../wallet/rules.ts';
import type { RunDetails, RunFacts, RunJournal } from './journal.ts';
import { decodeLeaseTerms, type LeaseTerms } from './lease.ts';
import type { RunRecords } from './records.ts';

/** Bytes of an output that are shown: as text where it is text, else as hex. */
const shownText = 64 * 1024;
const shownHex = 4 * 1024;

/** A run with everything that this node can tell of it. */
export interface RunRecordView {
  readonly run: RunFacts;
  readonly details: RunDetails;
  readonly output: {
    readonly bytes: number;
    readonly digest: string;
    readonly text?: string;
    readonly hex?: string;
    readonly isCut: boolean;
  } | null;
  /** What the executing node signed; null where nothing of it is kept here, or it does not hold. */
  readonly receipt: ReceiptView | null;
  readonly settlement: {
    readonly status: 'held' | 'settled' | 'expired' | 'none';
    readonly charged?: string;
    readonly fee?: string;
    readonly returned?: string;
    readonly held?: string;
  };
  /** Whether `rerun` has what it needs, or why not. */
  readonly canRerun: boolean;
  readonly rerunNote?: string;
}

/** What the executing node signed of a run; digests and seeds are hex. */
export interface ReceiptView {
  readonly type: string;
  readonly exit: string;
  readonly fuel: string;
  readonly isFuelExact: boolean;
  readonly output: string;
  readonly bytes: number;
  readonly digest: string | null;
  readonly memoryPages: number | null;
  readonly clockMs: number | null;
  readonly randomSeed: string | null;
  readonly outputCid: string | null;
}

/** What a run is looked up in. */
export interface RunLookup {
  readonly journal: RunJournal;
  readonly records: RunRecords;
  readonly ledger: Pick<OperationLedger, 'entries' | 'get' | 'chainId'>;
  readonly chain: Uint8Array;
  keyOf(node: NodeId): Uint8Array;
}

/** What a lease grants, as the ledger keeps it. */
export function leaseTermsOf(
  ledger: Pick<OperationLedger, 'entries'>,
  lease: string,
): LeaseTerms | undefined {
  for (const [, value] of ledger.entries('lease/')) {
    const entry = value as unknown as LedgerEntry;
    if (entry.operation !== lease || !(entry.value instanceof Uint8Array)) continue;
    const decoded = decodeLeaseTerms(entry.value);
    return decoded.ok ? decoded.terms : undefined;
  }
  return undefined;
}

/** All that this node can tell of a run. Throws `node/not-found` for one that it neither asked for nor executed. */
export function viewRun(lookup: RunLookup, lease: string, role?: RunFacts['role']): RunRecordView {
  const { journal, records, ledger } = lookup;
  const found = journal.get(lease, role);
  if (found === undefined) {
    throw new NodeError(
      {
        code: 'node/not-found',
        what: lease,
        next: 'give the lease that `hypermesh run` printed, on one of the two nodes',
      },
      `This node neither asked for the run ${lease} nor executed it`,
    );
  }
  const kept = found.run.role === 'asked' ? records.get(lease) : undefined;
  const stated =
    kept === undefined ? undefined : openStatement(kept.statement, lookup.keyOf(found.run.with as NodeId));
  const statement = stated?.ok === true ? stated.statement : undefined;
  const note = rerunNote({
    found,
    hasRecord: kept !== undefined,
    hasReceipt: (statement?.receipt.length ?? 0) > 0,
  });
  return {
    ...found,
    output: kept === undefined || found.run.exit !== 'ok' ? null : shown(kept.output),
    receipt: statement === undefined ? null : receiptOf(statement),
    settlement: settlementOf(ledger, lookup.chain, lease),
    canRerun: note === undefined,
    ...(note === undefined ? {} : { rerunNote: note }),
  };
}

function rerunNote(parts: {
  readonly found: { readonly run: RunFacts };
  readonly hasRecord: boolean;
  readonly hasReceipt: boolean;
}): string | undefined {
  const { run } = parts.found;
  if (run.role !== 'asked') return 'only the node that asked for it keeps what a second execution needs';
  if (run.status === 'running') return 'it is still running';
  if (!parts.hasRecord) return 'its record is gone: the newest 256 are kept';
  return parts.hasReceipt ? undefined : 'it did not end well, so there is no result to compare with';
}

type Statement = Extract<ReturnType<typeof openStatement>, { ok: true }>['statement'];

function receiptOf(statement: Statement): ReceiptView {
  const { type, exit, fuel, isFuelExact, receipt, output } = statement;
  const read = receipt.length === 0 ? undefined : readReceipt(receipt);
  const facts = read?.ok === true ? read.receipt : undefined;
  return {
    type,
    exit,
    fuel: String(fuel),
    isFuelExact,
    output: toHex(output),
    bytes: receipt.length,
    digest: receipt.length === 0 ? null : toHex(sha256(receipt)),
    memoryPages: facts?.memoryPages ?? null,
    clockMs: facts?.clockMs ?? null,
    randomSeed: facts?.randomSeed === undefined ? null : toHex(facts.randomSeed),
    outputCid: facts?.output ?? null,
  };
}

function shown(output: Uint8Array): NonNullable<RunRecordView['output']> {
  const digest = toHex(sha256(output));
  const bytes = output.length;
  // A character may be cut at the end: the rest of it goes too.
  for (let cut = 0; cut <= Math.min(3, bytes); cut += 1) {
    const end = Math.min(bytes, shownText) - cut;
    const text = fromUtf8(output.subarray(0, end));
    if (text.ok) return { bytes, digest, text: text.text, isCut: end < bytes };
    if (bytes <= shownText) break;
  }
  return { bytes, digest, hex: toHex(output.subarray(0, shownHex)), isCut: bytes > shownHex };
}

function settlementOf(
  ledger: RunLookup['ledger'],
  chain: Uint8Array,
  lease: string,
): RunRecordView['settlement'] {
  const books = booksOf(ledger);
  const settled = leasesOf(books, chain).settlementOf(lease);
  if (settled !== undefined) {
    const { amount, fee, returned } = settled;
    return { status: 'settled', charged: String(amount), fee: String(fee), returned: String(returned) };
  }
  const hold = books.holdOf(lease);
  if (hold === undefined) return { status: 'none' };
  if (hold.status === 'pending') return { status: 'held', held: String(hold.remaining) };
  return { status: 'expired', returned: String(hold.returned) };
}
