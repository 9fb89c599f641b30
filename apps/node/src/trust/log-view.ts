import { decodeCanonical, toHex } from '@hypermesh/core';
import { leafHash } from '@hypermesh/core/merkle';
import {
  type Checkpoint,
  createLogView,
  openCheckpoint,
  verifyGrowth,
  verifyLogProof,
} from '@hypermesh/trustchain/log';
import { decodeCertificate, nameText } from '@hypermesh/trustchain/x509';
import { readIfPresent, writeDurably } from '../data-directory.ts';
import { NodeError } from '../errors.ts';
import type { LogPage, LogSource } from '../mesh/transparency.ts';

/** An entry of the log, shown to be in it. */
export interface LogEntryFacts {
  readonly index: number;
  readonly kind: 'certificate' | 'bundle' | 'other';
  /** Whom a certificate names, or the digest of a signed bundle (hex). */
  readonly subject: string | null;
  /** When a certificate begins; other entries carry no time. */
  readonly timeMs: number | null;
  readonly bytes: number;
  readonly leafHash: string;
}

/** A page of the log as this node checked it: signature, growth since it looked last, and each entry's place. */
export interface VerifiedPage {
  readonly size: number;
  /** Hex. */
  readonly root: string;
  readonly checkpoint: string;
  readonly entries: readonly (LogEntryFacts & { readonly hashes: readonly string[] })[];
  /** Where a page was asked for with an older checkpoint: that this tree grew out of that one. */
  readonly consistency?: { readonly from: number; readonly size: number; readonly hashes: readonly string[] };
}

/** The mesh's log as one node believes it. */
export interface VerifiedLog {
  /**
   * `since` is a checkpoint that the log signed earlier: the page then shows that it grew out of that. Throws `node/refused`
   * where the log contradicts itself, or what it showed before; `node/bad-flag` where `since` is none of its checkpoints.
   */
  read(query: VerifiedQuery, signal?: AbortSignal): Promise<VerifiedPage>;
}

/** Which entries, newest first: `count` below `before`. */
export interface VerifiedQuery {
  readonly before?: number;
  readonly count: number;
  readonly since?: string;
}

/**
 * Reads the log and believes nothing unchecked. The greatest checkpoint that was believed is kept in `path`, so that a log
 * that was rewritten while this node was off is found too.
 */
export function openVerifiedLog(parts: {
  readonly source: LogSource;
  readonly verifierKey: string;
  readonly path: string;
  /** The log signed two histories: told once for each finding. */
  onSplit(reason: string): void;
}): VerifiedLog {
  const { source, verifierKey, path, onSplit } = parts;
  const stored = readIfPresent(path)?.toString('utf8');
  const isSound = stored !== undefined && openCheckpoint(stored, verifierKey).ok;
  const view = createLogView(
    { verifierKey, ...(isSound ? { checkpoint: stored } : {}) },
    { consistencyProof: async (from, _, signal) => (await source.read({ count: 0, from }, signal)).growth },
  );

  /** The page is looked at under the view's order: what it leads to must grow out of all that was believed before. */
  async function believe(page: LogPage, signal: AbortSignal | undefined): Promise<void> {
    const before = view.checkpoint;
    const compared = await view.observe(page.checkpoint, signal);
    if (compared.verdict === 'split') {
      onSplit('it signed two trees of one size');
      throw contradicts('it signed two trees of one size');
    }
    if (compared.verdict !== 'consistent') {
      // Between two questions the log may have grown: then the proof leads to another size, and asking again helps.
      throw contradicts(`it does not show that it only grew (${compared.reason})`);
    }
    if (view.checkpoint !== undefined && view.checkpoint !== before) writeDurably(path, view.checkpoint);
  }

  async function readOnce({ since, ...query }: VerifiedQuery, signal?: AbortSignal): Promise<VerifiedPage> {
    const earlier = since === undefined ? undefined : checkpointIn(since, verifierKey);
    const page = await source.read(
      { ...query, ...(earlier === undefined ? {} : { from: earlier.size }) },
      signal,
    );
    const opened = openCheckpoint(page.checkpoint, verifierKey);
    if (!opened.ok) throw contradicts(`its checkpoint does not hold: ${opened.reason}`);
    await believe(page, signal);
    const { size, root } = opened.checkpoint;
    const entries = page.entries.map(({ index, entry, hashes }) => {
      const proof = { checkpoint: page.checkpoint, leafIndex: index, hashes };
      const proven = verifyLogProof(entry, proof, verifierKey);
      if (!proven.ok) throw contradicts(`entry ${index} is not in it: ${proven.reason}`);
      return { ...describeEntry(index, entry), hashes: hashes.map((hash) => toHex(hash)) };
    });
    const facts = { size, root: toHex(root), checkpoint: page.checkpoint, entries };
    if (earlier === undefined) return facts;
    const grown = verifyGrowth(earlier, opened.checkpoint, page.growth);
    if (!grown.ok)
      throw contradicts(`it does not grow out of its first ${earlier.size} entries: ${grown.reason}`);
    const hashes = page.growth.map((hash) => toHex(hash));
    return { ...facts, consistency: { from: earlier.size, size, hashes } };
  }

  return { read: (query, signal) => again(() => readOnce(query, signal)) };
}

function checkpointIn(note: string, verifierKey: string): Checkpoint {
  const opened = openCheckpoint(note, verifierKey);
  if (opened.ok) return opened.checkpoint;
  throw new NodeError(
    {
      code: 'node/bad-flag',
      flag: 'since',
      next: 'give a whole checkpoint as `hypermesh trust log` prints it',
    },
    `This is no checkpoint of this mesh's log: ${opened.reason}`,
  );
}

/** Once more where the log grew between two questions. */
async function again<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof NodeError) || error.failure.code !== 'node/refused') throw error;
    return await work();
  }
}

function contradicts(reason: string): NodeError {
  const next = 'compare its signed checkpoints with other members: hypermesh trust log --json';
  return new NodeError(
    { code: 'node/refused', by: "the mesh's log", reason, next },
    `The transparency log cannot be believed: ${reason}`,
  );
}

function describeEntry(index: number, entry: Uint8Array): LogEntryFacts {
  const facts = { index, bytes: entry.length, leafHash: toHex(leafHash(entry)) };
  const certificate = decodeCertificate(entry);
  if (certificate.ok) {
    const { subject, notBeforeMs } = certificate.certificate;
    return { ...facts, kind: 'certificate', subject: nameText(subject), timeMs: notBeforeMs };
  }
  const decoded = decodeCanonical(entry, { maxBytes: 1_024, maxDepth: 2, maxItems: 8 });
  const value = decoded.ok ? (decoded.value as { kind?: unknown; bundle?: unknown } | null) : undefined;
  if (value?.kind === 'bundle' && value.bundle instanceof Uint8Array)
    return { ...facts, kind: 'bundle', subject: toHex(value.bundle), timeMs: null };
  return { ...facts, kind: 'other', subject: null, timeMs: null };
}
