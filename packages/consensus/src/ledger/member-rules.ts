import {
  type CanonicalValue,
  checkRecord,
  decodeRecord,
  encodeCanonical,
  equalBytes,
  s,
} from '@hypermesh/core';
import { registeredGroups, SPACE_COMMIT } from '../space/register.ts';
import { type Bond, bondKey, bondSchema, spaceKey } from '../stake/bond.ts';
import type { OperationRule } from './rules.ts';
import type { StateView } from './state.ts';

/** A member's bond in a state. */
export function readBond(view: StateView, actor: Uint8Array): Bond | undefined {
  const value = view.get(bondKey(actor));
  if (value === undefined) return undefined;
  const decoded = decodeRecord(bondSchema, encodeCanonical(value));
  return decoded.ok ? decoded.value : undefined;
}

/** Puts a bond into a state, in the place of the actor's last one. */
export function writeBond(view: StateView, bond: Bond): void {
  view.set(bondKey(bond.actor), { ...bond } as unknown as CanonicalValue);
}

const bondBody = s.record({
  actor: s.bytes({ length: 32 }),
  vrfKey: s.bytes({ length: 32 }),
  power: s.uint(),
});
const emptyBody = s.record({});

/**
 * A member gives part of its power to another key as that key's bond: how a joiner comes in. Power is moved, never
 * made. A bond that is there grows and is renewed; its VRF key stays; a slashed one stays slashed.
 */
const sponsor: OperationRule = (view, { operation, profile, timeMs }) => {
  const body = checkRecord(bondBody, operation.body);
  if (!body.ok) return 'bad-body';
  const { actor, vrfKey, power } = body.value;
  const own = readBond(view, operation.actor);
  if (own === undefined || equalBytes(actor, operation.actor)) return 'bad-body';
  const given = BigInt(power);
  if (own.power - given < profile.minimumPower) return 'power-too-low';
  const old = readBond(view, actor);
  if (old?.status === 'slashed') return 'slashed';
  const bonded = (old?.power ?? 0n) + given;
  if (bonded < profile.minimumPower) return 'power-too-low';
  writeBond(view, { ...own, power: own.power - given });
  writeBond(view, {
    v: 1,
    actor,
    vrfKey: old?.vrfKey ?? vrfKey,
    power: bonded,
    status: 'bonded',
    renewedMs: timeMs,
    sequence: old?.sequence ?? 0,
  });
  return 'ok';
};

const change =
  (next: (bond: Bond, timeMs: number) => Bond): OperationRule =>
  (view, { operation, timeMs }) => {
    const own = readBond(view, operation.actor);
    if (own === undefined || !checkRecord(emptyBody, operation.body).ok) return 'bad-body';
    writeBond(view, next(own, timeMs));
    return 'ok';
  };

/** The groups replace what the member had committed; its proof of space answered for them. */
const commitSpace: OperationRule = (view, { operation }) => {
  const groups = registeredGroups(operation);
  if (groups === undefined || groups.length === 0) return 'bad-body';
  view.set(spaceKey(operation.actor), { v: 1, actor: operation.actor, groups } as unknown as CanonicalValue);
  return 'ok';
};

/** The kinds that change bonds and space commitments. */
export const memberRules: Readonly<Record<string, OperationRule>> = {
  'stake.bond': sponsor,
  'stake.renew': change((bond, timeMs) => ({ ...bond, renewedMs: timeMs })),
  'stake.unbond': change((bond) => ({ ...bond, status: 'unbonding' })),
  [SPACE_COMMIT]: commitSpace,
};
