import { decodePolicy, type ProofStrength } from '@hypermesh/assets';
import { entryBodyOf, type LedgerEntry, type OperationRule, type Profile } from '@hypermesh/consensus';
import { type CanonicalValue, equalBytes } from '@hypermesh/core';
import { decodeAssetEntry } from './asset-entry.ts';

/** The least that the four proofs of any operation show under a profile: what a policy may raise and never lower. */
export function proofFloor(profile: Profile): ProofStrength {
  return {
    spaceBytes: profile.minimumSpaceBytes,
    stakePower: profile.minimumPower,
    workBits: profile.difficulty,
    timeIterations: profile.iterations,
  };
}

const entry = (context: Parameters<OperationRule>[1], value: CanonicalValue): CanonicalValue => {
  const { operation, id, height } = context;
  return { v: 1, kind: operation.kind, owner: operation.actor, operation: id, height, value };
};

/** An asset under its own id, once, by the owner that signed it. */
const register: OperationRule = (view, context) => {
  const body = entryBodyOf(context.operation);
  if (body === undefined) return 'bad-body';
  const decoded = decodeAssetEntry(body.value, body.key, proofFloor(context.profile));
  if (!decoded.ok) return `bad-asset-${decoded.reason}`;
  if (!equalBytes(decoded.entry.asset.record.owner, context.operation.actor)) return 'not-owner';
  const key = `asset/${body.key}`;
  if (view.get(key) !== undefined) return 'exists';
  view.set(key, entry(context, body.value));
  return 'ok';
};

/** A policy that may hold, for an asset of one's own. */
const policy: OperationRule = (view, context) => {
  const body = entryBodyOf(context.operation);
  if (body === undefined) return 'bad-body';
  const asset = view.get(`asset/${body.key}`) as unknown as LedgerEntry | undefined;
  if (asset === undefined) return 'absent';
  if (!equalBytes(asset.owner, context.operation.actor)) return 'not-owner';
  if (!(body.value instanceof Uint8Array)) return 'bad-policy';
  const decoded = decodePolicy(body.value, proofFloor(context.profile));
  if (!decoded.ok) return `bad-policy-${decoded.reason}`;
  view.set(`policy/${body.key}`, entry(context, body.value));
  return 'ok';
};

/** What the ledger makes of operations on assets: nothing unverified gets in. The same on all validators. */
export const assetRules: Readonly<Record<string, OperationRule>> = {
  'asset.register': register,
  'asset.policy': policy,
};
