/** What the daemon itself may take of its machine; `[limits]` of `hypermesh.toml`. */
export interface DaemonLimits {
  /** Resident memory, MiB, near which nothing new is taken on; 0: only what the system allows. */
  readonly maxMemoryMb: number;
  /** Content that the store may hold before it takes nothing more, GiB. */
  readonly maxDiskGb: number;
  /** Space on the data directory's file system that is left for the ledger, MiB. */
  readonly minFreeDiskMb: number;
  /** Sessions at once, both directions. */
  readonly maxConnections: number;
  /** How far runs of packages stand back behind other work of the machine: 0 not at all, 19 furthest. */
  readonly runNiceness: number;
  /** How long runs that are under way may go on when the node is told to stop, milliseconds. */
  readonly stopGraceMs: number;
}

/** The limits of a node that is told nothing else. */
export const defaultLimits: DaemonLimits = {
  maxMemoryMb: 0,
  maxDiskGb: 64,
  minFreeDiskMb: 64,
  maxConnections: 100,
  runNiceness: 10,
  stopGraceMs: 10_000,
};

const settings = {
  max_memory_mb: {
    field: 'maxMemoryMb',
    least: 0,
    most: 2 ** 30,
    words: 'near it nothing new is taken on; 0: what the system allows',
  },
  max_disk_gb: {
    field: 'maxDiskGb',
    least: 1,
    most: 2 ** 20,
    words: 'content in all; what is here stays, nothing new is taken',
  },
  min_free_disk_mb: {
    field: 'minFreeDiskMb',
    least: 16,
    most: 2 ** 30,
    words: 'left on the disk for the ledger',
  },
  max_connections: { field: 'maxConnections', least: 1, most: 65_535, words: 'sessions at once' },
  run_niceness: {
    field: 'runNiceness',
    least: 0,
    most: 19,
    words: 'how far runs stand back behind other work of this machine',
  },
  stop_grace_ms: {
    field: 'stopGraceMs',
    least: 0,
    most: 600_000,
    words: 'for runs under way when the node is told to stop',
  },
} as const satisfies Readonly<
  Record<string, { field: keyof DaemonLimits; least: number; most: number; words: string }>
>;

/** The lines of `[limits]` in a new configuration. */
export function limitLines(limits: DaemonLimits): string[] {
  return [
    '# What the daemon itself may take of this machine.',
    '[limits]',
    ...Object.entries(settings).map(([key, { field, words }]) => `${key} = ${limits[field]} # ${words}`),
  ];
}

/** Reads the table `[limits]`; `bad` makes the error for a key and what is wrong with it. */
export function readLimits(
  table: Readonly<Record<string, unknown>>,
  bad: (key: string, what: string) => Error,
): DaemonLimits {
  const limits: { -readonly [Field in keyof DaemonLimits]: number } = { ...defaultLimits };
  for (const [key, value] of Object.entries(table)) {
    if (!Object.hasOwn(settings, key)) throw bad(`limits.${key}`, `there is no setting limits.${key}`);
    const { field, least, most } = settings[key as keyof typeof settings];
    if (typeof value !== 'bigint' || value < BigInt(least) || value > BigInt(most)) {
      throw bad(`limits.${key}`, `limits.${key} must be an integer from ${least} to ${most}`);
    }
    limits[field] = Number(value);
  }
  return limits;
}
