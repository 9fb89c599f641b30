/** Every state of an asset. */
export const assetStates = [
  'registered',
  'available',
  'allocated',
  'active',
  'suspended',
  'maintenance',
  'failed',
  'retired',
] as const;

/** Where an asset is in its life. `registered` is not offered yet; `retired` is the end. */
export type AssetState = (typeof assetStates)[number];

/** Who may bring a transition about: each has one. `adapter` is the node's own probe of the device. */
export type AuthorRole = 'owner' | 'adapter' | 'lessee' | 'ledger';

/** One row of the table. */
export interface Transition {
  readonly from: readonly AssetState[];
  readonly to: AssetState;
  readonly by: AuthorRole;
}

/**
 * The one table of an asset's life. `allocate` is the first lease on an asset and `release` the last that ended by the
 * lessee's will; `reclaim` ends leases that ran out or were revoked. What is leased must be suspended, put into
 * maintenance or freed before it retires.
 */
export const stateTable = {
  announce: { from: ['registered'], to: 'available', by: 'ledger' },
  allocate: { from: ['available'], to: 'allocated', by: 'ledger' },
  activate: { from: ['allocated'], to: 'active', by: 'lessee' },
  deactivate: { from: ['active'], to: 'allocated', by: 'lessee' },
  release: { from: ['allocated', 'active'], to: 'available', by: 'lessee' },
  reclaim: { from: ['allocated', 'active'], to: 'available', by: 'ledger' },
  suspend: { from: ['available', 'allocated', 'active'], to: 'suspended', by: 'owner' },
  resume: { from: ['suspended'], to: 'available', by: 'owner' },
  maintain: { from: ['registered', 'available', 'suspended', 'failed'], to: 'maintenance', by: 'owner' },
  restore: { from: ['maintenance'], to: 'available', by: 'owner' },
  fail: {
    from: ['registered', 'available', 'allocated', 'active', 'suspended', 'maintenance'],
    to: 'failed',
    by: 'adapter',
  },
  recover: { from: ['failed'], to: 'available', by: 'adapter' },
  retire: {
    from: ['registered', 'available', 'suspended', 'maintenance', 'failed'],
    to: 'retired',
    by: 'owner',
  },
} as const satisfies Readonly<Record<string, Transition>>;

/** The name of a row. */
export type TransitionName = keyof typeof stateTable;

/** The names of all rows, in the table's order. */
export const transitionNames = Object.keys(stateTable) as readonly TransitionName[];

/** Why a transition may not be: from this state never, by this author never, or no such row. */
export type TransitionFault = 'from' | 'author' | 'unknown';

/** Where a transition leads when `by` brings it about in `from`, or why it may not. */
export function transitionFrom(
  from: AssetState,
  name: string,
  by: AuthorRole,
): { readonly ok: true; readonly to: AssetState } | { readonly ok: false; readonly reason: TransitionFault } {
  if (!Object.hasOwn(stateTable, name)) return { ok: false, reason: 'unknown' };
  const row: Transition = stateTable[name as TransitionName];
  if (!row.from.includes(from)) return { ok: false, reason: 'from' };
  return row.by === by ? { ok: true, to: row.to } : { ok: false, reason: 'author' };
}
