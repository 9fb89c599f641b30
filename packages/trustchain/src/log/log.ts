import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isBytes, type Metrics, silentMetrics, utf8 } from '@hypermesh/core';
import type { Ed25519Signer } from '@hypermesh/core/ed25519';
import { leafHash } from '@hypermesh/core/merkle';
import { writeAtomically } from '../disk/atomic-file.ts';
import { badArgument, storageFailed, TrustchainError } from '../errors.ts';
import { type Checkpoint, openCheckpoint, signCheckpoint } from './checkpoint.ts';
import {
  BATCH_MAX_BYTES,
  ENTRY_MAX_BYTES,
  encodeRecordBytes,
  type Journal,
  openJournal,
  RECORD,
} from './journal.ts';
import { lockFolder } from './lock.ts';
import { formatVerifierKey } from './note.ts';
import type { LogProof } from './proof.ts';
import { corrupt, type LogIdentity, type LogState, replay } from './replay.ts';
import { writeTiles } from './tiles.ts';

/** What one turn of the event loop hashes: a few milliseconds. */
const BATCH_MAX_ENTRIES = 1024;

/** Where a log lies, what it is called and who signs for it. */
export interface OpenLogOptions {
  /** Made when absent. Holds `journal`, `lock` and the folder `public`. */
  readonly directory: string;
  /** Name of the log: a URL without scheme, such as `example.org/log`; no spaces, no `+`. */
  readonly origin: string;
  /** Signs every checkpoint; from `createSigner` of `@hypermesh/core/ed25519`. */
  readonly signer: Ed25519Signer;
  /** Counts entries that were acknowledged; by default nobody does. */
  readonly metrics?: Metrics;
}

/** What an append comes back with, when the entry is on disk and under a signed checkpoint. */
export interface LogReceipt {
  readonly index: number;
  /** The first checkpoint that covers the entry. */
  readonly checkpoint: string;
}

/**
 * An append-only log of this process. Entries are sequenced, on disk and signed for before they are acknowledged;
 * appends made at the same time share one write and one fsync. After a failed write every call fails with
 * `trustchain/storage-failed`: open the log anew, it holds what was acknowledged.
 */
export interface TransparencyLog extends AsyncDisposable {
  readonly origin: string;
  /** The key that clients need, as text. */
  readonly verifierKey: string;
  /** Acknowledged entries. */
  readonly size: number;
  /** The latest signed checkpoint. */
  readonly checkpoint: string;
  /** Adds an entry of at most 65,535 bytes, of which a copy is taken. */
  append(entry: Uint8Array): Promise<LogReceipt>;
  entry(index: number): Promise<Uint8Array>;
  /** Proof of an entry under the latest checkpoint. */
  prove(index: number): LogProof;
  /** Shows that the tree of `size2` (now, unless given) continues the tree of `size1`. */
  consistencyProof(size1: number, size2?: number): Uint8Array[];
  /** Resolves when `public/` shows the checkpoint of this moment or a later one. */
  published(): Promise<void>;
  /** Finishes what was asked for, publishes, and gives the folder back. */
  close(): Promise<void>;
}

/**
 * Opens a log, or begins one. Fails with `trustchain/log-locked` where another process has it, and with
 * `trustchain/log-corrupt` where its files do not give what was signed. Reads the whole journal.
 */
export async function openLog({
  directory,
  origin,
  signer,
  metrics = silentMetrics,
}: OpenLogOptions): Promise<TransparencyLog> {
  const verifierKey = formatVerifierKey(origin, signer.publicKey);
  await mkdir(join(directory, 'public'), { recursive: true }).catch((cause: unknown) => {
    throw storageFailed(`make ${directory}`, cause);
  });
  const unlock = lockFolder(directory);
  let journal: Journal | undefined;
  try {
    journal = await openJournal(join(directory, 'journal'));
    const identity = { origin, verifierKey, signer };
    const state = await replay(journal, identity, await readPublished(directory, verifierKey));
    return new OpenLog({ directory, identity, state, journal, unlock, metrics });
  } catch (error) {
    await journal?.close();
    unlock();
    throw error;
  }
}

/** What the log has shown to others, as its public folder says. */
async function readPublished(directory: string, verifierKey: string): Promise<Checkpoint | undefined> {
  const note = await readFile(join(directory, 'public/checkpoint')).catch((cause: { code?: string }) => {
    if (cause.code === 'ENOENT') return undefined;
    throw storageFailed('read the published checkpoint', cause);
  });
  if (note === undefined) return undefined;
  const opened = openCheckpoint(new Uint8Array(note), verifierKey);
  if (!opened.ok) throw corrupt('foreign', 0);
  return opened.checkpoint;
}

interface Waiting {
  readonly entry: Uint8Array;
  resolve(receipt: LogReceipt): void;
  reject(error: unknown): void;
}

interface LogParts {
  readonly directory: string;
  readonly identity: LogIdentity;
  readonly state: LogState;
  readonly journal: Journal;
  readonly unlock: () => void;
  readonly metrics: Metrics;
}

class OpenLog implements TransparencyLog {
  readonly #directory: string;
  readonly #identity: LogIdentity;
  readonly #state: LogState;
  readonly #journal: Journal;
  readonly #unlock: () => void;
  readonly #metrics: Metrics;
  #checkpoint: string;
  #size: number;
  #publishedSize: number | undefined;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #publishing: Promise<void> | undefined;
  #failure: unknown;
  #closing: Promise<void> | undefined;

  constructor({ directory, identity, state, journal, unlock, metrics }: LogParts) {
    this.#directory = directory;
    this.#identity = identity;
    this.#state = state;
    this.#journal = journal;
    this.#unlock = unlock;
    this.#metrics = metrics;
    this.#checkpoint = state.checkpoint;
    this.#size = state.tree.size;
    this.#publish();
  }

  get origin(): string {
    return this.#identity.origin;
  }

  get verifierKey(): string {
    return this.#identity.verifierKey;
  }

  get size(): number {
    return this.#size;
  }

  get checkpoint(): string {
    return this.#checkpoint;
  }

  append(entry: Uint8Array): Promise<LogReceipt> {
    return new Promise((resolve, reject) => {
      this.#demandOpen();
      if (!isBytes(entry) || entry.length > ENTRY_MAX_BYTES) {
        throw badArgument('entry', `a Uint8Array of at most ${ENTRY_MAX_BYTES} bytes`);
      }
      this.#waiting.push({ entry: new Uint8Array(entry), resolve, reject });
      this.#writing ??= this.#write();
    });
  }

  async entry(index: number): Promise<Uint8Array> {
    this.#demandIndex(index);
    return this.#read(index);
  }

  prove(index: number): LogProof {
    this.#demandIndex(index);
    const hashes = this.#state.tree.inclusionProof(index, this.#size);
    return { checkpoint: this.#checkpoint, leafIndex: index, hashes };
  }

  consistencyProof(size1: number, size2: number = this.#size): Uint8Array[] {
    if (!(size2 <= this.#size)) throw badArgument('size2', `at most ${this.#size}`);
    return size1 === 0 ? [] : this.#state.tree.consistencyProof(size1, size2);
  }

  async published(): Promise<void> {
    while (this.#publishing !== undefined && this.#publishedSize !== this.#size) await this.#publishing;
    if (this.#failure !== undefined) throw this.#failure;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    while (this.#publishing !== undefined) await this.#publishing;
    try {
      await this.#journal.close();
    } finally {
      this.#unlock();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Takes what waits, batch by batch, until nothing does. */
  async #write(): Promise<void> {
    // Let callers of this turn join the first batch.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#takeBatch();
      try {
        if (this.#failure !== undefined) throw this.#failure;
        const first = this.#size;
        const checkpoint = await this.#writeBatch(batch);
        this.#metrics.count('trust_log_appends_total', batch.length);
        for (const [at, { resolve }] of batch.entries()) resolve({ index: first + at, checkpoint });
        this.#publish();
      } catch (error) {
        // What reached the disk is not known any more; only a fresh replay can say.
        this.#failure ??= error;
        for (const { reject } of batch) reject(error);
      }
    }
    this.#writing = undefined;
  }

  #takeBatch(): Waiting[] {
    let bytes = 0;
    const overflow = this.#waiting.findIndex(({ entry }, at) => {
      bytes += entry.length + 9;
      return at === BATCH_MAX_ENTRIES || bytes > BATCH_MAX_BYTES - ENTRY_MAX_BYTES;
    });
    return this.#waiting.splice(0, overflow < 0 ? this.#waiting.length : Math.max(1, overflow));
  }

  async #writeBatch(batch: readonly Waiting[]): Promise<string> {
    const { tree, places } = this.#state;
    const records = batch.map(({ entry }) => encodeRecordBytes(RECORD.entry, entry));
    for (const { entry } of batch) tree.append(leafHash(entry));
    const { origin, signer } = this.#identity;
    const checkpoint = signCheckpoint({ origin, size: tree.size, root: tree.root() }, signer);
    let position = await this.#journal.append(
      Buffer.concat([...records, encodeRecordBytes(RECORD.checkpoint, utf8(checkpoint))]),
    );
    for (const [at, { entry }] of batch.entries()) {
      const { length } = records[at] as Uint8Array;
      places.push({ position: position + length - entry.length, length: entry.length });
      position += length;
    }
    this.#size = tree.size;
    this.#checkpoint = checkpoint;
    return checkpoint;
  }

  #read(index: number): Promise<Uint8Array> {
    const { position, length } = this.#state.places[index] as LogState['places'][number];
    return this.#journal.read(position, length);
  }

  /** Brings `public/` up to date behind the appends: tiles first, the checkpoint that needs them after. */
  #publish(): void {
    this.#publishing ??= (async () => {
      // The field must be set before this can end.
      await Promise.resolve();
      try {
        while (this.#publishedSize !== this.#size && this.#failure === undefined) {
          const [size, checkpoint] = [this.#size, this.#checkpoint];
          const folder = join(this.#directory, 'public');
          const source = {
            node: (level: number, index: number) => this.#state.tree.node(level, index),
            entry: (index: number) => this.#read(index),
          };
          await writeTiles(folder, source, this.#publishedSize ?? 0, size);
          await writeAtomically(join(folder, 'checkpoint'), utf8(checkpoint), { mode: 0o644 });
          this.#publishedSize = size;
        }
      } catch (error) {
        this.#failure ??= error;
      }
      this.#publishing = undefined;
    })();
  }

  #demandOpen(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closing === undefined) return;
    throw new TrustchainError({ code: 'trustchain/closed', resource: 'log' }, 'the log is closed');
  }

  #demandIndex(index: number): void {
    this.#demandOpen();
    if (Number.isSafeInteger(index) && index >= 0 && index < this.#size) return;
    throw badArgument('index', `an index below ${this.#size}`);
  }
}
