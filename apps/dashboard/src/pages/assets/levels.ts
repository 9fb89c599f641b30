import type { Result } from '@hypermesh/client';

/** One asset as the node tells of it. */
export type Asset = Result<'asset'>;
/** What an owner decides about one. */
export type Policy = NonNullable<Asset['policy']>;

/** How far an asset is opened, from nobody else to everybody, and what that means. */
export const levels: readonly (readonly [Policy['level'], string])[] = [
  ['private', 'Private: only this node'],
  ['private-network', 'Private network: members of the groups you name'],
  ['p2p', 'Peers: every member that this node trusts'],
  ['public-network', 'Public network: members of the networks you name too'],
  ['full-public', 'Public: everybody'],
];

/** On what terms an asset is lent, and what that means. */
export const allocations: readonly (readonly [Policy['allocation'], string])[] = [
  ['private', 'Private: within your own groups, never announced'],
  ['public', 'Public: announced to all'],
  ['anonymous', 'Anonymous: a lease keeps a pseudonym, not its holder'],
  ['verified', 'Verified: the four proofs are looked at again at every commit and renewal'],
];

/** A level or a type without its explanation. */
export function shortWords(
  choices: readonly (readonly [value: string, words: string])[],
  value: string,
): string {
  const words = choices.find(([each]) => each === value)?.[1] ?? value;
  return words.split(':')[0] ?? words;
}
