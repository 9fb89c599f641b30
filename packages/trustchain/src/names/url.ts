import type { Verdict } from '@hypermesh/core';
import { isName } from './record.ts';

/** Names that every mesh has, and the pages that they lead to. Its authority alone signs them. */
export const WELL_KNOWN_NAMES: Readonly<Record<string, string>> = {
  hypermesh: '/',
  caesar: '/wallet',
  trust: '/trust',
  assets: '/assets',
  catalog: '/packages',
};

/** Whether a name is one of those that only the mesh's authority signs. */
export function isWellKnownName(name: string): boolean {
  return Object.hasOwn(WELL_KNOWN_NAMES, name);
}

/** What an address with a name says: `path` begins with a slash, or is empty where there is none. */
export interface NameUrl {
  readonly name: string;
  readonly path: string;
}

const MAX_URL = 512;

/** Reads `http3://NAME`, `http3://NAME/PATH`, or a bare NAME. */
export function parseNameUrl(text: string): Verdict<NameUrl, 'malformed' | 'bad-name'> {
  if (typeof text !== 'string' || text.length > MAX_URL) return { ok: false, reason: 'malformed' };
  const [, scheme, name = '', path = ''] = /^(http3:\/\/)?([^/?#]*)(\/[\x21-\x7e]*)?$/.exec(text) ?? [];
  if (scheme === undefined && path !== '') return { ok: false, reason: 'malformed' };
  if (name === '' && scheme === undefined) return { ok: false, reason: 'malformed' };
  return isName(name) ? { ok: true, name, path } : { ok: false, reason: 'bad-name' };
}
