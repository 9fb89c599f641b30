import { checkRecord, record, type Schema, s } from '@hypermesh/core';
import { AssetsError } from '../errors.ts';
import { anyAttributes } from './attributes.ts';

/** What is known of one kind of asset. */
export interface AssetKind {
  /** `cpu`, or `x.NAME` for a kind of one's own: 1 to 64 of a-z, 0-9, '.' and '-'. */
  readonly name: string;
  /** What the attributes of such an asset must be. */
  readonly attributes: Schema<unknown>;
  /**
   * The attribute that says how much of it can be leased, an integer in base units; without one it is leased whole,
   * to one at a time.
   */
  readonly capacity?: string;
  /** The base unit of that quantity, for people. */
  readonly unit?: string;
}

/** The kinds that a program knows. */
export interface Kinds {
  /** What is known of a kind; an unregistered `x.NAME` is known to take any attributes. */
  find(name: string): AssetKind | undefined;
  readonly names: readonly string[];
}

const namePattern = /^[a-z0-9](?:[a-z0-9.-]{0,62}[a-z0-9])?$/;

const capacityBits = {
  /** Architecture as Node names it, such as `x64`. */
  arch: s.text(32),
  model: s.text(256),
};

/** The kinds that HyperMesh itself uses. Quantities are integers in base units: bytes, microseconds a second, bits a second. */
export const standardKinds: readonly AssetKind[] = [
  {
    name: 'cpu',
    capacity: 'microsPerSecond',
    unit: 'µs/s',
    attributes: record({
      ...capacityBits,
      cores: s.uint(65_536),
      /** Processor time a second over all cores: 1,000,000 a core, less where a cgroup limits it. */
      microsPerSecond: s.uint(),
      mhz: s.uint(1_000_000),
      features: s.array(s.text(32), 64),
      /** Measured: KiB of SHA-256 a second on one core, and its spread in basis points. */
      sha256KiBps: s.uint(),
      spreadBp: s.uint(1_000_000),
    }),
  },
  {
    name: 'memory',
    capacity: 'bytes',
    unit: 'bytes',
    attributes: record({
      bytes: s.uint(),
      pageBytes: s.uint(2 ** 30),
      /** Measured: KiB copied a second, and its spread in basis points. */
      copyKiBps: s.uint(),
      spreadBp: s.uint(1_000_000),
    }),
  },
  {
    name: 'storage',
    capacity: 'bytes',
    unit: 'bytes',
    attributes: record({
      /** Free for this process when it was measured. */
      bytes: s.uint(),
      totalBytes: s.uint(),
      filesystem: s.text(64),
      isRotational: s.bool(),
      /** Measured: KiB written and made durable a second, the median time of one small durable write, and its spread. */
      writeKiBps: s.uint(),
      syncMicros: s.uint(),
      spreadBp: s.uint(1_000_000),
    }),
  },
  { name: 'network', capacity: 'bitsPerSecond', unit: 'bit/s', attributes: anyAttributes },
  { name: 'gpu', capacity: 'bytes', unit: 'bytes', attributes: anyAttributes },
  { name: 'container', attributes: anyAttributes },
  { name: 'vm', attributes: anyAttributes },
  { name: 'service', attributes: anyAttributes },
  { name: 'dataset', attributes: anyAttributes },
  {
    name: 'library',
    attributes: record({
      name: s.text(214),
      version: s.text(64),
      /** CID of the package's signed record. */
      digest: s.cid(),
      /** Content root of its files. */
      content: s.cid(),
    }),
  },
];

/** The standard kinds and those of a program's own. Throws `assets/bad-argument` for a name that is malformed or taken. */
export function createKinds(further: readonly AssetKind[] = []): Kinds {
  const known = new Map<string, AssetKind>();
  for (const kind of [...standardKinds, ...further]) {
    if (!namePattern.test(kind.name) || known.has(kind.name)) {
      throw new AssetsError(
        { code: 'assets/bad-argument', argument: 'kind', expected: 'a free name of a-z, 0-9, . and -' },
        `${kind.name} cannot name a kind of asset`,
      );
    }
    known.set(kind.name, kind);
  }
  return {
    names: [...known.keys()],
    find(name) {
      const kind = known.get(name);
      if (kind !== undefined) return kind;
      return name.startsWith('x.') && namePattern.test(name)
        ? { name, attributes: anyAttributes }
        : undefined;
    },
  };
}

/** Why attributes do not fit a kind, with the path of the culprit; undefined where they do. */
export function attributeFault(kind: AssetKind, attributes: unknown): string | undefined {
  for (const schema of [anyAttributes, kind.attributes]) {
    const checked = checkRecord(schema, attributes);
    if (!checked.ok) return `${checked.reason} at ${checked.path}`;
  }
  const capacity = kind.capacity === undefined ? undefined : capacityIn(kind, attributes);
  return capacity === undefined && kind.capacity !== undefined
    ? `missing-key at $.${kind.capacity}`
    : undefined;
}

/** How much of an asset can be leased, in base units of its kind; 1, the whole, where the kind has no quantity. */
export function capacityIn(kind: AssetKind, attributes: unknown): number | undefined {
  if (kind.capacity === undefined) return 1;
  const value = (attributes as Readonly<Record<string, unknown>>)[kind.capacity];
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
