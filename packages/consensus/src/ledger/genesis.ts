import {
  type ChainId,
  type DecodeReason,
  decodeRecord,
  domainHash,
  encodeRecord,
  type Schema,
  s,
  toHex,
  type Verdict,
} from '@hypermesh/core';
import { ConsensusError } from '../errors.ts';
import { type ProfileName, profileOf } from '../profiles.ts';
import { areGroups, committedBytes, type PlotGroup, plotGroupsSchema } from '../space/commitment.ts';

/** A key that may act from the start: its first bond and space commitment, and whether it validates. */
export interface GenesisMember {
  readonly name: string;
  /** Ed25519, 32 bytes. */
  readonly key: Uint8Array;
  /** Public key of its VRF, 32 bytes. */
  readonly vrfKey: Uint8Array;
  readonly power: bigint;
  readonly validator: boolean;
  readonly space: readonly PlotGroup[];
}

/**
 * Where a ledger begins. `bindings` are digests of things outside that belong to this ledger alone, by name, such as
 * the fingerprint of its certificate root.
 */
export interface Genesis {
  readonly v: 1;
  readonly name: string;
  readonly createdMs: number;
  readonly profile: ProfileName;
  readonly members: readonly GenesisMember[];
  readonly bindings: Readonly<Record<string, Uint8Array>>;
}

const memberSchema: Schema<GenesisMember> = s.record({
  name: s.text(64),
  key: s.bytes({ length: 32 }),
  vrfKey: s.bytes({ length: 32 }),
  power: s.bigint(),
  validator: s.bool(),
  space: plotGroupsSchema,
});
const genesisSchema: Schema<Genesis> = s.record({
  v: s.literal(1),
  name: s.text(64),
  createdMs: s.uint(),
  profile: s.union(s.literal('localhost'), s.literal('default'), s.literal('production')),
  members: s.array(memberSchema, 1024),
  bindings: s.map(s.bytes({ max: 64 }), 16, 64),
});

export type GenesisReason =
  | DecodeReason
  | 'no-members'
  | 'duplicate-name'
  | 'duplicate-key'
  | 'too-few-validators'
  | 'too-many-validators'
  | 'power-too-low'
  | 'power-too-high'
  | 'bad-groups'
  | 'plot-too-small'
  | 'space-too-small';

/** What the engine takes. */
const MAX_VALIDATORS = 256;
const MAX_POWER = 2n ** 64n - 1n;

const areDistinct = (values: readonly string[]): boolean => new Set(values).size === values.length;

function checkRules(genesis: Genesis): GenesisReason | undefined {
  const { members } = genesis;
  const profile = profileOf(genesis.profile);
  if (members.length === 0) return 'no-members';
  if (!areDistinct(members.map((member) => member.name))) return 'duplicate-name';
  if (!areDistinct(members.flatMap((member) => [toHex(member.key), toHex(member.vrfKey)])))
    return 'duplicate-key';
  const validators = members.filter((member) => member.validator).length;
  if (validators === 0 || Math.floor((validators - 1) / 3) < profile.minimumFaults)
    return 'too-few-validators';
  if (validators > MAX_VALIDATORS) return 'too-many-validators';
  // Power moves between bonds: any one of them must be able to hold all of it.
  if (members.reduce((sum, { power }) => sum + power, 0n) > MAX_POWER) return 'power-too-high';
  for (const { power, space } of members) {
    if (power < profile.minimumPower) return 'power-too-low';
    if (!areGroups(space)) return 'bad-groups';
    if (space.some((group) => group.k < profile.minimumK)) return 'plot-too-small';
    if (committedBytes(space) < profile.minimumSpaceBytes) return 'space-too-small';
  }
  return undefined;
}

/** The digest of a genesis record, 32 bytes, which is the ledger's name in every preimage. */
export function chainOf(genesisBytes: Uint8Array): Uint8Array {
  return domainHash('hypermesh/consensus/genesis/v1', genesisBytes);
}

/** Decodes a genesis record and checks it against its own profile. */
export function decodeGenesis(
  bytes: Uint8Array,
): Verdict<{ genesis: Genesis; chainId: ChainId }, GenesisReason> {
  const decoded = decodeRecord(genesisSchema, bytes, { maxBytes: 2 ** 20 });
  if (!decoded.ok) return { ok: false, reason: decoded.reason };
  const reason = checkRules(decoded.value);
  if (reason !== undefined) return { ok: false, reason };
  return { ok: true, genesis: decoded.value, chainId: toHex(chainOf(bytes)) as ChainId };
}

/** Makes a genesis record; throws `consensus/bad-genesis` with the reason where its own profile refuses it. */
export function createGenesis(input: Omit<Genesis, 'v'>): {
  readonly genesis: Genesis;
  readonly bytes: Uint8Array;
  readonly chainId: ChainId;
} {
  const bytes = encodeRecord(genesisSchema, { v: 1, ...input });
  const decoded = decodeGenesis(bytes);
  if (!decoded.ok) {
    throw new ConsensusError(
      { code: 'consensus/bad-genesis', reason: decoded.reason },
      `the genesis does not satisfy the profile ${input.profile}: ${decoded.reason}`,
    );
  }
  return { genesis: decoded.genesis, bytes, chainId: decoded.chainId };
}

/** Canonical bytes of a genesis record. */
export function encodeGenesis(genesis: Genesis): Uint8Array {
  return encodeRecord(genesisSchema, genesis);
}

/** Ed25519 keys of the validators, in the order of the genesis. */
export function validatorsOf(genesis: Genesis): readonly Uint8Array[] {
  return genesis.members.filter((member) => member.validator).map((member) => member.key);
}
