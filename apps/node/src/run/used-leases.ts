import { appendFileSync, closeSync, fsyncSync, openSync } from 'node:fs';
import { readIfPresent } from '../data-directory.ts';

/** Which leases have been used on this node: each lets one run start, also over crashes. */
export interface UsedLeases {
  /** Marks a lease as used, durably; false where it was already. */
  use(lease: string): boolean;
}

/** Opens the list in a file of one lease a line; a line cut by a crash never started its run and is closed off. */
export function openUsedLeases(path: string): UsedLeases {
  const text = readIfPresent(path)?.toString('utf8') ?? '';
  const used = new Set(text.split('\n').slice(0, -1));
  if (text !== '' && !text.endsWith('\n')) appendDurably(path, '\n');
  return {
    use(lease) {
      if (used.has(lease)) return false;
      appendDurably(path, `${lease}\n`);
      used.add(lease);
      return true;
    },
  };
}

function appendDurably(path: string, text: string): void {
  const file = openSync(path, 'a', 0o600);
  try {
    appendFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
