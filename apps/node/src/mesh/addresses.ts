import { type Log, type NodeId, parseNodeId, silentLog } from '@hypermesh/core';
import { type DataDirectory, readIfPresent, writeDurably } from '../data-directory.ts';

/** Where the members of the mesh were last heard of; kept over restarts. Disposing of it writes down what is new. */
export interface AddressBook extends Disposable {
  addressOf(node: NodeId): string | undefined;
  /** Notes what a node says of itself. */
  note(node: NodeId, address: string): void;
  /** Notes what somebody else says of nodes that nothing is known of yet. */
  noteHearsay(entries: Iterable<readonly [NodeId, string]>): void;
  entries(): readonly (readonly [NodeId, string])[];
  /** Writes down now what is new. */
  flush(): void;
}

/** Most members that the book holds; hearsay gives way to what nodes say of themselves. */
const maxEntries = 10_000;
/** How long news may wait to be written: one peer's chatter must not cost a disk write a word. */
const writeDelayMs = 1_000;

/** Opens the address book of a data directory. A damaged one is as good as none: members announce themselves again. */
export function openAddressBook(directory: DataDirectory, log: Log = silentLog): AddressBook {
  const book = new Map<NodeId, string>(readEntries(directory));
  const hearsay = new Set<NodeId>();
  let writing: NodeJS.Timeout | undefined;

  function flush(): void {
    if (writing === undefined) return;
    clearTimeout(writing);
    writing = undefined;
    writeDurably(directory.addresses, `${JSON.stringify(Object.fromEntries(book), null, 2)}\n`);
  }

  function flushLate(): void {
    try {
      flush();
    } catch (error) {
      log.warn('addresses.not-written', { message: String(error) });
    }
  }

  function set(node: NodeId, address: string): void {
    book.set(node, address);
    writing ??= setTimeout(flushLate, writeDelayMs).unref();
  }

  return {
    addressOf: (node) => book.get(node),
    entries: () => [...book],
    note(node, address) {
      hearsay.delete(node);
      if (book.get(node) === address) return;
      if (!book.has(node) && book.size >= maxEntries) {
        const [least] = hearsay;
        if (least === undefined) return;
        hearsay.delete(least);
        book.delete(least);
      }
      set(node, address);
    },
    noteHearsay(entries) {
      for (const [node, address] of entries) {
        if (book.has(node) || book.size >= maxEntries) continue;
        hearsay.add(node);
        set(node, address);
      }
    },
    flush,
    [Symbol.dispose]: flush,
  };
}

function readEntries(directory: DataDirectory): [NodeId, string][] {
  const text = readIfPresent(directory.addresses)?.toString('utf8') ?? '{}';
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value).flatMap(([name, address]) => {
      const node = parseNodeId(name);
      return node.ok && typeof address === 'string' ? [[node.id, address]] : [];
    });
  } catch {
    return [];
  }
}
