import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What of a data directory a backup holds, in the order in which it is read: what refers comes before what it refers
 * to, so that a copy of a running node never names what it lacks. Left out: what belongs to one process or machine, what is
 * made anew (plots, engines), and the passphrase, which goes along only sealed.
 */
const parts: readonly string[] = [
  'format',
  'hypermesh.toml',
  'certificates',
  'keys',
  'founding.cbor',
  'enrolments',
  'genesis.cbor',
  'facts.cbor',
  'inventory.cbor',
  'addresses.json',
  'alerts.toml',
  'assets',
  'receipts',
  'runs',
  'used-leases',
  'audit',
  // What was decided about extensions names packages.
  'extensions.json',
  'extension-packages',
  'extension-data',
  'extensions',
  // The log's last state that was believed: without it a log that was rewritten meanwhile would be believed.
  'log-view',
  // A log that was restored and appends nothing stays so.
  'log/restored',
  // What the log has published never goes beyond its journal.
  'log/public',
  'log/journal',
  'catalog',
  'ledger/blocks.dat',
  'ledger/guard',
];

/** Vote logs change in place: they are whole only when nobody writes them. */
const stoppedParts: readonly string[] = ['ledger'];
const contentParts: readonly string[] = ['content/pins', 'content/manifests', 'content/chunks', 'parity'];

/** Databases that change in place: the database itself makes the copy. */
export const databases: readonly string[] = ['journal.sqlite', 'catalog/state.db'];

/** What somebody else wrote, under whatever names: all of it goes along. */
const opaque = /^(?:catalog\/(?:trees|quarantine)|extensions|extension-packages\/[^/]+@[0-9a-f]{32})\//;
/** Of what the node itself writes: locks, drafts, databases, and the passphrase. */
const leftOut =
  /(?:^|\/)(?:lock|passphrase|state\.db(?:-wal|-shm)?|[^/]*\.(?:new|sock|partial|unfinished|next))$|(?:^|\/)(?:drafts|staging|[^/]*\.new)\//;
/** What a migration put aside. */
const before = /^before-format-\d{1,6}$/;

/** One file of a backup. */
export interface BackupFile {
  /** From the data directory, with `/`. */
  readonly name: string;
  readonly path: string;
  /** When it was looked at; a file that grows is read up to here. */
  readonly size: number;
  readonly mode: number;
}

/** Lists the files of a data directory that a backup holds. */
export function* filesOf(
  root: string,
  { isStopped, withContent }: { readonly isStopped: boolean; readonly withContent: boolean },
): Generator<BackupFile, void, undefined> {
  const seen = new Set<string>();
  const put = readdirSync(root).filter((name) => before.test(name));
  const wanted = [...parts, ...put, ...(isStopped ? stoppedParts : []), ...(withContent ? contentParts : [])];
  for (const part of wanted) {
    for (const file of below(root, part)) {
      if (seen.has(file.name) || (leftOut.test(file.name) && !opaque.test(file.name))) continue;
      seen.add(file.name);
      yield file;
    }
  }
}

function* below(root: string, name: string): Generator<BackupFile, void, undefined> {
  const path = join(root, name);
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (found.isFile()) yield { name, path, size: found.size, mode: found.mode & 0o777 };
  if (!found.isDirectory()) return;
  for (const child of readdirSync(path).sort()) yield* below(root, `${name}/${child}`);
}
