import {
  CatalogError,
  type CatalogEvent,
  type Draft,
  describeEvent,
  type InstalledPackage,
  type InstallPlan,
  type InstallResult,
  type PackageInfo,
  type PackageOnNode,
  type PublishResult,
  type Release,
  type SearchHit,
  type SearchQuery,
  type VerifyReport,
} from '@hypermesh/catalog';
import { type Answer, openAnswer } from '@hypermesh/catalog/extension';
import { encodeTransaction } from '@hypermesh/consensus';
import type { CanonicalValue } from '@hypermesh/core';
import type { ExtensionRequest, ExtensionResponse } from '@hypermesh/extension-sdk/host';
import { NodeError } from '../errors.ts';
import type { ProvenOperation } from '../ledger/operations.ts';
import type { LedgerService } from '../ledger/service.ts';
import { createMovement, type Moved, type Tell } from '../movement.ts';
import type { Packages } from './packages.ts';

/** How an operation came to be proven, beside what the catalog tells of it. */
export interface Proven {
  readonly provingMs: number;
}

/** What an installation may be told. */
export interface InstallChoice {
  /** Text of the lock file to keep to. */
  readonly lock?: string;
  readonly frozen?: boolean;
}

/** The catalog of this node, as it is loaded through the extension host: every call goes through there. */
export interface CatalogService extends Packages {
  publish(source: string, tell: Tell, signal: AbortSignal): Promise<PublishResult & Proven>;
  install(
    specs: readonly string[],
    choice: InstallChoice,
    tell: Tell,
    signal: AbortSignal,
  ): Promise<InstallResult & Proven>;
  /** Solves and verifies, and installs nothing. */
  plan(
    specs: readonly string[],
    choice: InstallChoice,
    tell: Tell,
    signal: AbortSignal,
  ): Promise<InstallPlan>;
  /** Goes on with installations that an earlier process did not finish. */
  resume(tell: Tell, signal: AbortSignal): Promise<readonly InstallResult[]>;
  search(query: SearchQuery, signal: AbortSignal): Promise<readonly SearchHit[]>;
  info(spec: string, signal: AbortSignal): Promise<PackageInfo>;
  versions(name: string, signal: AbortSignal): Promise<readonly string[]>;
  installed(signal: AbortSignal): Promise<readonly InstalledPackage[]>;
  why(spec: string, signal: AbortSignal): Promise<readonly (readonly string[])[]>;
  verify(spec: string, deep: boolean, signal: AbortSignal): Promise<VerifyReport>;
  remove(spec: string, signal: AbortSignal): Promise<InstalledPackage>;
}

/** Who asks, in the host's records: the operator by the control socket, and this node's own runs. */
const client = 'control';
/** How often an operation is proven again because its draft or its number went stale meanwhile. */
const mostAttempts = 4;

/** The catalog over an extension host that has it loaded. What it orders is proven here, in this node's turn. */
export function createCatalogService(parts: {
  readonly host: { handle(request: ExtensionRequest): Promise<ExtensionResponse> };
  readonly ledger: Pick<LedgerService, 'actBy'>;
}): CatalogService {
  const { host, ledger } = parts;
  let lastTurn: Promise<unknown> = Promise.resolve();

  async function call<T>(
    method: string,
    params: object,
    {
      tell,
      signal,
      proof,
    }: { readonly tell?: Tell; readonly signal?: AbortSignal; readonly proof?: Uint8Array },
  ): Promise<T> {
    const response = await host.handle({
      client,
      method,
      params,
      ...(proof === undefined ? {} : { proof }),
      ...(signal === undefined ? {} : { signal }),
      ...(tell === undefined ? {} : { onProgress: telling(tell) }),
    });
    signal?.throwIfAborted();
    if (response.status === 'success') return openAnswer(response.result as Answer<T>);
    throw refusal(method, response);
  }

  /** Proves an operation and makes the call with it; again where its number was taken or a draft went stale. */
  async function proven<T, About extends { readonly key: string; readonly value: object }>(
    kind: string,
    prepare: () => Promise<About>,
    use: (about: About, proof: Uint8Array) => Promise<T>,
    { tell, signal }: { readonly tell: Tell; readonly signal: AbortSignal },
  ): Promise<T & Proven> {
    for (let attempt = 1; ; attempt++) {
      const about = await prepare();
      const body = { key: about.key, value: { ...about.value } as CanonicalValue };
      tell('proving space, time, work and stake');
      const order = async ({ operation, proof, provingMs }: ProvenOperation): Promise<T & Proven> => ({
        ...(await use(about, encodeTransaction({ operation, proof }))),
        provingMs: Math.round(provingMs),
      });
      try {
        return await ledger.actBy(kind, body, order, signal);
      } catch (error) {
        if (!isOutrun(error) || attempt >= mostAttempts) throw error;
      }
    }
  }

  /** One after the other, so that no draft goes stale while another one is ordered. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = lastTurn.then(work);
    lastTurn = mine.catch(() => undefined);
    return mine;
  }

  return {
    publish: (source, tell, signal) =>
      inTurn(() => {
        const options = { tell, signal };
        return proven(
          'package.publish',
          () => call<Draft>('catalog.pack', { source }, options),
          ({ key }, proof) => call<PublishResult>('catalog.publish', { key }, { ...options, proof }),
          options,
        );
      }),
    install: (specs, choice, tell, signal) =>
      inTurn(() => {
        const options = { tell, signal };
        return proven(
          'package.install',
          () => call<InstallPlan>('catalog.plan', { specs, ...choice }, options),
          // The plan's own lock pins what was proven, whatever is published meanwhile.
          ({ lock }, proof) => {
            const pinned = { specs, lock, frozen: true };
            return call<InstallResult>('catalog.install', pinned, { ...options, proof });
          },
          options,
        );
      }),
    plan: (specs, choice, tell, signal) => call('catalog.plan', { specs, ...choice }, { tell, signal }),
    resume: (tell, signal) => inTurn(() => call('catalog.resume', {}, { tell, signal })),
    search: (query, signal) => call('catalog.search', query, { signal }),
    info: (spec, signal) => call('catalog.get', { spec }, { signal }),
    versions: (name, signal) => call('catalog.versions', { name }, { signal }),
    installed: (signal) => call('catalog.list', { installed: true }, { signal }),
    why: (spec, signal) => call('catalog.why', { spec }, { signal }),
    verify: (spec, deep, signal) => call('catalog.verify', { spec, deep }, { signal }),
    remove: (spec, signal) => inTurn(() => call('catalog.uninstall', { spec }, { signal })),
    async resolve(spec, signal) {
      const { key, record, publisher } = await call<Release>(
        'catalog.resolve',
        { spec },
        present({ signal }),
      );
      const { digest, content, type, bytes } = record;
      return { key, digest, document: record.record, content, type, bytes, publisher };
    },
    lockOf: (spec, signal) => call('catalog.lock', { spec }, present({ signal })),
    obtain: (key, { locked, tell, signal }) =>
      call<PackageOnNode>('catalog.obtain', { key, ...present({ locked }) }, present({ tell, signal })),
  };
}

/** What the catalog tells, in words, and with the bytes where they move. */
function telling(tell: Tell): (event: unknown) => void {
  const movement = createMovement();
  return (told) => {
    const event = told as CatalogEvent;
    const moved = movedBy(event, movement);
    if (moved !== 'too-soon') tell(describeEvent(event), moved);
  };
}

function movedBy(
  event: CatalogEvent,
  movement: ReturnType<typeof createMovement>,
): Moved | undefined | 'too-soon' {
  if (event.type === 'fetching') {
    const { package: key, moved, reused, total } = event;
    return movement(key, Math.min(total, moved + reused), total, reused) ?? 'too-soon';
  }
  if (event.type !== 'storing' || event.stored === undefined) return undefined;
  return movement(event.package, event.stored, event.bytes) ?? 'too-soon';
}

/** The fields that are there. */
function present<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/** Whether the proof holds no more because something else of this node became final first. */
function isOutrun(error: unknown): boolean {
  if (!(error instanceof CatalogError) || error.failure.code !== 'catalog/proof-refused') return false;
  return /replayed|stale-sequence|bad-sequence/.test(error.failure.reason);
}

/** The host's refusals as errors. What the ledger said of a proof comes as `LEG: REASON`. */
function refusal(method: string, response: Exclude<ExtensionResponse, { status: 'success' }>): Error {
  const { detail } = response;
  if (response.status === 'invalid_proof') {
    const [leg = '', reason = detail] = detail.split(': ', 2);
    const next = 'make the operation again: a proof holds for one operation and a while';
    return new CatalogError(
      { code: 'catalog/proof-refused', leg, reason, next },
      `The proof is refused: ${detail}`,
    );
  }
  const reason =
    response.status === 'failed' ? `${response.code}: ${detail}` : `${response.status}: ${detail}`;
  const next =
    response.status === 'rate_limited'
      ? `ask again in ${response.retryAfterMs} ms`
      : 'see the log of this node';
  return new NodeError({ code: 'node/refused', by: 'catalog', reason, next }, `${method}: ${reason}`);
}
