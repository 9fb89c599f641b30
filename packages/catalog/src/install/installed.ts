import {
  type ContentRoot,
  decodeRecord,
  encodeRecord,
  type Infer,
  type NodeId,
  record,
  s,
} from '@hypermesh/core';
import type { State } from '../ports.ts';

const schema = record({
  v: s.literal(1),
  name: s.text(214),
  version: s.text(64),
  type: s.text(64),
  digest: s.text(128),
  record: s.cid<ContentRoot>(),
  content: s.cid<ContentRoot>(),
  bytes: s.uint(),
  publisher: s.cid<NodeId>(),
  /** SHA-256 of the keys that signed it, with their suites. */
  signers: s.array(record({ suite: s.text(64), key: s.text(64) }), 64),
  /** The ranges that somebody asked for by name here; none where it came as a dependency. */
  requested: s.optional(s.text(256)),
  dependencies: s.map(s.text(64), 256),
  assets: s.array(s.text(128), 64),
  operation: s.text(128),
  height: s.uint(),
  installedMs: s.uint(),
});

/** A package that is installed on this node. Versions of one name stand side by side. */
export type InstalledPackage = Infer<typeof schema>;

/** What is installed here, kept over restarts. */
export interface InstalledPackages {
  /** By `NAME@VERSION`. */
  get(key: string): Promise<InstalledPackage | undefined>;
  put(installed: InstalledPackage): Promise<void>;
  remove(key: string): Promise<void>;
  list(): Promise<readonly InstalledPackage[]>;
}

/** Keeps installed packages in the catalog's state. A record that cannot be read counts as absent: installing again mends it. */
export function createInstalledPackages(state: State): InstalledPackages {
  async function get(key: string): Promise<InstalledPackage | undefined> {
    const bytes = await state.get(`installed/${key}`);
    const decoded = bytes === undefined ? undefined : decodeRecord(schema, bytes);
    return decoded?.ok && keyOf(decoded.value) === key ? decoded.value : undefined;
  }
  return {
    get,
    put: (installed) => state.put(`installed/${keyOf(installed)}`, encodeRecord(schema, installed)),
    remove: (key) => state.delete(`installed/${key}`),
    async list() {
      const keys = await state.keys('installed/');
      const all = await Promise.all(keys.map((key) => get(key.slice('installed/'.length))));
      return all.filter((each) => each !== undefined);
    },
  };
}

/** `NAME@VERSION`. */
export function keyOf({ name, version }: { readonly name: string; readonly version: string }): string {
  return `${name}@${version}`;
}
