import {
  type AssetHandler,
  defineExtension,
  type ExtensionContext,
  type JsonObject,
} from '@hypermesh/extension-sdk';
import { type Catalog, createCatalog } from '../catalog.ts';
import { decodePackageRecord } from '../document/record.ts';
import { handlerOf, packageHandlers } from '../install/asset-handlers.ts';
import { type CatalogCapabilities, portsFrom } from './capabilities.ts';
import { catalogOperations } from './operations.ts';

export { type Answer, openAnswer } from './answers.ts';
export {
  type CatalogCapabilities,
  catalogCapabilities,
  type ProofBinding,
  type ProvenOperation,
} from './capabilities.ts';

/** One catalog for each host that has this module loaded: one process may hold several, and modules are kept for good. */
const catalogs = new WeakMap<object, Catalog>();

function openCatalog({ caps }: ExtensionContext): Catalog {
  const catalog = catalogs.get(caps);
  if (catalog === undefined) throw new TypeError('the extension is not loaded');
  return catalog;
}

/** What a handler is asked about: the canonical bytes of a package record. */
function readAsset(asset: JsonObject) {
  const { record } = asset;
  if (!(record instanceof Uint8Array))
    return { ok: false as const, reason: 'record must be the bytes of a package record' };
  const decoded = decodePackageRecord(record);
  if (!decoded.ok) return { ok: false as const, reason: decoded.reason };
  return handlerOf(decoded.record.type).assetOf(decoded.record, decoded.digest);
}

/** Validates and registers packages of its types; nothing is deployed or executed by it. */
const assetHandler: AssetHandler = {
  needs: ['asset:write'],
  actions: {
    validate(asset) {
      const verdict = readAsset(asset);
      return verdict.ok ? { valid: true } : { valid: false, reason: verdict.reason };
    },
    async register(asset, ctx) {
      const verdict = readAsset(asset);
      if (!verdict.ok) return { registered: false, reason: verdict.reason };
      const caps = ctx.caps as unknown as CatalogCapabilities;
      const { id, state } = await caps['asset:write'].register(verdict.asset, { signal: ctx.signal });
      return { registered: true, id, state };
    },
  },
};

/** The catalog as an extension: all authority comes from the capabilities that the host grants. */
export const extension = defineExtension({
  id: 'hypermesh.catalog',
  ops: catalogOperations(openCatalog),
  assets: Object.fromEntries(
    packageHandlers.flatMap(({ types }) => types.map((type) => [type, assetHandler] as const)),
  ),
  onLoad(ctx) {
    const { copies } = ctx.config;
    const ports = portsFrom(ctx.caps as unknown as CatalogCapabilities, ctx.can('vm:execute'));
    catalogs.set(ctx.caps, createCatalog(ports, typeof copies === 'number' ? { copies } : {}));
  },
  onUnload(ctx) {
    catalogs.delete(ctx.caps);
  },
});
