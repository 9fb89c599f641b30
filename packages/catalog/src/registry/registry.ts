import { equalBytes, fromUtf8, type NodeId, utf8 } from '@hypermesh/core';
import type { CatalogPorts, IndexEntry } from '../ports.ts';
import type { PublishedVersion, VersionIndex } from '../solver/candidates.ts';
import { compareVersions } from '../solver/versions.ts';
import { type IndexRecord, openIndexRecord } from './index-record.ts';
import { reportSequences, type SequenceReport, type SequenceReports } from './sequences.ts';

/** One version of a package as the index has it, its own signature checked and its owner compared. */
export interface Release {
  /** `NAME@VERSION`. */
  readonly key: string;
  readonly record: IndexRecord;
  readonly publisher: NodeId;
  readonly height: number;
}

/** An entry of the index that is not believed, and why. */
export interface RefusedEntry {
  readonly key: string;
  readonly check: 'index-record' | 'owner' | 'sequence';
  readonly reason: string;
}

/** The index at one moment. `releases` of a name are in the order of their versions, oldest first. */
export interface RegistrySnapshot extends VersionIndex {
  readonly names: readonly string[];
  readonly refused: readonly RefusedEntry[];
  readonly sequences: SequenceReports;
  releases(name: string): readonly Release[];
  release(key: string): Release | undefined;
}

/** Reads the index and remembers, over restarts, how far each publisher was. */
export interface Registry {
  /** The index as it is now. The same object as before where nothing changed. */
  snapshot(): Promise<RegistrySnapshot>;
}

type Opened = { readonly entry: IndexEntry; readonly verdict: ReturnType<typeof openIndexRecord> };

/**
 * A registry over an index that need not be honest: an entry counts when its publisher's key signed it, the publisher owns
 * the name, and the publisher's sequence has not fallen back behind what was seen here before. Each record is opened once.
 */
export function createRegistry(ports: Pick<CatalogPorts, 'index' | 'state'>): Registry {
  const { index, state } = ports;
  const seen = new Map<NodeId, number>();
  let opened: ReadonlyMap<string, Opened> = new Map();
  let last: RegistrySnapshot | undefined;
  let lastRead: Promise<unknown> = Promise.resolve();

  async function seenOf(publisher: NodeId): Promise<number> {
    const known = seen.get(publisher);
    if (known !== undefined) return known;
    const stored = await state.get(`seen/${publisher}`);
    const text = stored === undefined ? undefined : fromUtf8(stored);
    const number = text?.ok && /^\d{1,16}$/.test(text.text) ? Number(text.text) : 0;
    seen.set(publisher, number);
    return number;
  }

  async function read(): Promise<RegistrySnapshot> {
    const now = new Map<string, Opened>();
    let isSame = true;
    for await (const entry of index.entries()) {
      const before = opened.get(entry.key);
      const known = before !== undefined && equalBytes(before.entry.record, entry.record);
      isSame &&= known && before.entry.publisher === entry.publisher && before.entry.height === entry.height;
      now.set(entry.key, known ? { ...before, entry } : { entry, verdict: openIndexRecord(entry.record) });
    }
    isSame &&= now.size === opened.size;
    opened = now;
    if (isSame && last !== undefined) return last;
    const sequences = new Map<NodeId, SequenceReport>();
    for (const [publisher, numbers] of numbersByPublisher(now)) {
      const report = reportSequences(numbers, await seenOf(publisher));
      sequences.set(publisher, report);
      if (report.highest <= (seen.get(publisher) ?? 0)) continue;
      seen.set(publisher, report.highest);
      await state.put(`seen/${publisher}`, utf8(String(report.highest)));
    }
    last = snapshotOf(now, sequences);
    return last;
  }

  return {
    snapshot() {
      const mine = lastRead.then(read);
      lastRead = mine.catch(() => undefined);
      return mine;
    },
  };
}

function numbersByPublisher(opened: ReadonlyMap<string, Opened>): Map<NodeId, number[]> {
  const numbers = new Map<NodeId, number[]>();
  for (const { entry, verdict } of opened.values()) {
    // A copy under another key, or of another's record, is somebody else's doing: it counts for nothing here.
    if (!verdict.ok || verdict.publisher !== entry.publisher) continue;
    if (`${verdict.record.name}@${verdict.record.version}` !== entry.key) continue;
    const known = numbers.get(verdict.publisher) ?? [];
    known.push(verdict.record.sequence);
    numbers.set(verdict.publisher, known);
  }
  return numbers;
}

function snapshotOf(opened: ReadonlyMap<string, Opened>, sequences: SequenceReports): RegistrySnapshot {
  const refused: RefusedEntry[] = [];
  const owners = ownersOf(opened);
  const byName = new Map<string, Release[]>();
  const byKey = new Map<string, Release>();
  for (const [key, { entry, verdict }] of opened) {
    if (!verdict.ok) {
      refused.push({ key, check: 'index-record', reason: verdict.reason });
      continue;
    }
    const { record, publisher } = verdict;
    const fault = faultOf(key, entry, { record, publisher }, owners, sequences.get(publisher));
    if (fault !== undefined) {
      refused.push({ key, ...fault });
      continue;
    }
    const release: Release = { key, record, publisher, height: entry.height };
    byKey.set(key, release);
    const releases = byName.get(record.name) ?? [];
    releases.push(release);
    byName.set(record.name, releases);
  }
  for (const releases of byName.values()) {
    releases.sort((a, b) => compareVersions(a.record.version, b.record.version));
  }
  const published = new Map<string, readonly PublishedVersion[]>();
  for (const [name, releases] of byName) {
    const versions = releases.map(({ record: { version, dependencies } }) => ({
      version,
      dependencies,
      yanked: false,
    }));
    published.set(name, versions);
  }
  return {
    names: [...byName.keys()].sort(),
    refused,
    sequences,
    versions: (name) => published.get(name),
    releases: (name) => byName.get(name) ?? [],
    release: (key) => byKey.get(key),
  };
}

/** A name belongs to whoever wrote its first entry. */
function ownersOf(opened: ReadonlyMap<string, Opened>): ReadonlyMap<string, NodeId> {
  const first = new Map<string, IndexEntry>();
  for (const { entry } of opened.values()) {
    const name = nameOf(entry.key);
    const known = first.get(name);
    if (known === undefined || entry.height < known.height) first.set(name, entry);
  }
  return new Map([...first].map(([name, { publisher }]) => [name, publisher]));
}

function faultOf(
  key: string,
  entry: IndexEntry,
  { record, publisher }: { readonly record: IndexRecord; readonly publisher: NodeId },
  owners: ReadonlyMap<string, NodeId>,
  report: SequenceReport | undefined,
): Omit<RefusedEntry, 'key'> | undefined {
  if (`${record.name}@${record.version}` !== key) return { check: 'index-record', reason: 'another-key' };
  if (publisher !== entry.publisher) return { check: 'owner', reason: 'signed-by-another' };
  if (owners.get(record.name) !== publisher) return { check: 'owner', reason: 'not-the-owner' };
  if (report?.repeated.includes(record.sequence)) return { check: 'sequence', reason: 'repeated' };
  if (report?.rolledBackFrom !== undefined) return { check: 'sequence', reason: 'rolled-back' };
  return undefined;
}

/** The name in `NAME@VERSION`; a scope's leading `@` belongs to the name. */
export function nameOf(key: string): string {
  const at = key.lastIndexOf('@');
  return at > 0 ? key.slice(0, at) : key;
}

/** `NAME[@RANGE]` in its parts; without a range any version fits. */
export function parseSpec(spec: string): { readonly name: string; readonly range: string } {
  const at = spec.indexOf('@', 1);
  return at === -1 ? { name: spec, range: '*' } : { name: spec.slice(0, at), range: spec.slice(at + 1) };
}
