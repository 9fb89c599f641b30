/*
 * Written from the table of routes by `node --conditions=@hypermesh/source packages/client/scripts/write-table.ts`: what a
 * call needs to know of each route, without the schemas, so that a page in a browser stays small. A test compares it.
 */
import type { CalledRoute } from '../request.ts';
import type { RouteId } from '../routes/table.ts';

/** Where each route is. */
// biome-ignore format: one line a route
export const paths: { readonly [Id in RouteId]: CalledRoute } = {
  asset: { method: 'GET', path: '/v1/assets/{asset}' },
  assets: { method: 'GET', path: '/v1/assets', progress: true },
  evidence: { method: 'POST', path: '/v1/evidence' },
  execute: { method: 'POST', path: '/v1/leases/executions' },
  expire: { method: 'POST', path: '/v1/wallet/expirations' },
  explain: { method: 'GET', path: '/v1/packages/{spec}/runners', progress: true },
  'explain-claim': { method: 'GET', path: '/v1/claims/explanation' },
  'extension-audit-verify': { method: 'GET', path: '/v1/extensions-audit/verification' },
  extensions: { method: 'GET', path: '/v1/extensions' },
  final: { method: 'GET', path: '/v1/blocks/{height}/finality', progress: true },
  info: { method: 'GET', path: '/v1/packages/{spec}' },
  install: { method: 'POST', path: '/v1/installations', progress: true },
  inventory: { method: 'GET', path: '/v1/inventory' },
  invitations: { method: 'GET', path: '/v1/invitations' },
  list: { method: 'GET', path: '/v1/installations' },
  'memory-add': { method: 'POST', path: '/v1/memory/bytes/{address}/add' },
  'memory-attach': { method: 'POST', path: '/v1/memory/attachments' },
  'memory-cas': { method: 'POST', path: '/v1/memory/bytes/{address}/swap' },
  'memory-grant': { method: 'POST', path: '/v1/memory/grants', progress: true },
  'memory-lend': { method: 'POST', path: '/v1/memory/regions', progress: true },
  'memory-list': { method: 'GET', path: '/v1/memory' },
  'memory-read': { method: 'GET', path: '/v1/memory/bytes/{address}' },
  'memory-revoke': { method: 'DELETE', path: '/v1/memory/grants/{grant}', progress: true },
  'memory-write': { method: 'PUT', path: '/v1/memory/bytes/{address}' },
  missing: { method: 'POST', path: '/v1/operations/missing' },
  'prepare-lease': { method: 'POST', path: '/v1/leases/prepared' },
  publish: { method: 'POST', path: '/v1/packages', progress: true },
  'register-asset': { method: 'POST', path: '/v1/assets' },
  remove: { method: 'DELETE', path: '/v1/installations/{spec}' },
  run: { method: 'POST', path: '/v1/runs', progress: true },
  scrub: { method: 'POST', path: '/v1/content/scrub', progress: true },
  search: { method: 'GET', path: '/v1/packages' },
  'set-policy': { method: 'PUT', path: '/v1/assets/{asset}/policy', progress: true },
  settle: { method: 'POST', path: '/v1/wallet/settlements', progress: true },
  status: { method: 'GET', path: '/v1/status' },
  submit: { method: 'POST', path: '/v1/operations' },
  transfer: { method: 'POST', path: '/v1/wallet/transfers', progress: true },
  usage: { method: 'GET', path: '/v1/usage' },
  verify: { method: 'GET', path: '/v1/installations/{spec}/verification' },
  versions: { method: 'GET', path: '/v1/packages/{name}/versions' },
  wallet: { method: 'GET', path: '/v1/wallet' },
  why: { method: 'GET', path: '/v1/installations/{spec}/why' },
};
