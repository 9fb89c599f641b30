import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Clock,
  decodeRecord,
  encodeRecord,
  hasCode,
  type Metrics,
  type NodeId,
  record,
  s,
} from '@hypermesh/core';
import { createSigner } from '@hypermesh/core/ed25519';
import { refuse, type StoqNode } from '@hypermesh/stoq';
import { type LogProof, openLog, type TransparencyLog } from '@hypermesh/trustchain/log';
import type { KeyPair } from '@hypermesh/trustchain/suite';
import { NodeError } from '../errors.ts';
import { createAllowance } from '../mesh/allowance.ts';
import { handleForMembers, requestOf } from '../mesh/members.ts';
import type { Peers } from '../mesh/peers.ts';
import { logReadRequest, logRequest, meshMessages } from '../mesh/protocol.ts';
import type { LoggedEntry, LogPage, LogQuery, LogSource, Transparency } from '../mesh/transparency.ts';

const loggedEntry = record({
  v: s.literal(1),
  checkpoint: s.text(4096),
  leafIndex: s.uint(),
  hashes: s.array(s.bytes({ length: 32 }), 64),
});

/** The log of the mesh where its authority runs. */
export interface LocalTransparency extends Transparency, LogSource, AsyncDisposable {
  readonly verifierKey: string;
  /** Why it takes nothing, in words; undefined where it does. */
  problem(): string | undefined;
}

/** A file beside the log that says that it may be older than what it signed: nothing is appended then. */
export const staleLogMark = 'restored';

/**
 * Opens the mesh's log in a folder of the node that founded it. Where the disk failed it, the next append opens it
 * anew. A log that was restored from a backup and may have grown since appends nothing: it would show two histories.
 */
export async function openTransparency(
  directory: string,
  origin: string,
  key: KeyPair,
  metrics?: Metrics,
): Promise<LocalTransparency> {
  const signer = createSigner(key.secretKey);
  const options = { directory, origin, signer, ...(metrics === undefined ? {} : { metrics }) };
  let log = await openLog(options);
  const { verifierKey } = log;
  const stale = existsSync(join(directory, staleLogMark))
    ? 'the log was restored from a backup that may be older than what it showed to others'
    : undefined;
  let reopening: Promise<void> | undefined;

  async function reopen(): Promise<void> {
    await log.close().catch(() => undefined);
    log = await openLog(options);
  }

  return {
    verifierKey,
    problem: () => stale,
    async append(entry) {
      if (stale !== undefined) throw staleLog(directory, stale);
      await reopening;
      try {
        const { index } = await log.append(entry);
        return { index, proof: log.prove(index) };
      } catch (error) {
        if (hasCode(error, 'trustchain/storage-failed')) {
          reopening ??= reopen()
            .catch(() => undefined)
            .finally(() => {
              reopening = undefined;
            });
        }
        throw error;
      }
    },
    [Symbol.asyncDispose]: async () => {
      await reopening;
      await log.close();
    },
    read: (query) => pageOf(log, query),
  };
}

/** Bytes of entries on one page at most: with their proofs they fit into one message. */
const maxPageBytes = 512 * 1024;

async function pageOf(log: TransparencyLog, { before, count, from }: LogQuery): Promise<LogPage> {
  // Proofs first, in one turn: all of them lead to one checkpoint, however the log grows meanwhile.
  const { checkpoint, size } = log;
  const first = Math.min(before ?? size, size) - 1;
  const proofs: LogProof[] = [];
  for (let index = first; index >= 0 && proofs.length < count; index -= 1) proofs.push(log.prove(index));
  const growth = from === undefined || from > size ? [] : log.consistencyProof(from, size);
  const entries: { index: number; entry: Uint8Array; hashes: readonly Uint8Array[] }[] = [];
  let bytes = 0;
  for (const { leafIndex, hashes } of proofs) {
    const entry = await log.entry(leafIndex);
    bytes += entry.length;
    if (bytes > maxPageBytes && entries.length > 0) break;
    entries.push({ index: leafIndex, entry, hashes });
  }
  return { checkpoint, entries, growth };
}

/** Pages that one member may read. */
const reads = { burst: 64, refillMs: 100 };

/** Lets other members read this node's log. */
export function serveLogPages(stoq: StoqNode, log: LogSource, clock: Clock): () => void {
  const allowance = createAllowance(clock, reads);
  return handleForMembers(stoq, logReadRequest, async (body, { member, signal }) => {
    const ask = meshMessages.logReadAsk.decode(body);
    if (!ask.ok) return refuse('malformed', Buffer.from(ask.reason));
    if (!allowance.take(member)) return refuse('too-often');
    const { before, count, from } = ask.value;
    const query = {
      ...{ count },
      ...(before === undefined ? {} : { before }),
      ...(from === undefined ? {} : { from }),
    };
    return meshMessages.logPage.encode(await log.read(query, signal));
  });
}

function staleLog(file: string, reason: string): NodeError {
  return new NodeError(
    {
      code: 'node/damaged-file',
      file,
      reason,
      next: 'restore a backup that was made after this node had stopped for good, with --last-state',
    },
    `The log of the mesh takes nothing: ${reason}`,
  );
}

/** Entries that one member may append: each is kept for good. */
const appends = { burst: 64, refillMs: 1_000 };

/** Lets other members append to this node's log. */
export function serveTransparency(stoq: StoqNode, log: Transparency, clock: Clock): () => void {
  const allowance = createAllowance(clock, appends);
  return handleForMembers(stoq, logRequest, async (body, { member, signal }) => {
    const ask = meshMessages.logAsk.decode(body);
    if (!ask.ok) return refuse('malformed', Buffer.from(ask.reason));
    if (!allowance.take(member)) return refuse('too-often');
    const { proof } = await log.append(ask.value.entry, signal);
    return encodeRecord(loggedEntry, { v: 1, ...proof });
  });
}

/** The log as a member reads it that does not hold it. */
export function remoteLogSource(peers: Peers, holder: NodeId): LogSource {
  return {
    async read(query, signal) {
      const peer = await peers.sessionWith(holder, signal);
      const options = signal === undefined ? {} : { signal };
      const answer = await requestOf(peer, logReadRequest, meshMessages.logReadAsk.encode(query), options);
      const decoded = meshMessages.logPage.decode(answer);
      if (decoded.ok) return decoded.value;
      throw new NodeError(
        { code: 'node/refused', by: holder, reason: decoded.reason, next: 'see the log of that node' },
        `A page of the transparency log cannot be read: ${decoded.reason}`,
      );
    },
  };
}

/** The log as a member uses it that does not hold it. Whoever needs the proof checks it against the log's key. */
export function remoteTransparency(peers: Peers, holder: NodeId): Transparency {
  return {
    async append(entry, signal): Promise<LoggedEntry> {
      const peer = await peers.sessionWith(holder, signal);
      const answer = await requestOf(
        peer,
        logRequest,
        meshMessages.logAsk.encode(entry),
        signal === undefined ? {} : { signal },
      );
      const decoded = decodeRecord(loggedEntry, answer);
      if (!decoded.ok) {
        throw new NodeError(
          { code: 'node/refused', by: holder, reason: decoded.reason, next: 'see the log of that node' },
          `The transparency log's answer cannot be read: ${decoded.reason}`,
        );
      }
      const { checkpoint, leafIndex, hashes } = decoded.value;
      const proof: LogProof = { checkpoint, leafIndex, hashes };
      return { index: leafIndex, proof };
    },
  };
}
