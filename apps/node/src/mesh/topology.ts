import type { NodeId } from '@hypermesh/core';
import type { AddressBook } from './addresses.ts';
import type { Links } from './links.ts';

/** The links of this node to each member; what members see of each other is theirs to tell. */
export function linkList(
  links: Links,
  parts: {
    readonly name: string;
    readonly nodeId: NodeId;
    readonly members: ReadonlyMap<NodeId, { readonly name: string }>;
    readonly book: AddressBook;
  },
) {
  const { name, nodeId, members, book } = parts;
  return {
    self: { name, nodeId },
    scope: 'own-links' as const,
    members: [...members].map(([node, member]) => {
      const address = book.addressOf(node);
      return {
        ...{ name: member.name, nodeId: node, self: node === nodeId },
        ...(address === undefined ? {} : { address }),
        ...links.of(node),
      };
    }),
  };
}
