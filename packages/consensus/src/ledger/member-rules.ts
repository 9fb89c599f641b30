import {
  type CanonicalValue,
  checkRecord,
  decodeRecord,
  encodeCanonical,
  equalBytes,
  s,
  toHex,
} from '@hypermesh/core';
import { plotGroupsSchema } from '../space/commitment.ts';
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
 * made. A bond that is there grows and is renewed; its VRF key stays. One that its owner gave up stays given up, and a
 * slashed one slashed.
 */
const sponsor: OperationRule = (view, { operation, profile, timeMs }) => {
  const body = checkRecord(bondBody, operation.body);
  if (!body.ok) return 'bad-body';
  const { actor, vrfKey, power } = body.value;
  const own = readBond(view, operation.actor);
  if (own === undefined || power < 1 || equalBytes(actor, operation.actor)) return 'bad-body';
  const given = BigInt(power);
  if (own.power - given < profile.minimumPower) return 'power-too-low';
  const old = readBond(view, actor);
  if (old !== undefined && old.status !== 'bonded') return old.status;
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

const declarationSchema = s.record({ v: s.literal(1), groups: plotGroupsSchema, height: s.uint() });

/** Where the state holds the groups that a member declared and has yet to answer for. */
const declarationKey = (actor: Uint8Array): string => `declared/${toHex(actor)}`;

/**
 * The groups replace what the member had committed, at the second commit of the same groups: the first declares them,
 * and the second's anchor must be later. At one anchor a member that holds few plots could try sizes and ids until its
 * sub-challenges fall on those; the draws of a later anchor are not known when the groups are declared.
 */
const commitSpace: OperationRule = (view, { operation, height, anchorHeight }) => {
  const groups = registeredGroups(operation);
  if (groups === undefined || groups.length === 0) return 'bad-body';
  const { actor } = operation;
  const record = (value: object) => value as unknown as CanonicalValue;
  const declared = checkRecord(declarationSchema, view.get(declarationKey(actor)));
  const isSame = declared.ok && equalBytes(encodeCanonical(declared.value.groups), encodeCanonical(groups));
  if (isSame && anchorHeight > declared.value.height) {
    view.set(spaceKey(actor), record({ v: 1, actor, groups }));
    view.set(declarationKey(actor), undefined);
  } else if (!isSame) {
    view.set(declarationKey(actor), record({ v: 1, groups, height }));
  }
  return 'ok';
};

/** The kinds that change bonds and space commitments. */
export const memberRules: Readonly<Record<string, OperationRule>> = {
  'stake.bond': sponsor,
  'stake.renew': change((bond, timeMs) => ({ ...bond, renewedMs: timeMs })),
  'stake.unbond': change((bond) => ({ ...bond, status: 'unbonding' })),
  [SPACE_COMMIT]: commitSpace,
};
