import { toHex } from '@hypermesh/core';
import { parseAddress } from '@hypermesh/proxy-nat';
import { parseRights } from '../../memory/rights.ts';
import type { ServiceMethods } from './method.ts';
import { badParameter, bytes, integer, memberOf, type Params, text } from './parameters.ts';

/** Longest read and write of one call: the bytes travel in one line of the control socket, in hex. */
const maxBytes = 256 * 1024;
const defaultLendMs = 3_600_000n;
/** 24 days: what a timer can wait for. */
const maxLendMs = 24 * 86_400_000;
const maxRegionBytes = 2 ** 40;

/** Lending memory, granting it, and using that of others by global address. */
export const memoryMethods: ServiceMethods = {
  'memory-lend': ({ memory }, { params, tell, signal }) =>
    memory.lending.lend(
      {
        sizeBytes: whole(params, 'bytes', maxRegionBytes),
        forMs: whole(params, 'forMs', maxLendMs, defaultLendMs),
      },
      tell,
      signal,
    ),
  'memory-grant': (services, { params, tell, signal }) =>
    services.memory.lending.grant(
      {
        address: address(params),
        to: memberOf(services, text(params, 'to')),
        rights: parseRights(params['rights'] === undefined ? 'rwa' : text(params, 'rights')),
        forMs: optional(params, 'forMs', maxLendMs),
        maxBytes: optional(params, 'maxBytes', Number.MAX_SAFE_INTEGER),
        maxOperations: optional(params, 'maxOperations', Number.MAX_SAFE_INTEGER),
      },
      tell,
      signal,
    ),
  'memory-revoke': ({ memory }, { params, tell, signal }) =>
    memory.lending.revoke(text(params, 'grant'), tell, signal),
  'memory-list': async ({ memory }) => ({ ...memory.lending.list(), usable: memory.using.list() }),
  'memory-attach': ({ memory }, { params, signal }) => memory.using.attach(address(params), signal),
  async 'memory-read'({ memory }, { params, signal }) {
    const length = whole(params, 'length', maxBytes, 8n);
    const read = await memory.using.access(
      address(params),
      (region, offset) => region.read(offset, length, { signal }),
      signal,
    );
    return { address: text(params, 'address'), bytes: toHex(read) };
  },
  async 'memory-write'({ memory }, { params, signal }) {
    const data = bytes(params, 'bytes');
    if (data.length > maxBytes) throw badParameter('bytes', `at most ${maxBytes} bytes`);
    await memory.using.access(
      address(params),
      (region, offset) => region.write(offset, data, { signal }),
      signal,
    );
    return { address: text(params, 'address'), written: data.length };
  },
  async 'memory-add'({ memory }, { params, signal }) {
    const delta = word(params, 'delta', true);
    const before = await memory.using.access(
      address(params),
      (region, offset) => region.fetchAdd64(offset, delta, { signal }),
      signal,
    );
    return { address: text(params, 'address'), before };
  },
  'memory-cas': ({ memory }, { params, signal }) => {
    const change = { expected: word(params, 'expected'), desired: word(params, 'desired') };
    return memory.using.access(
      address(params),
      (region, offset) => region.cas64(offset, change, { signal }),
      signal,
    );
  },
};

function address(params: Params): bigint {
  const parsed = parseAddress(text(params, 'address'));
  if (parsed.ok) return parsed.address;
  throw badParameter('address', `a global address, in the form of IPv6 (${parsed.reason})`);
}

function whole(params: Params, name: string, most: number, fallback?: bigint): number {
  const value = integer(params, name, fallback);
  if (value <= BigInt(most)) return Number(value);
  throw badParameter(name, `at most ${most}`);
}

const optional = (params: Params, name: string, most: number): number | undefined =>
  params[name] === undefined ? undefined : whole(params, name, most);

/** A value of 64 bits as a decimal text or number; where it `mayBeNegative`, from -2^63. */
function word(params: Params, name: string, mayBeNegative = false): bigint {
  const value = String(params[name]);
  if (/^-?\d{1,20}$/.test(value)) {
    const number = BigInt(value);
    if (number < 2n ** 64n && number >= (mayBeNegative ? -(2n ** 63n) : 0n)) return number;
  }
  throw badParameter(name, 'a whole number of 64 bits');
}
