import { route } from '../table/route.ts';
import {
  count,
  decimal,
  flag,
  hex,
  list,
  memberName,
  object,
  optional,
  text,
  whole,
  words,
} from '../table/shapes.ts';
import { Type } from '../table/type.ts';

/** A region as its lender sees it. */
const region = object({
  address: words(),
  prefix: words(),
  sizeBytes: count(),
  expiresMs: count(),
  export: words({ description: 'Key of its entry in the ledger' }),
  operation: words(),
  height: count(),
});

/** A grant as its lender sees it. */
const grant = object({
  grant: words(),
  address: words(),
  sizeBytes: count(),
  to: words(),
  rights: words({ description: 'Letters: r, w, a' }),
  expiresMs: count(),
  isRevoked: flag(),
  operation: words(),
  height: count(),
});

/** A region of another member that this node may use. */
const usable = object({
  grant: words(),
  address: words(),
  sizeBytes: count(),
  home: words(),
  rights: words(),
  expiresMs: count(),
  isAttached: flag(),
});

const address = text({ maxLength: 64, description: 'A global address, in the form of IPv6' });
/** 64 bits. */
const word = Type.Union([
  Type.Integer({ minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER }),
  Type.String({ pattern: '^-?[0-9]{1,20}$' }),
]);

/** Lending memory, granting it, and using that of others by global address. */
export const memoryRoutes = {
  'memory-lend': route({
    method: 'POST',
    path: '/v1/memory/regions',
    summary: 'Lend a region of memory',
    input: object({ bytes: whole(), forMs: optional(whole()) }),
    output: region,
    progress: true,
  }),
  'memory-grant': route({
    method: 'POST',
    path: '/v1/memory/grants',
    summary: 'Grant a member the use of a lent region',
    input: object({
      address,
      to: memberName(),
      rights: optional(text({ maxLength: 3 })),
      forMs: optional(whole()),
      maxBytes: optional(whole()),
      maxOperations: optional(whole()),
    }),
    output: grant,
    progress: true,
  }),
  'memory-revoke': route({
    method: 'DELETE',
    path: '/v1/memory/grants/{grant}',
    summary: 'End a grant: nothing succeeds under it any more',
    input: object({ grant: text({ maxLength: 256 }) }),
    output: grant,
    progress: true,
  }),
  'memory-list': route({
    method: 'GET',
    path: '/v1/memory',
    summary: 'What is lent, granted and usable here',
    input: object({}),
    output: object({ regions: list(region), grants: list(grant), usable: list(usable) }),
  }),
  'memory-attach': route({
    method: 'POST',
    path: '/v1/memory/attachments',
    summary: 'Attach the region of another member that holds an address',
    input: object({ address }),
    output: usable,
  }),
  'memory-read': route({
    method: 'GET',
    path: '/v1/memory/bytes/{address}',
    summary: 'Read memory of another member',
    input: object({ address, length: optional(whole({ description: 'At most 262144; 8 unless given' })) }),
    output: object({ address: words(), bytes: hex() }),
    secret: true,
  }),
  'memory-write': route({
    method: 'PUT',
    path: '/v1/memory/bytes/{address}',
    summary: 'Write memory of another member',
    input: object({ address, bytes: hex({ maxLength: 524_288 }) }),
    output: object({ address: words(), written: count() }),
  }),
  'memory-add': route({
    method: 'POST',
    path: '/v1/memory/bytes/{address}/add',
    summary: 'Add to 8 bytes of memory of another member, in one instant',
    input: object({ address, delta: word }),
    output: object({ address: words(), before: decimal() }),
  }),
  'memory-cas': route({
    method: 'POST',
    path: '/v1/memory/bytes/{address}/swap',
    summary: 'Swap 8 bytes of memory of another member where they hold what is expected',
    input: object({ address, expected: word, desired: word }),
    output: object({ isSwapped: flag(), before: decimal() }),
  }),
};
