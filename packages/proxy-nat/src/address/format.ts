import { ProxyNatError } from '../errors.ts';

/** Addresses `::ffff:0:0/96`, whose last 32 bits are an IPv4 address (RFC 4291 §2.5.5.2). */
const mappedPrefix = 0xffffn;

/**
 * The one text of an address after RFC 5952: lower case, no leading zeros, the first of the longest runs of at least
 * two zero groups as `::`. IPv4-mapped addresses end in dotted form (§5). Throws `proxy-nat/bad-argument` outside 128 bits.
 */
export function formatAddress(address: bigint): string {
  if (typeof address !== 'bigint' || address < 0n || address >> 128n !== 0n) {
    throw new ProxyNatError({ code: 'proxy-nat/bad-argument', name: 'address' }, 'an address has 128 bits');
  }
  if (address >> 32n === mappedPrefix) {
    return `::ffff:${[24n, 16n, 8n, 0n].map((shift) => (address >> shift) & 0xffn).join('.')}`;
  }
  const groups = Array.from({ length: 8 }, (_, index) =>
    Number((address >> BigInt(112 - 16 * index)) & 0xffffn),
  );
  const { start, length } = longestZeroRun(groups);
  const text = (part: number[]) => part.map((value) => value.toString(16)).join(':');
  if (length < 2) return text(groups);
  return `${text(groups.slice(0, start))}::${text(groups.slice(start + length))}`;
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let length = 0;
  for (const [index, value] of groups.entries()) {
    length = value === 0 ? length + 1 : 0;
    if (length > best.length) best = { start: index - length + 1, length };
  }
  return best;
}
