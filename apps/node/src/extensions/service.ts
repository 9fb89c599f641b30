import { readdirSync } from 'node:fs';
import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, type Log, type Metrics, sha256, toHex } from '@hypermesh/core';
import { createSigner, verify } from '@hypermesh/core/ed25519';
import type { JsonObject } from '@hypermesh/extension-sdk';
import {
  type AuditRecord,
  type AuditSigner,
  type Capability,
  type CapabilityFactory,
  type ConsensusPort,
  createExtensionHost,
  type ExtensionHost,
  type ExtensionInfo,
  type ExtensionPackage,
  type ExtensionRequest,
  type ExtensionResponse,
  openAuditLog,
  verifyAuditFolder,
} from '@hypermesh/extension-sdk/host';
import { MANIFEST_MAX_BYTES, type Manifest, parseManifest } from '@hypermesh/extension-sdk/manifest';
import {
  parseSignatureFile,
  readPackage,
  SIGNATURE_FILE,
  statementBytes,
} from '@hypermesh/extension-sdk/sign';
import { openQuickJs } from '@hypermesh/metered-wasm/quickjs';
import { engineCache } from '../adapters/engine-cache.ts';
import {
  acceptedTrust,
  extensionSigner,
  extensionTrust,
  revocationsIn,
} from '../adapters/extension-trust.ts';
import type { RouteEntry } from '../api/methods/method.ts';
import type { DataDirectory } from '../data-directory.ts';
import { signerIdOf } from '../identity.ts';
import type { Phase2 } from '../phases.ts';
import { type Bundled, bundled, refreshBundled } from './bundled.ts';
import { Decisions, type Pin } from './decisions.ts';
import { operationRoutes } from './operation-routes.ts';
import { Operator } from './operator.ts';
import { nodeFactories, nodePolicy } from './policy.ts';
import { inWords, type RefusedExtension, refusalOf } from './refusals.ts';
import { Shelf } from './shelf.ts';
import { type SignReport, signFolder } from './signing.ts';
import { extensionStore } from './store.ts';
import { type ExtensionView, viewOf, viewOnDisk } from './view.ts';

/** What a node says of its extensions in short. */
export interface ExtensionsStatus {
  readonly loaded: readonly ExtensionInfo[];
  readonly refused: readonly RefusedExtension[];
  /** On disk, and kept from running by the operator. */
  readonly inactive: readonly { readonly id: string; readonly version?: string }[];
}

/** Something about an extension changed. */
export interface ExtensionChange {
  /** Empty where it is about a signer. */
  readonly id: string;
  readonly event: string;
  readonly state?: string;
  readonly reason?: string;
  /** The capability or the signer that it is about. */
  readonly about?: string;
}

/** The extensions of a node. Methods of one that was refused answer so; everything else goes on. */
export interface Extensions extends AsyncDisposable {
  readonly host: ExtensionHost;
  /** What the operator does with them. */
  readonly operator: Operator;
  readonly pins: readonly Pin[];
  /** Answers a request; never rejects. */
  handle(request: ExtensionRequest): Promise<ExtensionResponse>;
  asset(type: string, action: string, request: Omit<ExtensionRequest, 'method'>): Promise<ExtensionResponse>;
  describe(): ExtensionsStatus;
  /** Every one in memory or on disk, by id. */
  views(): Promise<readonly ExtensionView[]>;
  /** Signs a folder as this node. */
  sign(folder: string, out: string): Promise<SignReport>;
  /** Whether the audit log is what was written, with its newest records, of one extension where that is named. */
  verifyAudit(newest?: { readonly id?: string | undefined; readonly limit: number }): AuditReport;
  /** Routes of the operations of what is loaded: the same list again while nothing changed. */
  routes(): readonly RouteEntry[];
}

/** What the check of the audit log found. */
export interface AuditReport {
  readonly directory: string;
  readonly intact: boolean;
  readonly records: number;
  /** Records of the last moment, which the signed head does not cover yet. */
  readonly unsigned: number;
  readonly fault?: string;
  readonly line?: number;
  /** The newest first. */
  readonly newest: readonly AuditRecord[];
}

/** How often it is asked whether the signers of loaded extensions are still believed. */
const recheckMs = 60_000;

/**
 * Loads the extensions of a data directory from their verified bytes: those that come with the node, which get the
 * capabilities that are handed in and run in this process, signed by its own keys, and those that the operator loaded
 * and did not deactivate. One that is refused stands in `describe` and in the log, and nothing else is different.
 */
export async function openExtensions(
  directory: DataDirectory,
  phase: Phase2,
  parts: {
    readonly capabilities: Readonly<Partial<Record<Capability, object>>>;
    /** What others than the bundled ones can be granted, beside a store of their own. */
    readonly offers?: Readonly<Partial<Record<Capability, CapabilityFactory>>>;
    readonly consensus: ConsensusPort;
    /** What this node sets of the configuration of extensions, by their ids. */
    readonly configuration?: Readonly<Record<string, JsonObject>>;
    readonly clock: Clock;
    readonly log: Log;
    readonly metrics?: Metrics;
    readonly from?: readonly Bundled[];
    /** Told of each change. */
    tell?(change: ExtensionChange): void;
  },
): Promise<Extensions> {
  const { capabilities, consensus, configuration = {}, clock, log, from = bundled, tell } = parts;
  const { keys, pinnedRoot, facts, credentials, config } = phase;
  const self = signerIdOf(keys);
  const revocations = () => revocationsIn(directory.revocations);
  const now = extensionTrust({ pinnedRoot, facts, clock, revocations });
  const atSigning = extensionTrust({ pinnedRoot, facts, clock, at: 'signing' });
  const signer = () => extensionSigner(keys, credentials.current().chain, clock);
  await refreshBundled(directory, { signer: signer(), self, now, atSigning, log, from });

  await using cleanup = new AsyncDisposableStack();
  const auditSigner = auditSignerOf(keys.ed25519.secretKey);
  const audit = cleanup.use(openAuditLog(directory.audit, { signer: auditSigner, clock, log }));
  const decisions = new Decisions(directory.extensionDecisions, log);
  const shelf = new Shelf(directory.extensionPackages);
  const store = extensionStore(directory.extensionData);
  const offers = { ...parts.offers, 'storage:read': store.read, 'storage:write': store.write };
  const offered = new Set(Object.keys(offers) as Capability[]);
  const names = Object.keys(capabilities) as Capability[];
  const own = new Set(from.map(({ id }) => id));
  const accepted = new Set<string>();
  const refused = new Map<string, RefusedExtension>();
  const quickjs = cleanup.use(openQuickJs({ workers: 8, cache: engineCache(directory.engines) }));
  const host = cleanup.use(
    createExtensionHost({
      trust: acceptedTrust(
        now,
        extensionTrust({ pinnedRoot, facts, clock, revocations, at: 'signing' }),
        (message) => accepted.has(toHex(sha256(message))),
      ),
      policy: nodePolicy({ self, bundled: own, capabilities: names, offered, decisions }),
      audit,
      clock,
      log,
      ...(parts.metrics === undefined ? {} : { metrics: parts.metrics }),
      capabilities: nodeFactories({ bundled: own, objects: capabilities, offers }),
      consensus,
      configuration,
      restAfterMs: config.extensionIdleMs,
      engines: { quickjs },
      provides: { hypermesh: '1.0.0', 'stoq-transport': '1.0.0', trustchain: '1.0.0' },
    }),
  );
  let routes: readonly RouteEntry[] | undefined;
  const stopListening = host.on(({ extension: id, event, to: state, reason }) => {
    routes = undefined;
    tell?.({ id, event, state, ...(reason === undefined ? {} : { reason }) });
  });
  cleanup.defer(stopListening);
  const operator = new Operator({
    host,
    decisions,
    shelf,
    trust: now,
    bundled: own,
    offered,
    self,
    refused,
    clock,
    log,
    readBundled: (id) => readPackage(join(directory.extensions, id)),
    accept(name, files) {
      const signature = files.get(SIGNATURE_FILE);
      const parsed = signature === undefined ? undefined : parseSignatureFile(signature);
      if (parsed?.ok !== true || shelf.nameOf(name.split('@')[0] ?? '', files) !== name) return;
      accepted.add(toHex(sha256(statementBytes(parsed.statement))));
    },
    forget: (id) => store.forget(id),
    tell: (id, event, about) => tell?.({ id, event, ...(about === undefined ? {} : { about }) }),
  });
  await operator
    .forgetUnloaded()
    .catch((error: unknown) => log.warn('extension.store-not-forgotten', { message: String(error) }));
  const found = await atStart({ directory, from, decisions, shelf, operator });
  for (const each of found.refused) refused.set(each.id, each);
  for (const outcome of await host.load(found.packages)) {
    if (outcome.ok) log.info('extension.loaded', { extension: outcome.id, version: outcome.info.version });
    else refused.set(outcome.id, outcome);
  }
  for (const outcome of refused.values()) {
    log.error('extension.refused', { ...outcome, extension: outcome.id });
    tell?.({ id: outcome.id, event: 'refuse', state: 'refused', reason: inWords(outcome) });
  }
  cleanup.defer(keepRechecking(host, clock, log));
  const owned = cleanup.move();
  const inactive = () => [
    ...[...decisions.bundled.values()].filter(
      ({ id, active }) => own.has(id) && !active && host.get(id) === undefined,
    ),
    ...[...decisions.loaded.values()].filter(({ id, active }) => !active && host.get(id) === undefined),
  ];
  const extensions: Extensions = {
    host,
    operator,
    get pins() {
      return [...decisions.pins.values()];
    },
    async handle(request) {
      const answer = await host.handle(request);
      if (answer.status !== 'method_not_found') return answer;
      const [family] = request.method.split('.');
      const isIts = ({ id }: { readonly id: string }) => id.split('.').at(-1) === family;
      const off = inactive().find(isIts);
      if (off !== undefined)
        return { status: 'failed', code: 'inactive', detail: `${off.id} is deactivated` };
      const missing = [...refused.values()].find(isIts);
      if (missing === undefined) return answer;
      const where = missing.path === undefined ? '' : ` (${missing.path})`;
      return {
        status: 'failed',
        code: 'refused',
        detail: `${missing.id} is not loaded: ${missing.code}${where}`,
      };
    },
    asset: (type, action, request) => host.asset(type, action, request),
    describe: () => ({ loaded: host.list(), refused: [...refused.values()], inactive: inactive() }),
    async views() {
      const views = host.list().map((info) => viewOf(info, own.has(info.id)));
      const known = new Set(views.map(({ id }) => id));
      const onDisk = new Map<string, string>(inactive().map(({ id }) => [id, 'deactivated by the operator']));
      for (const each of refused.values()) if (!known.has(each.id)) onDisk.set(each.id, inWords(each));
      for (const [id, reason] of onDisk) {
        const decision = decisions.loaded.get(id);
        const manifest = await manifestIn(
          decision === undefined ? join(directory.extensions, id) : shelf.folderOf(decision.package),
        );
        views.push(
          viewOnDisk(id, {
            state: refused.has(id) ? 'refused' : 'inactive',
            reason,
            isBundled: own.has(id),
            version: decision?.version ?? manifest?.version ?? '',
            signer: decision?.signer ?? '',
            granted: decision?.grants ?? [],
            manifest,
          }),
        );
      }
      return views.sort((a, b) => (a.id < b.id ? -1 : 1));
    },
    routes: () => (routes ??= operationRoutes(() => extensions, host.list())),
    sign: (folder, out) => signFolder({ folder, out }, { signer: signer(), self }),
    verifyAudit(newest = { limit: 0 }) {
      audit.flush();
      return auditReport(directory.audit, auditSigner, newest);
    },
    async [Symbol.asyncDispose]() {
      await owned.disposeAsync();
      await operator.settled();
    },
  };
  return extensions;
}

/** What is to be loaded when a node starts, and what of it may not be; sweeps away what a crash left. */
async function atStart(parts: {
  readonly directory: DataDirectory;
  readonly from: readonly Bundled[];
  readonly decisions: Decisions;
  readonly shelf: Shelf;
  readonly operator: Operator;
}): Promise<{
  readonly packages: readonly ExtensionPackage[];
  readonly refused: readonly RefusedExtension[];
}> {
  const { directory, from, decisions, shelf, operator } = parts;
  const packages: ExtensionPackage[] = [];
  const refused: RefusedExtension[] = [];
  for (const { id } of from) {
    if (decisions.bundled.get(id)?.active === false) continue;
    const read = await readPackage(join(directory.extensions, id));
    if (read.ok) packages.push({ files: read.files, origin: id });
    else if (read.reason.path !== '') refused.push(refusalOf(id, read.reason));
  }
  const own = new Set(from.map(({ id }) => id));
  for (const id of foldersIn(directory.extensions)) {
    const detail = `only what comes with the node is loaded from here: hypermesh extension load ${join(directory.extensions, id)}`;
    if (!own.has(id)) refused.push(refusalOf(id, { code: 'not-loaded', detail }));
  }
  for (const { id, active, package: name, signer } of decisions.loaded.values()) {
    if (!active) continue;
    const read = await shelf.read(name);
    if (operator.standing(signer) === undefined)
      refused.push(refusalOf(id, { code: 'not-pinned', detail: `its signer ${signer} is not pinned` }));
    else if (read.ok) packages.push(operator.package(name, read.files));
    else refused.push(refusalOf(id, read.reason));
  }
  // Where nobody knows what was decided, nothing is swept away.
  if (!decisions.isDamaged) shelf.sweep(new Set([...decisions.loaded.values()].map((each) => each.package)));
  return { packages, refused };
}

/** What a package on disk says of itself, for people: nothing of it is verified. Undefined where it cannot be read. */
async function manifestIn(folder: string): Promise<Manifest | undefined> {
  const file = join(folder, 'manifest.json');
  const found = await lstat(file).catch(() => undefined);
  if (found?.isFile() !== true || found.size > MANIFEST_MAX_BYTES) return undefined;
  const parsed = parseManifest(await readFile(file).catch(() => new Uint8Array()));
  return parsed.ok ? parsed.manifest : undefined;
}

function foldersIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function auditSignerOf(secretKey: Uint8Array): AuditSigner {
  const own = createSigner(secretKey);
  return { sign: own.sign, verify: (message, signature) => verify(signature, message, own.publicKey) };
}

function auditReport(
  directory: string,
  signer: AuditSigner,
  { id, limit }: { readonly id?: string | undefined; readonly limit: number },
): AuditReport {
  const verdict = verifyAuditFolder(directory, signer);
  if (verdict.ok) {
    const { records, unsigned } = verdict;
    const wanted = id === undefined ? records : records.filter(({ extension }) => extension === id);
    const newest = limit === 0 ? [] : wanted.slice(-limit).reverse();
    return { directory, intact: true, records: records.length, unsigned, newest };
  }
  const { fault, line } = verdict.reason;
  return { directory, intact: false, records: 0, unsigned: 0, fault, line, newest: [] };
}

/** Suspends what a revoked signer signed, within a minute. */
function keepRechecking(host: ExtensionHost, clock: Clock, log: Log): () => void {
  let cancel: () => void = () => undefined;
  let isOver = false;
  const plan = () => {
    cancel = clock.schedule(recheckMs, () => {
      host.recheck().then(
        (suspended) => {
          for (const extension of suspended) log.error('extension.suspended', { extension });
          if (!isOver) plan();
        },
        (error: unknown) => {
          log.warn('extension.not-rechecked', { message: String(error) });
          if (!isOver) plan();
        },
      );
    });
  };
  plan();
  return () => {
    isOver = true;
    cancel();
  };
}
