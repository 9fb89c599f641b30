import { createHash } from 'node:crypto';
import {
  appendFileSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** Where a node keeps everything; every path of it is named here and nowhere else. */
export interface DataDirectory {
  readonly path: string;
  readonly config: string;
  /** Version of the format of this directory. */
  readonly format: string;
  /** When the last backup was made, Unix milliseconds as text. */
  readonly lastBackup: string;
  readonly keystore: string;
  readonly passphrase: string;
  readonly rootKeystore: string;
  readonly authorityKeystore: string;
  readonly authority: string;
  readonly certificate: string;
  readonly root: string;
  readonly founding: string;
  readonly enrolments: string;
  readonly genesis: string;
  readonly facts: string;
  readonly addresses: string;
  readonly plots: string;
  readonly ledger: string;
  readonly content: string;
  readonly log: string;
  readonly usedLeases: string;
  /** Runs that this node asked for. */
  readonly runs: string;
  readonly receipts: string;
  readonly parity: string;
  /** The signed block of measured hardware, and the journal of assets, policies and leases. */
  readonly inventory: string;
  readonly assetJournal: string;
  /** Trees and state of the catalog. */
  readonly catalog: string;
  readonly catalogState: string;
  /** One folder for each signed extension. */
  readonly extensions: string;
  /** Extensions that the operator loaded, a folder for each by its digest. */
  readonly extensionPackages: string;
  /** What the operator decided about extensions and their signers. */
  readonly extensionDecisions: string;
  /** What each extension stored. */
  readonly extensionData: string;
  readonly audit: string;
  /** Revocation lists that the operator put there, DER or PEM. */
  readonly revocations: string;
  /** Engines of scripts, metered; made anew where they are gone. */
  readonly engines: string;
  /** Index of the ledger's blocks and operations; made anew where it is gone. */
  readonly ledgerIndex: string;
  /** Operations that were handed in and not waited for, and runs that were asked for or executed here. */
  readonly journal: string;
  /** The last signed state of the mesh's log that this node saw. */
  readonly logView: string;
  /** The log of the daemon, in numbered files. */
  readonly logs: string;
  /** A day of the node's own metrics. */
  readonly history: string;
  /** An operator's rules of alerts. */
  readonly alertRules: string;
  readonly lock: string;
  /** Tokens of the API, the full one and that which only reads, and where it answers: `{ url }`. */
  readonly apiToken: string;
  readonly apiReadToken: string;
  readonly apiAddress: string;
  /** Path of the control socket; outside the directory where its name would be too long for the system. */
  readonly controlSocket: string;
}

/** What a command line must say to mean this directory: nothing where it is the default. */
export function dataWords(path: string): string {
  return path === dataDirectory().path ? '' : ` --data ${path}`;
}

/** Longest path of a Unix socket that every system takes, in bytes. */
const maxSocketPath = 100;

/** Names the paths of a node's data directory; creates nothing. */
export function dataDirectory(path: string = join(homedir(), '.hypermesh')): DataDirectory {
  const root = resolve(path);
  const inside = (...parts: string[]) => join(root, ...parts);
  const socket = inside('control.sock');
  const digest = createHash('sha256').update(root).digest('hex').slice(0, 24);
  return {
    path: root,
    config: inside('hypermesh.toml'),
    format: inside('format'),
    lastBackup: inside('last-backup'),
    keystore: inside('keys', 'node.keystore'),
    passphrase: inside('keys', 'passphrase'),
    rootKeystore: inside('keys', 'root.keystore'),
    authorityKeystore: inside('keys', 'authority.keystore'),
    authority: inside('certificates', 'authority.pem'),
    certificate: inside('certificates', 'node.pem'),
    root: inside('certificates', 'root.pem'),
    founding: inside('founding.cbor'),
    enrolments: inside('enrolments'),
    genesis: inside('genesis.cbor'),
    facts: inside('facts.cbor'),
    addresses: inside('addresses.json'),
    plots: inside('plots'),
    ledger: inside('ledger'),
    content: inside('content'),
    log: inside('log'),
    usedLeases: inside('used-leases'),
    runs: inside('runs'),
    receipts: inside('receipts'),
    parity: inside('parity'),
    inventory: inside('inventory.cbor'),
    assetJournal: inside('assets', 'journal'),
    catalog: inside('catalog'),
    catalogState: inside('catalog', 'state.db'),
    extensions: inside('extensions'),
    extensionPackages: inside('extension-packages'),
    extensionDecisions: inside('extensions.json'),
    extensionData: inside('extension-data'),
    audit: inside('audit'),
    revocations: inside('certificates', 'revocations'),
    engines: inside('engines'),
    ledgerIndex: inside('ledger-index.sqlite'),
    journal: inside('journal.sqlite'),
    logView: inside('log-view'),
    logs: inside('logs'),
    history: inside('history'),
    alertRules: inside('alerts.toml'),
    lock: inside('daemon.pid'),
    apiToken: inside('api-token'),
    apiReadToken: inside('api-token-read'),
    apiAddress: inside('api.json'),
    controlSocket:
      Buffer.byteLength(socket) <= maxSocketPath ? socket : join(tmpdir(), `hypermesh-${digest}.sock`),
  };
}

/** Reads a file, or answers undefined where there is none. */
export function readIfPresent(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Replaces a file whole: after a crash at any moment it holds the old bytes or the new ones. Durable when it
 * returns. Creates missing folders for the owner alone.
 */
export function writeDurably(path: string, bytes: Uint8Array | string, mode = 0o600): void {
  makeFolder(dirname(path));
  const temporary = `${path}.${process.pid}.new`;
  try {
    const file = openSync(temporary, 'w', mode);
    try {
      const data = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
      for (let written = 0; written < data.length; ) written += writeSync(file, data, written);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameDurably(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Adds to the end of a file; durable when it returns. */
export function appendDurably(path: string, text: string): void {
  const file = openSync(path, 'a', 0o600);
  try {
    appendFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Renames within a folder; durable when it returns. */
export function renameDurably(from: string, to: string): void {
  renameSync(from, to);
  syncFolder(dirname(to));
}

/** Makes a folder for the owner alone, with those above it that are missing; durable when it returns. */
export function makeFolder(path: string): void {
  const first = mkdirSync(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) syncFolder(dirname(made));
}

/** Makes the names in a folder durable. */
export const syncFolder = (path: string): void => syncFile(path);

/** Makes the bytes of a file durable that is written already. */
export function syncFile(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
