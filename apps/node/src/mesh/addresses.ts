import type { NodeId } from '@hypermesh/core';
import { type DataDirectory, readIfPresent, writeDurably } from '../data-directory.ts';

/** Where the members of the mesh were last heard of; kept over restarts. */
export interface AddressBook {
  addressOf(node: NodeId): string | undefined;
  /** Notes an address; writes it down only where it changed. */
  note(node: NodeId, address: string): void;
  entries(): readonly (readonly [NodeId, string])[];
}

/** Most members that the book holds. */
const maxEntries = 10_000;

/** Opens the address book of a data directory. A damaged one is as good as none: members announce themselves again. */
export function openAddressBook(directory: DataDirectory): AddressBook {
  const book = new Map<NodeId, string>(readEntries(directory));
  return {
    addressOf: (node) => book.get(node),
    entries: () => [...book],
    note(node, address) {
      if (book.get(node) === address || (book.size >= maxEntries && !book.has(node))) return;
      book.set(node, address);
      writeDurably(directory.addresses, `${JSON.stringify(Object.fromEntries(book), null, 2)}\n`);
    },
  };
}

function readEntries(directory: DataDirectory): [NodeId, string][] {
  const text = readIfPresent(directory.addresses)?.toString('utf8') ?? '{}';
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value).filter((entry): entry is [NodeId, string] => typeof entry[1] === 'string');
  } catch {
    return [];
  }
}
