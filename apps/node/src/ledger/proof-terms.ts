import { committedBytes, type Profile, regenerationMs } from '@hypermesh/consensus';
import { toHex } from '@hypermesh/core';
import type { LedgerService } from './service.ts';

/** What each operation of this mesh has to prove, and who can: amounts as decimal text, sizes in bytes. */
export interface ProofTerms {
  readonly profile: Omit<Profile, 'minimumPower' | 'minimumSpaceBytes' | 'regenerationSpeedup'> & {
    readonly minimumPower: string;
    readonly minimumSpaceBytes: string;
    /** Null where making a plot again in time is not ruled out. */
    readonly regenerationSpeedup: number | null;
    /** One core's time for one plot of the least size. */
    readonly regenerationMs: number;
  };
  readonly validators: number;
  readonly faultsTolerated: number;
  readonly members: readonly {
    readonly name: string;
    readonly power: string;
    readonly bond: 'bonded' | 'unbonding' | 'unbonded' | 'slashed';
    readonly renewedMs: number;
    readonly spaceBytes: string;
    /** Its plots: so many of size k. */
    readonly plots: readonly { readonly k: number; readonly count: number }[];
  }[];
}

type Bond = { readonly power: bigint } & Pick<ProofTerms['members'][number], 'bond' | 'renewedMs'>;

/** The terms as the ledger has them now. */
export function proofTerms({ ledger, validators }: Pick<LedgerService, 'ledger' | 'validators'>): ProofTerms {
  const { minimumPower, minimumSpaceBytes, regenerationSpeedup, ...profile } = ledger.profile;
  const names = new Map(ledger.genesis.members.map(({ key, name }) => [toHex(key), name]));
  const members = [...ledger.entries('bond/')].map(([key, value]) => {
    const actor = key.slice('bond/'.length);
    // What the ledger's own rules wrote.
    const { power, status, renewedMs } = value as unknown as Bond & { readonly status: Bond['bond'] };
    const space = ledger.get(`space/${actor}`) as
      | { readonly groups: readonly { readonly id: number; readonly k: number; readonly count: number }[] }
      | undefined;
    const groups = space?.groups ?? [];
    return {
      name: names.get(actor) ?? actor,
      power: String(power),
      bond: status,
      renewedMs,
      spaceBytes: committedBytes(groups).toString(),
      plots: groups.map(({ k, count }) => ({ k, count })),
    };
  });
  return {
    profile: {
      ...profile,
      minimumPower: minimumPower.toString(),
      minimumSpaceBytes: minimumSpaceBytes.toString(),
      regenerationSpeedup: regenerationSpeedup ?? null,
      regenerationMs: regenerationMs(profile.minimumK),
    },
    validators: validators.length,
    faultsTolerated: Math.floor((validators.length - 1) / 3),
    members,
  };
}
