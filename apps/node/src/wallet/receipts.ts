import { existsSync, readFileSync } from 'node:fs';
import { fromHex, type OperationId, toHex } from '@hypermesh/core';
import { appendDurably, writeDurably } from '../data-directory.ts';

/** Signed usage by lease: of runs that this node asked for, and of those it executed. Kept over crashes. */
export interface Receipts {
  /** Keeps a receipt, durably; the first one of a lease stays. */
  put(lease: OperationId, usage: Uint8Array): void;
  get(lease: OperationId): Uint8Array | undefined;
  leases(): IterableIterator<OperationId>;
}

/** Opens the list in a file of `LEASE HEX` a line; a line cut by a crash was never answered and ends with `cut`. */
export function openReceipts(path: string): Receipts {
  if (!existsSync(path)) writeDurably(path, '');
  const text = readFileSync(path, 'utf8');
  const kept = new Map<OperationId, Uint8Array>();
  for (const line of text.split('\n').slice(0, -1)) {
    const [lease = '', hex = '', end] = line.split(' ');
    const bytes = fromHex(hex);
    if (bytes.ok && bytes.bytes.length > 0 && end === undefined) kept.set(lease as OperationId, bytes.bytes);
  }
  if (text !== '' && !text.endsWith('\n')) appendDurably(path, ' cut\n');
  return {
    put(lease, usage) {
      if (kept.has(lease)) return;
      appendDurably(path, `${lease} ${toHex(usage)}\n`);
      kept.set(lease, usage);
    },
    get: (lease) => kept.get(lease),
    leases: () => kept.keys(),
  };
}
