import { existsSync, readFileSync } from 'node:fs';
import { appendDurably, writeDurably } from '../data-directory.ts';

/** Which leases have been used on this node: each lets one run start, also over crashes. */
export interface UsedLeases {
  has(lease: string): boolean;
  /** Marks a lease as used, durably; false where it was already. */
  use(lease: string): boolean;
}

/** Opens the list in a file of one lease a line; a line cut by a crash never started its run and is closed off. */
export function openUsedLeases(path: string): UsedLeases {
  if (!existsSync(path)) writeDurably(path, '');
  const text = readFileSync(path, 'utf8');
  const used = new Set(text.split('\n').slice(0, -1));
  if (text !== '' && !text.endsWith('\n')) appendDurably(path, '\n');
  return {
    has: (lease) => used.has(lease),
    use(lease) {
      if (used.has(lease)) return false;
      appendDurably(path, `${lease}\n`);
      used.add(lease);
      return true;
    },
  };
}
