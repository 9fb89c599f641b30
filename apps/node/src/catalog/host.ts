import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CatalogCapabilities } from '@hypermesh/catalog/extension';
import {
  decodeRecord,
  domainMessage,
  encodeRecord,
  type Log,
  record,
  s,
  sha256,
  toHex,
  utf8,
} from '@hypermesh/core';
import { systemClock } from '@hypermesh/core/node';
import {
  type Capability,
  type CapabilityFactory,
  type ConsensusPort,
  createExtensionHost,
  type ExtensionHost,
  memoryAudit,
} from '@hypermesh/extension-sdk/host';
import {
  type PackageFiles,
  readPackage,
  signPackage,
  type TrustVerifier,
} from '@hypermesh/extension-sdk/sign';
import { suiteFor } from '@hypermesh/trustchain/suite';
import { NodeError } from '../errors.ts';
import type { NodeKeys } from '../identity.ts';

const extensionId = 'hypermesh.catalog';
const algorithm = 'FALCON-1024';
const domain = 'hypermesh/node/extension-signature/v1';
const signatureSchema = record({
  ed25519: s.bytes({ length: 64 }),
  falcon1024: s.bytes({ max: 2048 }),
});

/** Ceilings of the catalog on this node: an installation moves gigabytes and asks its host for each step. */
const limits = {
  cpuBp: 20_000,
  memoryBytes: 4 * 2 ** 30,
  storageBytes: 2 ** 40,
  networkBps: 10_000_000_000,
  hostCalls: 1_000_000,
  deadlineMs: 3_600_000,
};

/** The folder of the catalog's extension as it is built: the same place beside sources and in the published package. */
function builtFolder(): string {
  return fileURLToPath(new URL('../dist/hypermesh.catalog', import.meta.resolve('@hypermesh/catalog')));
}

/**
 * Opens a host with the catalog loaded in it. The node signs the bundle with its own artifact keys into `folder`, once for
 * each bundle; what is loaded are the bytes that were verified from there, in the tier `trusted`, by the pinned signer alone.
 */
export async function openCatalogHost(parts: {
  readonly folder: string;
  readonly keys: NodeKeys;
  readonly fingerprint: string;
  readonly capabilities: Partial<CatalogCapabilities>;
  /** What the operator sets beside the defaults of the bundle. */
  readonly configuration: { readonly copies: number };
  readonly consensus: ConsensusPort;
  readonly log: Log;
}): Promise<ExtensionHost> {
  const { folder, keys, fingerprint, capabilities, configuration, consensus, log } = parts;
  const signer = nodeSigner(keys, fingerprint);
  const factories = Object.entries(capabilities).map(([name, object]): [string, CapabilityFactory] => [
    name,
    { create: () => object as object },
  ]);
  const names = factories.map(([name]) => name as Capability);
  const host = createExtensionHost({
    trust: signer.trust,
    policy: {
      pinned: [signer.id],
      grants: [{ extension: extensionId, capabilities: names }],
      callers: [{ client: '*', method: 'catalog.*' }],
      rate: { perSecond: 200, burst: 400 },
      limits,
    },
    audit: memoryAudit(systemClock),
    clock: systemClock,
    capabilities: Object.fromEntries(factories) as Partial<Record<Capability, CapabilityFactory>>,
    configuration: { [extensionId]: configuration },
    consensus,
    provides: { hypermesh: '1.0.0', 'stoq-transport': '1.0.0', trustchain: '1.0.0' },
    log,
  });
  const files = await signedFiles(folder, signer);
  const [outcome] = await host.load([{ files, origin: folder }]);
  if (outcome?.ok === true) return host;
  await host[Symbol.asyncDispose]();
  const reason = outcome === undefined ? 'nothing was loaded' : `${outcome.code}: ${outcome.detail}`;
  throw new NodeError(
    {
      code: 'node/damaged-file',
      file: folder,
      reason,
      next: `delete ${folder}; the next start signs it anew`,
    },
    `The catalog cannot be loaded: ${reason}`,
  );
}

/** The signed bundle of this node, made anew where the built one has changed since. */
async function signedFiles(folder: string, signer: ReturnType<typeof nodeSigner>): Promise<PackageFiles> {
  const files = builtFiles(signer.certificateFingerprint);
  const held = await readPackage(folder);
  const isCurrent =
    held.ok && [...files].every(([path, bytes]) => held.files.get(path)?.toString() === bytes.toString());
  if (held.ok && isCurrent) return held.files;
  const signed = await signPackage(files, signer);
  if (!signed.ok) throw new TypeError(`the built catalog cannot be signed: ${signed.reason.detail}`);
  const fresh = `${folder}.${process.pid}`;
  rmSync(fresh, { recursive: true, force: true });
  for (const [path, bytes] of signed.files) {
    mkdirSync(dirname(join(fresh, path)), { recursive: true, mode: 0o700 });
    writeFileSync(join(fresh, path), bytes);
  }
  rmSync(folder, { recursive: true, force: true });
  renameSync(fresh, folder);
  return signed.files;
}

/** The built bundle, its manifest naming the certificate of the signer. */
function builtFiles(fingerprint: string): Map<string, Uint8Array> {
  const folder = builtFolder();
  const files = new Map<string, Uint8Array>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) files.set(path.slice(folder.length + 1).replaceAll('\\', '/'), readFileSync(path));
  }
  const manifest = JSON.parse(Buffer.from(files.get('manifest.json') ?? []).toString('utf8')) as {
    security: { certificate_fingerprint: string };
  };
  manifest.security.certificate_fingerprint = fingerprint;
  return files.set('manifest.json', utf8(`${JSON.stringify(manifest, null, 2)}\n`));
}

/** Signs with the node's Ed25519 and Falcon keys, and believes what is signed with exactly these. */
function nodeSigner({ ed25519, falcon }: NodeKeys, certificateFingerprint: string) {
  const suites = { ed25519: suiteFor('ed25519'), falcon: suiteFor('falcon-1024-r3') };
  const id = toHex(sha256(ed25519.publicKey, falcon.publicKey));
  const trust: TrustVerifier = {
    async verify({ message, signature, algorithm: named }) {
      if (named !== algorithm) return { ok: false, reason: 'unsupported-algorithm' };
      const decoded = decodeRecord(signatureSchema, signature);
      if (!decoded.ok) return { ok: false, reason: 'malformed' };
      const bound = domainMessage(domain, message);
      const [one, two] = await Promise.all([
        suites.ed25519.verify(decoded.value.ed25519, bound, ed25519.publicKey),
        suites.falcon.verify(decoded.value.falcon1024, bound, falcon.publicKey),
      ]);
      return one && two
        ? { ok: true, signer: id, certificateFingerprint }
        : { ok: false, reason: 'bad-signature' };
    },
  };
  return {
    id,
    algorithm,
    certificateFingerprint,
    trust,
    async sign(message: Uint8Array) {
      const bound = domainMessage(domain, message);
      return encodeRecord(signatureSchema, {
        ed25519: await suites.ed25519.sign(bound, ed25519.secretKey),
        falcon1024: await suites.falcon.sign(bound, falcon.secretKey),
      });
    },
  };
}
