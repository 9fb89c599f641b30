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
