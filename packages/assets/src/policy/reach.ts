/** How far an owner opens an asset, from nobody else to everybody. */
export const privacyLevels = ['private', 'private-network', 'p2p', 'public-network', 'full-public'] as const;

/** One of the five privacy levels. */
export type PrivacyLevel = (typeof privacyLevels)[number];

/** On what terms an asset is lent. */
export const allocationTypes = ['private', 'public', 'anonymous', 'verified'] as const;

/**
 * One of the four allocation types. `private`: inside the owner's own network, never announced. `public`: announced
 * to all. `anonymous`: a lease keeps a fresh pseudonym in place of its holder. `verified`: the four proofs are looked
 * at again when a lease is committed and each time it is renewed.
 */
export type AllocationType = (typeof allocationTypes)[number];

/** What a requester can be to an owner, from closest to farthest. */
export const relations = ['self', 'group', 'peer', 'network', 'anyone'] as const;

/** `group`: in a group that the policy names; `peer`: a trusted peer; `network`: in a public network that it names. */
export type Relation = (typeof relations)[number];

const levelReach: Readonly<Record<PrivacyLevel, Relation>> = {
  private: 'self',
  'private-network': 'group',
  p2p: 'peer',
  'public-network': 'network',
  'full-public': 'anyone',
};

const allocationReach: Readonly<Record<AllocationType, Relation>> = {
  private: 'group',
  public: 'anyone',
  anonymous: 'anyone',
  verified: 'anyone',
};

/** Pairs that contradict themselves: what nobody may see cannot be announced, what is open to all cannot be internal. */
const contradictions: readonly (readonly [PrivacyLevel, AllocationType])[] = [
  ['private', 'public'],
  ['full-public', 'private'],
];

/** Whether a level and a type can stand together in a policy. */
export function isLegalPair(level: PrivacyLevel, allocation: AllocationType): boolean {
  return !contradictions.some(([l, a]) => l === level && a === allocation);
}

/** Which of the two keeps a requester out: the stricter of level and type wins. Undefined where both let it in. */
export function keptOutBy(
  level: PrivacyLevel,
  allocation: AllocationType,
  relation: Relation,
): 'level' | 'allocation' | undefined {
  const distance = relations.indexOf(relation);
  if (distance > relations.indexOf(levelReach[level])) return 'level';
  if (distance > relations.indexOf(allocationReach[allocation])) return 'allocation';
  return undefined;
}

/** Whether an asset is announced to others at all. */
export function isAnnounced(allocation: AllocationType): boolean {
  return allocation !== 'private';
}

/** Share of the full reward that a level earns, basis points. */
export function rewardBp(level: PrivacyLevel): number {
  return privacyLevels.indexOf(level) * 2_500;
}
