export type ProfileName = 'localhost' | 'default' | 'production';

/**
 * What every operation of a ledger must prove at least. A genesis names one; an operation may ask for more, never for
 * less, and no profile leaves a leg out.
 */
export interface Profile {
  readonly name: ProfileName;
  /** Bonded power of the actor. */
  readonly minimumPower: bigint;
  /** Age of a bond since it was made or renewed. */
  readonly maxBondAgeMs: number;
  /** How far a claimed time may be from the chain's, either way, and how old an anchor may be. */
  readonly maxOffsetMs: number;
  /** Bytes that the actor's plots commit, by `plotBytes`. */
  readonly minimumSpaceBytes: bigint;
  /** Least plot size: the smallest k that cannot be plotted again within `maxOffsetMs`. */
  readonly minimumK: number;
  /**
   * How much faster than one core running this package's plotter an attacker is taken to be; undefined where
   * regeneration is not checked.
   */
  readonly regenerationSpeedup: number | undefined;
  /** Sub-challenges drawn over the actor's plots, and how many must be answered. */
  readonly challenges: number;
  readonly minimumAnswers: number;
  /** argon2id: memory of one evaluation, and leading zero bits of the result. */
  readonly memoryKib: number;
  readonly difficulty: number;
  /** Sequential squarings of the delay. */
  readonly iterations: number;
  /** Faulty validators that a genesis must be able to bear: f = ⌊(n - 1) / 3⌋. */
  readonly minimumFaults: number;
}

const DAY_MS = 86_400_000;
const shared = { maxBondAgeMs: 30 * DAY_MS, challenges: 16, minimumAnswers: 6 } as const;

const profiles: Readonly<Record<ProfileName, Profile>> = {
  localhost: {
    ...shared,
    name: 'localhost',
    minimumPower: 100n,
    maxOffsetMs: 300_000,
    minimumSpaceBytes: 2n ** 20n,
    minimumK: 18,
    regenerationSpeedup: undefined,
    memoryKib: 4096,
    difficulty: 2,
    iterations: 2 ** 16,
    minimumFaults: 0,
  },
  default: {
    ...shared,
    name: 'default',
    minimumPower: 5_000n,
    maxOffsetMs: 60_000,
    minimumSpaceBytes: 2n ** 30n,
    minimumK: 25,
    regenerationSpeedup: 1,
    memoryKib: 4096,
    difficulty: 8,
    iterations: 2 ** 18,
    minimumFaults: 1,
  },
  production: {
    ...shared,
    name: 'production',
    minimumPower: 50_000n,
    maxOffsetMs: 30_000,
    minimumSpaceBytes: 10n * 2n ** 30n,
    minimumK: 32,
    regenerationSpeedup: 256,
    memoryKib: 16_384,
    difficulty: 10,
    iterations: 2 ** 20,
    minimumFaults: 1,
  },
};

/** The requirement profile of that name. */
export function profileOf(name: ProfileName): Profile {
  return profiles[name];
}

/** MiB that argon2id fills on average before an operation of this profile is solved. */
export function workMib(profile: Profile): number {
  return (profile.memoryKib / 1024) * 2 ** profile.difficulty;
}

/** One core's time for a plot of size k: 2.42 s at k = 20, doubling with each step. */
export function regenerationMs(k: number): number {
  return 2420 * 2 ** (k - 20);
}
