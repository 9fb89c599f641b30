import { isIPv4, isIPv6 } from 'node:net';
import { StoqError } from './errors.ts';

/** A host and port of a carrier address; `family` as node:net counts it. */
export interface HostAddress {
  readonly host: string;
  readonly port: number;
  readonly family: 4 | 6;
}

const HOST_PORT = /^([a-z0-9]{1,16}):\/\/(?:\[([0-9a-fA-F:.]{2,45})\]|([0-9.]{7,15})):([0-9]{1,5})$/;

/**
 * Reads `quic://[::1]:4433`. Hosts are IP literals: names are resolved above this layer. IPv4, also in its IPv6-mapped form, is refused
 * with `stoq/ipv4-disabled` unless `ipv4` is set.
 */
export function parseHostAddress(address: string, kind: string, ipv4: boolean): HostAddress {
  const [, scheme, six, four, portText] = HOST_PORT.exec(address) ?? [];
  const port = Number(portText);
  const host = six ?? four ?? '';
  if (scheme !== kind || port > 65_535 || !(six === undefined ? isIPv4(host) : isIPv6(host))) {
    throw new StoqError({ code: 'stoq/bad-address', address, expected: `${kind}://[::1]:4433` });
  }
  const family = six === undefined ? 4 : 6;
  if ((family === 4 || host.includes('.') || isMapped(host)) && !ipv4) {
    throw new StoqError(
      { code: 'stoq/ipv4-disabled', address },
      `${address} is IPv4, which is off unless the carrier is created with { ipv4: true }`,
    );
  }
  return { host, port, family };
}

function isMapped(host: string): boolean {
  return /^(?:0{0,4}:){1,5}:?ffff:[0-9a-f]{1,4}:[0-9a-f]{1,4}$/i.test(host);
}

/** The kind of an address, the part before `://`. */
export function kindOf(address: string): string {
  return address.slice(0, Math.max(0, address.indexOf('://')));
}

/**
 * The block of addresses that one owner usually has: the first 48 bits of an IPv6 address, the first 24 of an IPv4 one, mapped or not.
 * Undefined for addresses that are neither.
 */
export function addressBlock(address: string): string | undefined {
  const [, , six, four] = HOST_PORT.exec(address) ?? [];
  if (four !== undefined) return isIPv4(four) ? four.split('.').slice(0, 3).join('.') : undefined;
  if (six === undefined || !isIPv6(six)) return undefined;
  // The URL parser writes every IPv6 address in one way, without dotted parts.
  const { hostname } = new URL(`http://[${six}]`);
  const [head = '', tail] = hostname.slice(1, -1).split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros: string[] = new Array(tail === undefined ? 0 : 8 - before.length - after.length).fill('0');
  const groups = [...before, ...zeros, ...after];
  const isMappedIPv4 = groups.slice(0, 5).every((group) => group === '0') && groups[5] === 'ffff';
  if (!isMappedIPv4) return groups.slice(0, 3).join(':');
  const high = Number.parseInt(groups[6] ?? '', 16);
  const low = Number.parseInt(groups[7] ?? '', 16);
  return [high >> 8, high & 0xff, low >> 8].join('.');
}
