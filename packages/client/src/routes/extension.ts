import { route } from '../table/route.ts';
import { count, flag, list, number, object, oneOf, optional, record, text, words } from '../table/shapes.ts';
import { Type } from '../table/type.ts';

const quota = object({
  quota: oneOf(['cpu', 'memory', 'storage', 'network', 'concurrency', 'calls', 'host-calls', 'deadline']),
  limit: number(),
  unit: words(),
  enforcement: oneOf(['hard', 'reactive', 'advisory'], {
    description: 'hard cannot be passed, reactive is answered after the fact, advisory is held by nobody',
  }),
  by: words({ description: 'Who keeps it' }),
  used: optional(number({ description: 'Of the limit, where that is known' })),
});

const operation = object({
  name: words(),
  summary: optional(words()),
  needs: list(words(), { description: 'Capabilities that it uses' }),
  proof: flag({ description: 'Whether a call has to carry a proof of all four parts' }),
  input: optional(record({ description: 'JSON Schema, as its manifest tells' })),
  output: optional(record({ description: 'JSON Schema, as its manifest tells' })),
});

/** An extension as its operator sees it, in memory or not. */
const extension = object({
  id: words(),
  name: words(),
  version: words(),
  state: oneOf(['active', 'suspended', 'inactive', 'refused'], {
    description: 'inactive: on disk and not to be started; refused: on disk and not what may be started',
  }),
  reason: optional(words({ description: 'Why it is not active' })),
  isBundled: flag({ description: 'Came with the node' }),
  isResting: flag({ description: 'Out of memory until its next call' }),
  canRest: flag(),
  tier: oneOf(['trusted', 'strict', 'unknown']),
  engine: oneOf(['host', 'wasm', 'quickjs', 'none']),
  generation: count(),
  signer: words(),
  certificate: words(),
  asked: object({ required: list(words()), optional: list(words()) }),
  granted: list(words()),
  operations: list(operation),
  assetTypes: list(words()),
  dependencies: list(words()),
  quotas: list(quota),
  calls: object({ running: count(), done: count(), failed: count() }),
  denials: object({
    count: count({ description: 'Since it was loaded' }),
    newest: list(object({ atMs: number(), event: words(), detail: optional(record()) })),
  }),
  loadMs: number({ minimum: 0 }),
  wakeMs: optional(number({ minimum: 0 })),
});

const pin = object({
  signer: words(),
  trusted: flag({ description: "Also into the node's own process" }),
  atMs: number(),
});
const pins = list(pin);

const loadReport = object({
  id: words(),
  version: words(),
  replaces: optional(words({ description: 'The version before' })),
  tier: oneOf(['trusted', 'strict']),
  signer: words(),
  granted: list(words()),
  withheld: list(words(), { description: 'Optional capabilities that it asked for and does not get' }),
  asksAnew: list(words(), { description: 'Capabilities that the version before had not' }),
  operations: list(words()),
  quotas: optional(list(quota)),
  isDryRun: flag(),
  loadMs: optional(number({ minimum: 0 })),
});

const id = text({ maxLength: 128, description: 'Id of an extension' });
const folder = text({ description: 'Absolute path of a signed extension on the machine of the node' });
const capability = text({ maxLength: 64 });
const signer = text({ maxLength: 128 });
const choice = {
  grants: optional(list(capability, { maxItems: 64, description: 'Capabilities that it gets' })),
  trusted: optional(flag({ description: "Lets it run in the node's own process, where nothing holds it" })),
  dryRun: optional(flag({ description: 'Only says what it would get' })),
};

/** The extensions of this node. */
export const extensionRoutes = {
  extensions: route({
    method: 'GET',
    path: '/v1/extensions',
    summary:
      'Extensions in memory and on disk, with their operations, quotas and grants, and whom this node lets in',
    input: object({}),
    output: object({ extensions: list(extension), pins }),
  }),
  'extension-info': route({
    method: 'GET',
    path: '/v1/extensions/{id}',
    summary: 'One extension',
    input: object({ id }),
    output: extension,
  }),
  'extension-load': route({
    method: 'POST',
    path: '/v1/extensions',
    summary: 'Verify a signed folder, copy it, and start it, now and after each restart',
    input: object({ folder, ...choice }),
    output: loadReport,
  }),
  'extension-reload': route({
    method: 'POST',
    path: '/v1/extensions/{id}/reload',
    summary: 'Put a new version in the place of one that runs, with its state and without losing a call',
    input: object({ id, folder: optional(folder), ...choice }),
    output: loadReport,
  }),
  'extension-unload': route({
    method: 'DELETE',
    path: '/v1/extensions/{id}',
    summary: 'End an extension, and forget it with all that it stored',
    input: object({ id }),
    output: object({ id: words() }),
  }),
  'extension-activate': route({
    method: 'POST',
    path: '/v1/extensions/{id}/activate',
    summary: 'Let an extension run again',
    input: object({ id }),
    output: extension,
  }),
  'extension-deactivate': route({
    method: 'POST',
    path: '/v1/extensions/{id}/deactivate',
    summary: 'Keep an extension from running, now and after a restart',
    input: object({ id }),
    output: extension,
  }),
  'extension-grant': route({
    method: 'PUT',
    path: '/v1/extensions/{id}/grants/{capability}',
    summary: 'Give an extension a capability that it asks for',
    input: object({ id, capability }),
    output: extension,
  }),
  'extension-revoke': route({
    method: 'DELETE',
    path: '/v1/extensions/{id}/grants/{capability}',
    summary: 'Take a capability away at once; an extension that cannot do without it stops',
    input: object({ id, capability }),
    output: extension,
  }),
  'extension-call': route({
    method: 'POST',
    path: '/v1/extensions/{id}/call/{method}',
    summary: 'Call an operation of an extension',
    description:
      'Each operation of what is loaded stands in this document by its own path, with its schemas.',
    input: object({ id, method: text({ maxLength: 330 }), input: optional(Type.Unknown()) }),
    output: object({ result: Type.Unknown() }),
    progress: true,
  }),
  'extension-pin': route({
    method: 'PUT',
    path: '/v1/extension-signers/{signer}',
    summary: 'Let in what a signer signed, from now on; nothing is pinned by itself',
    input: object({ signer, trusted: optional(flag({ description: "Also into the node's own process" })) }),
    output: object({ pins }),
  }),
  'extension-unpin': route({
    method: 'DELETE',
    path: '/v1/extension-signers/{signer}',
    summary: 'Let a signer in no more, and stop what runs of it',
    input: object({ signer }),
    output: object({ pins, stopped: list(words()) }),
  }),
  'extension-sign': route({
    method: 'POST',
    path: '/v1/extension-signatures',
    summary: 'Sign a folder as this node, into a new folder',
    input: object({ folder, out: text({ description: 'Absolute path of a folder that is not there yet' }) }),
    output: object({ id: words(), version: words(), folder: words(), signer: words() }),
  }),
  'extension-audit-verify': route({
    method: 'GET',
    path: '/v1/extensions-audit/verification',
    summary: 'Whether the audit log is what was written, with its newest records',
    input: object({ id: optional(id), limit: optional(count({ maximum: 500 })) }),
    output: object({
      directory: words(),
      intact: flag(),
      records: count(),
      unsigned: count(),
      fault: optional(words()),
      line: optional(count()),
      newest: list(
        object({
          seq: count(),
          atMs: number(),
          event: words(),
          extension: words(),
          detail: record(),
          hash: words(),
        }),
      ),
    }),
    heavy: true,
  }),
};
