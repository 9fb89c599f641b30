import { toHex } from '@hypermesh/core';
import { parseAddress } from '@hypermesh/proxy-nat';
import { parseRights } from '../../memory/rights.ts';
import type { Handlers } from './method.ts';
import { badParameter, bytes, integer, memberOf } from './parameters.ts';

/** Longest read of one call: the bytes travel as hex in its answer. */
const maxBytes = 256 * 1024;
const defaultReadBytes = 8;
const defaultLendMs = 3_600_000;
/** 24 days: what a timer can wait for. */
const maxLendMs = 24 * 86_400_000;
const maxRegionBytes = 2 ** 40;

type Whole = number | string;

/** Lending memory, granting it, and using that of others by global address. */
export const memoryHandlers: Handlers<
  | 'memory-lend'
  | 'memory-grant'
  | 'memory-revoke'
  | 'memory-list'
  | 'memory-attach'
  | 'memory-read'
  | 'memory-write'
  | 'memory-add'
  | 'memory-cas'
> = {
  'memory-lend': ({ memory }, { params, tell, signal }) =>
    memory.lending.lend(
      {
        sizeBytes: atMost('bytes', params.bytes, maxRegionBytes),
        forMs: atMost('forMs', params.forMs ?? defaultLendMs, maxLendMs),
      },
      tell,
      signal,
    ),
  'memory-grant': (services, { params, tell, signal }) =>
    services.memory.lending.grant(
      {
        address: address(params.address),
        to: memberOf(services, params.to),
        rights: parseRights(params.rights ?? 'rwa'),
        forMs: ifGiven('forMs', params.forMs, maxLendMs),
        maxBytes: ifGiven('maxBytes', params.maxBytes, Number.MAX_SAFE_INTEGER),
        maxOperations: ifGiven('maxOperations', params.maxOperations, Number.MAX_SAFE_INTEGER),
      },
      tell,
      signal,
    ),
  'memory-revoke': ({ memory }, { params, tell, signal }) =>
    memory.lending.revoke(params.grant, tell, signal),
  'memory-list': ({ memory }) => ({ ...memory.lending.list(), usable: memory.using.list() }),
  'memory-attach': ({ memory }, { params, signal }) => memory.using.attach(address(params.address), signal),
  async 'memory-read'({ memory }, { params, signal }) {
    const length = atMost('length', params.length ?? defaultReadBytes, maxBytes);
    const read = await memory.using.access(
      address(params.address),
      (region, offset) => region.read(offset, length, { signal }),
      signal,
    );
    return { address: params.address, bytes: toHex(read) };
  },
  async 'memory-write'({ memory }, { params, signal }) {
    const data = bytes('bytes', params.bytes);
    await memory.using.access(
      address(params.address),
      (region, offset) => region.write(offset, data, { signal }),
      signal,
    );
    return { address: params.address, written: data.length };
  },
  async 'memory-add'({ memory }, { params, signal }) {
    const delta = word('delta', params.delta, true);
    const before = await memory.using.access(
      address(params.address),
      (region, offset) => region.fetchAdd64(offset, delta, { signal }),
      signal,
    );
    return { address: params.address, before };
  },
  'memory-cas': ({ memory }, { params, signal }) => {
    const change = { expected: word('expected', params.expected), desired: word('desired', params.desired) };
    return memory.using.access(
      address(params.address),
      (region, offset) => region.cas64(offset, change, { signal }),
      signal,
    );
  },
};

function address(text: string): bigint {
  const parsed = parseAddress(text);
  if (parsed.ok) return parsed.address;
  throw badParameter('address', `a global address, in the form of IPv6 (${parsed.reason})`);
}

function atMost(name: string, value: Whole, most: number): number {
  if (integer(value) <= BigInt(most)) return Number(value);
  throw badParameter(name, `at most ${most}`);
}

const ifGiven = (name: string, value: Whole | undefined, most: number): number | undefined =>
  value === undefined ? undefined : atMost(name, value, most);

/** A value of 64 bits; where it `mayBeNegative`, from -2^63. */
function word(name: string, value: Whole, mayBeNegative = false): bigint {
  const number = BigInt(value);
  if (number < 2n ** 64n && number >= (mayBeNegative ? -(2n ** 63n) : 0n)) return number;
  throw badParameter(name, 'a whole number of 64 bits');
}
