import { type ChainId, domainHash, type NodeId, utf8 } from '@hypermesh/core';
import { createAddressPlan, type Prefix } from '@hypermesh/proxy-nat';

const plan = createAddressPlan();

/** The realm of a mesh, from its chain id: meshes that know nothing of each other seldom share one. */
function realmOf(chainId: ChainId): number {
  const digest = domainHash('hypermesh/node/address-realm/v1', utf8(chainId));
  return ((digest[0] ?? 0) << 8) | (digest[1] ?? 0);
}

/** The /64 of a member: the mesh's realm, and the member's place in the genesis from 1. Undefined for others. */
export function networkOf(
  chainId: ChainId,
  members: ReadonlyMap<NodeId, unknown>,
  node: NodeId,
): Prefix | undefined {
  const place = [...members.keys()].indexOf(node);
  return place < 0 ? undefined : plan.network(realmOf(chainId), place + 1);
}
