import { route } from '../table/route.ts';
import { count, flag, list, object, oneOf, optional, words } from '../table/shapes.ts';
import { Type } from '../table/type.ts';

/** What a host says of a loaded extension. */
export const loadedExtension = object({
  id: words(),
  name: words(),
  version: words(),
  state: oneOf(['discovered', 'verified', 'resolved', 'loaded', 'active', 'suspended', 'unloaded', 'failed']),
  reason: optional(words()),
  tier: oneOf(['trusted', 'strict']),
  engine: oneOf(['host', 'wasm', 'quickjs']),
  generation: count(),
  signer: object({ signer: words(), certificateFingerprint: words() }),
  granted: list(words()),
  methods: list(words()),
  assetTypes: list(words()),
  dependencies: list(words()),
  quotas: list(
    object({
      quota: words(),
      limit: Type.Number(),
      unit: words(),
      enforcement: oneOf(['hard', 'reactive', 'advisory']),
      by: words(),
      used: optional(Type.Number()),
    }),
  ),
  calls: object({ running: count(), done: count(), failed: count() }),
  loadMs: Type.Number({ minimum: 0 }),
});

/** An extension that is on disk and was not loaded. */
export const refusedExtension = object({
  ok: Type.Literal(false),
  id: words(),
  code: words(),
  detail: words(),
  path: optional(words()),
  cycle: optional(list(words())),
});

/** The extensions of this node. */
export const extensionRoutes = {
  extensions: route({
    method: 'GET',
    path: '/v1/extensions',
    summary: 'Extensions on this node: loaded ones with their quotas, and those that were refused',
    input: object({}),
    output: object({ loaded: list(loadedExtension), refused: list(refusedExtension) }),
  }),
  'extension-audit-verify': route({
    method: 'GET',
    path: '/v1/extensions-audit/verification',
    summary: 'Whether the audit log is what was written, from its first record to the newest',
    input: object({}),
    output: object({
      directory: words(),
      intact: flag(),
      records: count(),
      unsigned: count(),
      fault: optional(words()),
      line: optional(count()),
    }),
  }),
};
