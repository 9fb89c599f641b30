import type { Verdict } from '@hypermesh/core';

/** Why a text is not an IPv6 address. */
export type AddressReason =
  | 'not-text'
  | 'empty'
  | 'too-long'
  | 'unknown-scheme'
  | 'zone'
  | 'prefix-length'
  | 'character'
  | 'group'
  | 'group-count'
  | 'compression'
  | 'ipv4';

/** The longest text form: six groups of four digits and a dotted IPv4 address. */
const longestText = 45;
const group = /^[0-9a-f]{1,4}$/i;
const decimalByte = /^(?:0|[1-9]\d{0,2})$/;

/**
 * Reads an IPv6 address in any text form of RFC 4291 §2.2: full, compressed, or with an IPv4 tail. Anything else is
 * refused by reason: a URL or other scheme, a zone, a prefix length, brackets.
 */
export function parseAddress(text: string): Verdict<{ readonly address: bigint }, AddressReason> {
  if (typeof text !== 'string') return refused('not-text');
  if (text.length === 0) return refused('empty');
  if (hasScheme(text)) return refused('unknown-scheme');
  if (text.length > longestText) return refused('too-long');
  if (text.includes('%')) return refused('zone');
  if (text.includes('/')) return refused('prefix-length');
  if (!/^[0-9a-f:.]+$/i.test(text)) return refused('character');
  const halves = text.split('::');
  if (halves.length > 2) return refused('compression');
  const head = groupsOf(halves[0] ?? '', halves.length === 1);
  const tail = halves.length === 1 ? [] : groupsOf(halves[1] ?? '', true);
  if (typeof head === 'string') return refused(head);
  if (typeof tail === 'string') return refused(tail);
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 && missing !== 0) return refused('group-count');
  if (halves.length === 2 && missing < 1) return refused('group-count');
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  return { ok: true, address: groups.reduce((value, part) => (value << 16n) | BigInt(part), 0n) };
}

/** Whether a URI scheme leads: a name that can be no group of an address, or one followed by two slashes. */
function hasScheme(text: string): boolean {
  const name = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1];
  return name !== undefined && (/[^0-9a-f]/i.test(name) || text.startsWith('//', name.length + 1));
}

/** The 16-bit groups of one side of `::`; a dotted IPv4 address may only end the whole text. */
function groupsOf(text: string, isLast: boolean): number[] | AddressReason {
  if (text === '') return [];
  const parts = text.split(':');
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (part.includes('.')) {
      const bytes = part.split('.');
      const isDotted =
        bytes.length === 4 && bytes.every((byte) => decimalByte.test(byte) && Number(byte) < 256);
      if (!isDotted || !isLast || index !== parts.length - 1) return 'ipv4';
      const [a = 0, b = 0, c = 0, d = 0] = bytes.map(Number);
      groups.push(a * 256 + b, c * 256 + d);
    } else {
      if (!group.test(part)) return 'group';
      groups.push(Number.parseInt(part, 16));
    }
  }
  return groups;
}

const refused = (reason: AddressReason) => ({ ok: false, reason }) as const;
