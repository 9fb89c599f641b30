import { equalBytes, type Schema, s, toHex, type Verdict } from '@hypermesh/core';

/** A member's bond, as the ledger keeps it. `renewedMs` is chain time; `sequence` that of its last operation. */
export interface Bond {
  readonly v: 1;
  readonly actor: Uint8Array;
  readonly vrfKey: Uint8Array;
  readonly power: bigint;
  readonly status: 'bonded' | 'unbonding' | 'unbonded' | 'slashed';
  readonly renewedMs: number;
  readonly sequence: number;
}

export const bondSchema: Schema<Bond> = s.record({
  v: s.literal(1),
  actor: s.bytes({ length: 32 }),
  vrfKey: s.bytes({ length: 32 }),
  power: s.bigint(),
  status: s.union(s.literal('bonded'), s.literal('unbonding'), s.literal('unbonded'), s.literal('slashed')),
  renewedMs: s.uint(),
  sequence: s.uint(),
});

/** Where the state holds a member's bond. */
export function bondKey(actor: Uint8Array): string {
  return `bond/${toHex(actor)}`;
}

/** Where the state holds a member's space commitment. */
export function spaceKey(actor: Uint8Array): string {
  return `space/${toHex(actor)}`;
}

export type BondReason = 'wrong-actor' | 'slashed' | 'unbonded' | 'expired' | 'too-low';

/** Whether a bond backs an operation of `actor` at `nowMs`: bonded, no older than allowed, of enough power. */
export function checkBond(
  bond: Bond,
  needs: {
    readonly actor: Uint8Array;
    /** Each a minimum. */
    readonly powers: readonly bigint[];
    readonly maxAgeMs: number;
    readonly nowMs: number;
  },
): Verdict<object, BondReason> {
  if (!equalBytes(bond.actor, needs.actor)) return { ok: false, reason: 'wrong-actor' };
  if (bond.status === 'slashed') return { ok: false, reason: 'slashed' };
  if (bond.status !== 'bonded') return { ok: false, reason: 'unbonded' };
  if (needs.nowMs - bond.renewedMs > needs.maxAgeMs) return { ok: false, reason: 'expired' };
  return needs.powers.every((power) => bond.power >= power) ? { ok: true } : { ok: false, reason: 'too-low' };
}
