import type { Clock, Log } from '@hypermesh/core';
import { createSigner, verify } from '@hypermesh/core/ed25519';
import type { JsonObject } from '@hypermesh/extension-sdk';
import {
  type AuditSigner,
  type Capability,
  type CapabilityFactory,
  type ConsensusPort,
  createExtensionHost,
  type ExtensionHost,
  type ExtensionInfo,
  type ExtensionRequest,
  type ExtensionResponse,
  type LoadOutcome,
  openAuditLog,
  verifyAuditFolder,
} from '@hypermesh/extension-sdk/host';
import { extensionSigner, extensionTrust, revocationsIn } from '../adapters/extension-trust.ts';
import type { RouteEntry } from '../api/methods/method.ts';
import type { DataDirectory } from '../data-directory.ts';
import { signerIdOf } from '../identity.ts';
import type { Phase2 } from '../phases.ts';
import { type Bundled, bundled, refreshBundled } from './bundled.ts';

/** An extension that is on disk and was not loaded. */
export type RefusedExtension = LoadOutcome & { readonly ok: false };

/** What a node says of its extensions. */
export interface ExtensionsStatus {
  readonly loaded: readonly ExtensionInfo[];
  readonly refused: readonly RefusedExtension[];
}

/** The extensions of a node. Methods of one that was refused answer so; everything else goes on. */
export interface Extensions extends AsyncDisposable {
  readonly host: ExtensionHost;
  /** Answers a request; never rejects. */
  handle(request: ExtensionRequest): Promise<ExtensionResponse>;
  asset(type: string, action: string, request: Omit<ExtensionRequest, 'method'>): Promise<ExtensionResponse>;
  describe(): ExtensionsStatus;
  /** Routes of the operations of what is loaded: the same list again while nothing changed. */
  routes?(): readonly RouteEntry[];
  /** Whether the audit log is what was written, from its first record to the newest. */
  verifyAudit(): AuditReport;
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
}

/** How often it is asked whether the signers of loaded extensions are still believed. */
const recheckMs = 60_000;

/** Ceilings: an installation moves gigabytes and asks its host for each step. */
const limits = {
  cpuBp: 20_000,
  memoryBytes: 4 * 2 ** 30,
  storageBytes: 2 ** 40,
  networkBps: 10_000_000_000,
  concurrency: 1_000,
  callsPerSecond: 10_000,
  hostCalls: 1_000_000,
  deadlineMs: 3_600_000,
};

/**
 * Loads the extensions of a data directory from their verified bytes. The bundled ones get the capabilities that are
 * handed in and run in this process, signed by this node's own keys; others are held in the strict sandbox, with
 * nothing but what they compute. One that is refused stands in `describe` and in the log, and nothing else is different.
 */
export async function openExtensions(
  directory: DataDirectory,
  phase: Phase2,
  parts: {
    readonly capabilities: Readonly<Partial<Record<Capability, object>>>;
    readonly consensus: ConsensusPort;
    /** What this node sets of the configuration of extensions, by their ids. */
    readonly configuration?: Readonly<Record<string, JsonObject>>;
    readonly clock: Clock;
    readonly log: Log;
    readonly from?: readonly Bundled[];
  },
): Promise<Extensions> {
  const { capabilities, consensus, configuration = {}, clock, log, from = bundled } = parts;
  const { keys, pinnedRoot, facts, credentials } = phase;
  const self = signerIdOf(keys);
  const revocations = () => revocationsIn(directory.revocations);
  const now = extensionTrust({ pinnedRoot, facts, clock, revocations });
  const atSigning = extensionTrust({ pinnedRoot, facts, clock, at: 'signing' });
  const signer = extensionSigner(keys, credentials.current().chain, clock);
  await refreshBundled(directory, { signer, self, now, atSigning, log, from });

  await using cleanup = new AsyncDisposableStack();
  const auditSigner = auditSignerOf(keys.ed25519.secretKey);
  const audit = cleanup.use(openAuditLog(directory.audit, { signer: auditSigner, clock, log }));
  const names = Object.keys(capabilities) as Capability[];
  const host = cleanup.use(
    createExtensionHost({
      trust: now,
      policy: {
        pinned: [self],
        grants: from.map(({ id }) => ({ extension: id, signer: self, capabilities: names })),
        callers: [{ client: '*', method: '*' }],
        rate: { perSecond: 1_000, burst: 2_000 },
        limits,
      },
      audit,
      clock,
      log,
      capabilities: factoriesOf(capabilities),
      consensus,
      configuration,
      provides: { hypermesh: '1.0.0', 'stoq-transport': '1.0.0', trustchain: '1.0.0' },
    }),
  );
  const outcomes = await host.discover(directory.extensions);
  for (const outcome of outcomes) {
    if (outcome.ok) log.info('extension.loaded', { extension: outcome.id, version: outcome.info.version });
    else log.error('extension.refused', { ...outcome, extension: outcome.id });
  }
  const refused = outcomes.filter((outcome) => !outcome.ok);
  cleanup.defer(keepRechecking(host, clock, log));
  const owned = cleanup.move();
  return {
    host,
    async handle(request) {
      const answer = await host.handle(request);
      if (answer.status !== 'method_not_found') return answer;
      const [family] = request.method.split('.');
      const own = refused.find(({ id }) => id.split('.').at(-1) === family);
      if (own === undefined) return answer;
      const where = own.path === undefined ? '' : ` (${own.path})`;
      return { status: 'failed', code: 'refused', detail: `${own.id} is not loaded: ${own.code}${where}` };
    },
    asset: (type, action, request) => host.asset(type, action, request),
    describe: () => ({ loaded: host.list(), refused }),
    verifyAudit() {
      audit.flush();
      return auditReport(directory.audit, auditSigner);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function auditSignerOf(secretKey: Uint8Array): AuditSigner {
  const own = createSigner(secretKey);
  return { sign: own.sign, verify: (message, signature) => verify(signature, message, own.publicKey) };
}

function auditReport(directory: string, signer: AuditSigner): AuditReport {
  const verdict = verifyAuditFolder(directory, signer);
  if (verdict.ok)
    return { directory, intact: true, records: verdict.records.length, unsigned: verdict.unsigned };
  const { fault, line } = verdict.reason;
  return { directory, intact: false, records: 0, unsigned: 0, fault, line };
}

function factoriesOf(
  objects: Readonly<Partial<Record<Capability, object>>>,
): Readonly<Partial<Record<Capability, CapabilityFactory>>> {
  return Object.fromEntries(
    Object.entries(objects).map(([name, object]) => [name, { create: () => object }]),
  );
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
