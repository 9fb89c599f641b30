/** Blocks of a node are at least this far apart. */
export const blockIntervalMs = 50;
/** An idle ledger still gets a block this often, so that anchors stay fresh and validators see each other. */
export const heartbeatMs = 5_000;
/** Largest block: with the engine's envelope it fits one STOQ message of 1 MiB. */
export const maxBlockBytes: number = 512 * 1024;
/** Plots that each founding member commits: one of the smallest size that the profile allows. */
export const foundingPlots = [{ id: 0, k: 18, count: 1 }] as const;
/** Bond of each founding member, base units. */
export const foundingPower = 1_000_000n;
