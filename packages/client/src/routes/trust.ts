import { route } from '../table/route.ts';
import { count, flag, hex, list, nullable, object, oneOf, optional, text, words } from '../table/shapes.ts';
import { Type } from '../table/type.ts';
import { limit, nextNumber } from './paging.ts';

/** As certificates and entries of the log say it, which may be before 1970. */
const unixMs = Type.Integer();

const certificate = object({
  subject: words(),
  serial: hex(),
  fingerprint: words(),
  notBeforeMs: unixMs,
  notAfterMs: unixMs,
  key: words(),
  alternativeKey: nullable(words({ description: 'The post-quantum one' })),
  signature: words(),
  alternativeSignature: nullable(words()),
  nodeId: nullable(words()),
});

const entry = {
  index: count(),
  kind: oneOf(['certificate', 'bundle', 'other']),
  subject: nullable(words()),
  timeMs: nullable(unixMs),
  bytes: count(),
  leafHash: hex(),
};

const name = {
  name: words(),
  url: words(),
  page: words(),
  nodes: list(object({ name: words(), nodeId: words(), address: nullable(words()) })),
  sequence: count(),
  notBeforeMs: count(),
  notAfterMs: count(),
  owner: hex({ description: 'Ed25519 key that signed it' }),
  ownerIs: oneOf(['authority', 'member']),
  height: count(),
  operation: words(),
  state: oneOf(['valid', 'expired', 'not-yet']),
  wellKnown: flag(),
};

/** Who is who: certificates, the transparency log, and names. */
export const trustRoutes = {
  trust: route({
    method: 'GET',
    path: '/v1/trust',
    summary: 'Root, authority, own chain, certificates of members as their sessions showed them, revocations',
    input: object({}),
    output: object({
      root: object({ fingerprint: words(), subject: words(), notAfterMs: count() }),
      authority: object({ subject: words(), notAfterMs: count(), founder: words(), logKey: words() }),
      self: object({ chain: list(certificate) }),
      members: list(
        object({ name: words(), nodeId: words(), connected: flag(), certificate: nullable(certificate) }),
      ),
      revocations: object({
        unreadable: count(),
        lists: list(
          object({
            issuer: words(),
            thisUpdateMs: unixMs,
            nextUpdateMs: nullable(unixMs),
            entries: count(),
          }),
        ),
        revoked: list(object({ serial: hex(), atMs: unixMs, reason: count() })),
      }),
    }),
  }),
  'trust-log': route({
    method: 'GET',
    path: '/v1/trust/log',
    summary: "The mesh's transparency log, newest first; each entry is shown to be in it",
    input: object({
      before: optional(count({ minimum: 1 })),
      limit: limit(100),
    }),
    output: object({
      origin: words(),
      key: words(),
      size: count(),
      root: hex(),
      checkpoint: words({ description: 'The signed note' }),
      verified: flag(),
      entries: list(object(entry)),
      next: nextNumber,
    }),
  }),
  'trust-proof': route({
    method: 'GET',
    path: '/v1/trust/log/{index}',
    summary: 'That one entry is in the log, and that the log grew out of an older checkpoint; verified here',
    input: object({
      index: count(),
      since: optional(text({ description: 'A checkpoint that the log signed earlier' })),
    }),
    output: object({
      ...entry,
      hashes: list(hex()),
      size: count(),
      root: hex(),
      checkpoint: words(),
      inclusion: oneOf(['verified']),
      consistency: optional(
        object({ from: count(), size: count(), hashes: list(hex()), verdict: oneOf(['verified']) }),
      ),
    }),
  }),
  names: route({
    method: 'GET',
    path: '/v1/names',
    summary: 'Names of this mesh, each record verified',
    input: object({}),
    output: object({ names: list(object(name)) }),
  }),
  resolve: route({
    method: 'GET',
    path: '/v1/resolve',
    summary: 'What http3://NAME means',
    input: object({ name: text({ maxLength: 512 }) }),
    output: object({ ...name, path: words() }),
  }),
};
