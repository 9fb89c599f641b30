import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, statSync } from 'node:fs';
import type { Log } from '@hypermesh/core';
import { type DataDirectory, readIfPresent, writeDurably } from '../data-directory.ts';

/** What a token allows: everything, or looking. */
export type Access = 'full' | 'read';

/** Tells what a token allows. */
export interface Tokens {
  /** What `Authorization` allows; undefined where it is missing or no token of this node. Takes as long for any token. */
  accessOf(authorization: string | undefined): Access | undefined;
}

const tokenBytes = 32;
const tokenPattern = /^[A-Za-z0-9_-]{43}$/;

/**
 * The tokens of a node, each 256 random bits in base64url, made at first start and kept in files for the owner alone. One that others of this
 * machine could have read, or that is not whole, is replaced.
 */
export function openTokens(directory: DataDirectory, log: Log): Tokens {
  const full = digest(readOrMake(directory.apiToken, log));
  const read = digest(readOrMake(directory.apiReadToken, log));
  return {
    accessOf(authorization) {
      const given = digest(/^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1] ?? '');
      const [isFull, isRead] = [timingSafeEqual(given, full), timingSafeEqual(given, read)];
      if (isFull) return 'full';
      return isRead ? 'read' : undefined;
    },
  };
}

/** Equal lengths, so that comparing takes the same time for all. */
const digest = (token: string): Buffer => hash('sha256', token, 'buffer');

function readOrMake(path: string, log: Log): string {
  const found = readIfPresent(path)?.toString('utf8').trim();
  if (found !== undefined) {
    const isPrivate = (statSync(path).mode & 0o077) === 0;
    if (isPrivate && tokenPattern.test(found)) return found;
    log.warn('api.token-replaced', { file: path, reason: isPrivate ? 'not whole' : 'others could read it' });
  }
  const token = randomBytes(tokenBytes).toString('base64url');
  writeDurably(path, `${token}\n`);
  chmodSync(path, 0o600);
  return token;
}
