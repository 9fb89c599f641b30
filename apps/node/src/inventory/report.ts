import type { AssetView, Policy } from '@hypermesh/assets';
import type { NodeId } from '@hypermesh/core';
import type { RegisteredAsset } from './ledger-assets.ts';
import type { InventoryService } from './service.ts';

/** The signed inventory of a machine, for programs and people. `block` is the whole of it in hex. */
export interface MachineReport {
  readonly id: string;
  readonly owner: string;
  readonly measuredAtMs: number;
  readonly devices: readonly { readonly id: string; readonly kind: string; readonly attributes: object }[];
  readonly absent: Readonly<Record<string, string>>;
  readonly block: string;
}

/** An asset for programs and people. Amounts of money leave as decimal text. */
export interface AssetReport {
  readonly id: string;
  readonly kind: string;
  readonly owner: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly policy?: Policy;
  /** Of this node's own hardware only. */
  readonly state?: string;
  readonly capacity?: number;
  readonly leased?: number;
  readonly leases?: number;
  /** How busy the device is, whoever uses it, basis points. */
  readonly usedBp?: number;
  /** Where the ledger has it; absent until it is registered. */
  readonly operation?: string;
  readonly height?: number;
  readonly head?: { readonly sequence: number; readonly since: number };
  readonly history?: readonly {
    readonly sequence: number;
    readonly transition: string;
    readonly to: string;
    readonly by: string;
    readonly author: string;
    readonly atMs: number;
  }[];
}

/** An asset of this node's own hardware. */
export function describeOwn(
  { asset, state, policy, usage }: AssetView,
  { ledger }: Pick<InventoryService, 'ledger'>,
  busy: Readonly<Record<string, { readonly usedBp: number }>>,
): AssetReport {
  const registered = ledger.find(asset.id);
  const device = busy[asset.record.kind];
  return {
    id: asset.id,
    kind: asset.record.kind,
    owner: 'this node',
    attributes: asset.record.attributes,
    policy,
    state,
    capacity: usage.capacity,
    leased: usage.leased,
    leases: usage.leases,
    ...(device === undefined ? {} : { usedBp: device.usedBp }),
    ...(registered === undefined ? {} : { operation: registered.operation, height: registered.height }),
  };
}

/** An asset that the ledger names. */
export function describeRegistered(
  { asset, policy, owner, operation, height }: RegisteredAsset,
  nameOf: (node: NodeId) => string,
): AssetReport {
  return {
    id: asset.id,
    kind: asset.record.kind,
    owner: nameOf(owner),
    attributes: asset.record.attributes,
    ...(policy === undefined ? {} : { policy }),
    operation,
    height,
  };
}
