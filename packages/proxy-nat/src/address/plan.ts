import type { Verdict } from '@hypermesh/core';
import { ProxyNatError } from '../errors.ts';
import { formatAddress } from './format.ts';
import { type AddressReason, parseAddress } from './parse.ts';

/** A block of addresses: all that share the first `length` bits of `address`, whose other bits are zero. */
export interface Prefix {
  readonly address: bigint;
  /** Bits, 0 to 128. */
  readonly length: number;
}

/** The address block of HyperMesh: unique local addresses, for the overlay alone. */
export const defaultPrefix = 'fd48:4d00::/32';

/** Where an address lies: whose realm, which node of it, which byte of that node's 64-bit space. */
export interface Location {
  readonly realm: number;
  readonly node: number;
  readonly offset: bigint;
}

/** How the bits between the prefix and a node's 64-bit space are split. */
export interface AddressPlan {
  readonly prefix: Prefix;
  readonly realmBits: number;
  readonly nodeBits: number;
  /** The /64 of a node. Throws `proxy-nat/bad-argument` where realm or node have no room. */
  network(realm: number, node: number): Prefix;
  compose(location: Location): bigint;
  /** Tells where an address lies; one outside the plan's prefix is refused. */
  split(address: bigint): Verdict<Location, 'outside'>;
}

/** Why a text is not a prefix. */
export type PrefixReason = AddressReason | 'length' | 'host-bits';

/** Reads `ADDRESS/LENGTH`; bits beyond the length must be zero. */
export function parsePrefix(text: string): Verdict<Prefix, PrefixReason> {
  const [, address = '', digits = ''] = /^([^/]*)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  if (digits === '' || Number(digits) > 128) return { ok: false, reason: 'length' };
  const parsed = parseAddress(address);
  if (!parsed.ok) return parsed;
  const prefix = { address: parsed.address, length: Number(digits) };
  return isPrefix(prefix) ? { ok: true, ...prefix } : { ok: false, reason: 'host-bits' };
}

/** The text of a prefix, `ADDRESS/LENGTH`. */
export const formatPrefix = (prefix: Prefix): string => `${formatAddress(prefix.address)}/${prefix.length}`;

/** Whether `inner` (a prefix, or one address as a bigint) lies wholly in `outer`. */
export function covers(outer: Prefix, inner: Prefix | bigint): boolean {
  const { address, length } = typeof inner === 'bigint' ? { address: inner, length: 128 } : inner;
  const shift = BigInt(128 - outer.length);
  return length >= outer.length && address >> shift === outer.address >> shift;
}

function isPrefix({ address, length }: Prefix): boolean {
  const hostBits = (1n << BigInt(128 - length)) - 1n;
  return (address & hostBits) === 0n;
}

/**
 * Makes the plan `prefix | realm | node | 64-bit space of the node`. The default splits the 32 bits of
 * `fd48:4d00::/32` evenly: 65,536 realms of 65,536 nodes. Throws `proxy-nat/bad-argument` for a prefix that is none.
 */
export function createAddressPlan(
  options: { readonly prefix?: string; readonly realmBits?: number } = {},
): AddressPlan {
  const parsed = parsePrefix(options.prefix ?? defaultPrefix);
  if (!parsed.ok || parsed.length < 1 || parsed.length > 62) throw bad('prefix', 'a prefix of 1 to 62 bits');
  const prefix = { address: parsed.address, length: parsed.length };
  const free = 64 - prefix.length;
  const realmBits = options.realmBits ?? free >> 1;
  const nodeBits = free - realmBits;
  if (!(realmBits >= 1 && realmBits <= 32 && nodeBits >= 1 && nodeBits <= 32))
    throw bad('realmBits', '1 to 32 bits for realms and for nodes');
  const network = (realm: number, node: number): Prefix => {
    if (!isIndex(realm, realmBits)) throw bad('realm', `a number of ${realmBits} bits`);
    if (!isIndex(node, nodeBits)) throw bad('node', `a number of ${nodeBits} bits`);
    const name = (BigInt(realm) << BigInt(64 + nodeBits)) | (BigInt(node) << 64n);
    return { address: prefix.address | name, length: 64 };
  };
  return {
    prefix,
    realmBits,
    nodeBits,
    network,
    compose({ realm, node, offset }) {
      if (offset < 0n || offset >> 64n !== 0n) throw bad('offset', 'a number of 64 bits');
      return network(realm, node).address | offset;
    },
    split(address) {
      if (address < 0n || address >> 128n !== 0n || !covers(prefix, address))
        return { ok: false, reason: 'outside' };
      const node = Number((address >> 64n) & ((1n << BigInt(nodeBits)) - 1n));
      const realm = Number((address >> BigInt(64 + nodeBits)) & ((1n << BigInt(realmBits)) - 1n));
      return { ok: true, realm, node, offset: address & 0xffff_ffff_ffff_ffffn };
    },
  };
}

const isIndex = (value: number, bits: number): boolean =>
  Number.isSafeInteger(value) && value >= 0 && value < 2 ** bits;

const bad = (name: string, expected: string): ProxyNatError =>
  new ProxyNatError({ code: 'proxy-nat/bad-argument', name }, `${name} must be ${expected}`);
