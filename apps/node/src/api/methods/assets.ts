import { type AssetId, hasCode, type NodeId, toHex } from '@hypermesh/core';
import { NodeError } from '../../errors.ts';
import type { RegisteredAsset } from '../../inventory/ledger-assets.ts';
import { changedPolicy } from '../../inventory/policy-change.ts';
import { describeOwn, describeRegistered } from '../../inventory/report.ts';
import type { MeshServices } from '../../services.ts';
import type { Handlers } from './method.ts';
import { memberOf } from './parameters.ts';

const defaultClaimMs = 60_000;

/** What a node has and lends, and on what terms. */
export const assetHandlers: Handlers<
  'inventory' | 'assets' | 'asset' | 'set-policy' | 'plan-policy' | 'explain-claim' | 'register-asset'
> = {
  async inventory({ machine }) {
    const { bytes, inventory } = await machine;
    return {
      id: inventory.id,
      owner: toHex(inventory.owner),
      measuredAtMs: inventory.measuredAtMs,
      devices: inventory.assets.map(({ id, record }) => ({
        id,
        kind: record.kind,
        attributes: record.attributes,
      })),
      absent: inventory.absent,
      block: toHex(bytes),
    };
  },
  async assets({ inventory, members }, { params, tell, signal }, { nodeId }) {
    if (params.registered === true) {
      tell('registering what this machine has');
      await inventory.registered(signal);
    }
    const usage = await inventory.usage();
    const own = inventory.assets.list().map((view) => describeOwn(view, inventory, usage));
    const nameOf = (node: NodeId) => members.get(node)?.name ?? node;
    const ofMembers = [...inventory.ledger.all()]
      .filter(({ asset, owner }) => owner !== nodeId || inventory.assets.find(asset.id) === undefined)
      .map((registered) => describeRegistered(registered, nameOf));
    return { own, ledger: ofMembers };
  },
  async asset(services, { params }) {
    const { inventory, members } = services;
    const id = assetOf(services, params.asset);
    const nameOf = (node: NodeId) => members.get(node)?.name ?? node;
    const own = inventory.assets.find(id);
    const registered = inventory.ledger.find(id);
    if (own === undefined)
      return { ...describeRegistered(registered as RegisteredAsset, nameOf), history: [] };
    const { start, events } = inventory.assets.history(id);
    const history = events.map(({ sequence, transition, to, by, author, atMs }) => ({
      sequence,
      transition,
      to,
      by,
      author,
      atMs,
    }));
    const head = { sequence: events.at(-1)?.sequence ?? start.sequence, since: start.sequence };
    return { ...describeOwn(own, inventory, await inventory.usage()), head, history };
  },
  async 'set-policy'(services, { params, tell, signal }) {
    const { inventory } = services;
    const id = assetOf(services, params.asset);
    const own = inventory.assets.find(id);
    if (own === undefined) throw notOwn(id);
    const policy = changedPolicy(own.policy, params);
    tell('ordering the policy with its four proofs');
    return await allowed(async () => {
      const { height } = await inventory.setPolicy(id, policy, signal);
      return { asset: id, policy, height };
    });
  },
  async 'plan-policy'(services, { params }) {
    const { inventory } = services;
    const id = assetOf(services, params.asset);
    const own = inventory.assets.find(id);
    if (own === undefined) throw notOwn(id);
    const changed = changedPolicy(own.policy, params);
    return await allowed(async () => ({ asset: id, policy: inventory.planPolicy(id, changed) }));
  },
  async 'explain-claim'(services, { params }, { nodeId }) {
    const { inventory } = services;
    const requester = params.requester === undefined ? nodeId : memberOf(services, params.requester);
    const { cpuMicrosPerSecond, memoryBytes, storageBytes } = params;
    const needs = {
      ...(cpuMicrosPerSecond === undefined ? {} : { cpuMicrosPerSecond }),
      ...(memoryBytes === undefined ? {} : { memoryBytes }),
      ...(storageBytes === undefined ? {} : { storageBytes }),
    };
    const durationMs = Number(params.durationMs ?? defaultClaimMs);
    const reasons = inventory.claims.explain({ requester, needs, durationMs });
    return { granted: reasons.length === 0, reasons };
  },
  async 'register-asset'({ inventory }, { params, signal }) {
    const { asset, operation, height } = await inventory.registerNote(params.note, signal);
    return { id: operation, height, asset: asset.id };
  },
};

/** A rule of policies that stands against it becomes a refusal that says what to do. */
async function allowed<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!hasCode(error, 'assets/forbidden-policy') || !('failure' in error)) throw error;
    const { rule, remedy } = error.failure as { readonly rule: string; readonly remedy: string };
    throw new NodeError(
      { code: 'node/refused', by: 'policy', reason: rule, next: remedy },
      `The policy cannot hold: ${rule}`,
    );
  }
}

/** The asset that an id, the beginning of one, or the kind of one's own means. */
function assetOf({ inventory }: MeshServices, name: string): AssetId {
  const own = inventory.assets.list();
  const ofKind = own.filter(({ asset }) => asset.record.kind === name);
  if (ofKind[0] !== undefined && ofKind.length === 1) return ofKind[0].asset.id;
  const ids = new Set([
    ...own.map(({ asset }) => asset.id),
    ...[...inventory.ledger.all()].map(({ asset }) => asset.id),
  ]);
  const found = [...ids].filter((id) => id === name || (name.length >= 12 && id.startsWith(name)));
  if (found[0] !== undefined && found.length === 1) return found[0];
  throw new NodeError(
    { code: 'node/not-found', what: name, next: 'hypermesh assets lists them; give an id or its beginning' },
    `No asset is called ${name}`,
  );
}

function notOwn(id: string): NodeError {
  return new NodeError(
    { code: 'node/not-found', what: id, next: 'only the owner sets the policy of an asset' },
    `${id} is not an asset of this node's own hardware`,
  );
}
