import { hasCode } from '@hypermesh/core';
import { requirementsOf } from './document/requirements.ts';
import { CatalogError } from './errors.ts';
import type { WorkOptions } from './events.ts';
import type { Candidate, ExecutionPort, ExecutionRequest, ExecutionResult } from './ports.ts';
import type { VerifiedRelease } from './registry/verification.ts';

/** One try on one node. `reason` says how it was lost; undefined for the one that gave the result. */
export interface Attempt {
  readonly node: string;
  readonly reason?: string;
}

/** What a delegated run came to: the result and the nodes that were tried, in order. */
export interface RunResult extends ExecutionResult {
  readonly package: string;
  readonly attempts: readonly Attempt[];
}

/** What a run may be told. `options` goes to the executing side as it is; `attempts` bounds the nodes that are tried. */
export interface RunOptions extends WorkOptions {
  readonly options?: Readonly<Record<string, unknown>>;
  readonly attempts?: number;
}

const defaultAttempts = 4;

/** What a verified package asks of a node: the mapping from its document to resources. */
export function executionRequest(
  { release, record }: VerifiedRelease,
  dependencies: Readonly<Record<string, string>>,
  options: Readonly<Record<string, unknown>> = {},
): ExecutionRequest {
  return {
    key: release.key,
    digest: release.record.digest,
    record: release.record.record,
    type: record.type,
    requirements: requirementsOf(record),
    dependencies,
    options,
  };
}

/**
 * Has a package executed by another node: submits to the best candidate, follows its status, and goes to the next where
 * the node is lost. A program that failed is a result, not a reason to try elsewhere. Throws `catalog/no-candidate` with
 * each node's reasons, or `catalog/run-failed` when all tries were lost. Aborting cancels the run at its node.
 */
export async function delegate(
  execution: ExecutionPort,
  request: ExecutionRequest,
  runOptions: RunOptions = {},
): Promise<RunResult> {
  const { signal, onEvent, attempts: most = defaultAttempts } = runOptions;
  const call = signal === undefined ? {} : { signal };
  const candidates = await execution.candidates(request, call);
  const able = candidates.filter(({ reasons }) => reasons.length === 0);
  if (able.length === 0) throw noCandidate(request.key, candidates);
  const attempts: Attempt[] = [];
  for (const { node } of able.slice(0, most)) {
    const tried = await attempt(execution, node, request, runOptions);
    if (tried.ok) return { ...tried.result, package: request.key, attempts: [...attempts, { node }] };
    attempts.push({ node, reason: tried.reason });
    onEvent?.({ type: 'rescheduling', package: request.key, node, reason: tried.reason });
  }
  throw runFailed(request.key, attempts);
}

type Tried =
  | { readonly ok: true; readonly result: ExecutionResult }
  | { readonly ok: false; readonly reason: string };

async function attempt(
  execution: ExecutionPort,
  node: string,
  request: ExecutionRequest,
  { signal, onEvent }: RunOptions,
): Promise<Tried> {
  const call = signal === undefined ? {} : { signal };
  onEvent?.({ type: 'submitting', package: request.key, node });
  let id: string | undefined;
  try {
    ({ id } = await execution.submit(node, request, call));
    for await (const { state, detail } of execution.status(id, call)) {
      onEvent?.({ type: 'running', package: request.key, node, state });
      if (state === 'lost') return { ok: false, reason: detail };
      if (state === 'cancelled')
        throw new CatalogError({ code: 'catalog/cancelled' }, 'The run was cancelled');
    }
    return { ok: true, result: await execution.result(id, call) };
  } catch (error) {
    if (signal?.aborted && id !== undefined) await execution.cancel(id);
    signal?.throwIfAborted();
    if (hasCode(error, 'catalog/node-unavailable')) {
      return { ok: false, reason: error instanceof Error ? error.message : 'unavailable' };
    }
    throw error;
  }
}

function noCandidate(key: string, candidates: readonly Candidate[]): CatalogError {
  const lines = candidates.map(
    ({ node, reasons }) =>
      `${node}: ${reasons.map(({ detail, remedy }) => `${detail} (${remedy})`).join('; ')}`,
  );
  const next =
    candidates.length === 0 ? 'a mesh of one node runs nothing for itself' : 'see the reasons of each node';
  return new CatalogError(
    { code: 'catalog/no-candidate', package: key, nodes: candidates, next },
    `No node can run ${key}${lines.length === 0 ? '' : `: ${lines.join(' | ')}`}`,
  );
}

function runFailed(key: string, attempts: readonly Attempt[]): CatalogError {
  const told = attempts.map(({ node, reason = '' }) => ({ node, reason }));
  return new CatalogError(
    { code: 'catalog/run-failed', package: key, attempts: told, next: 'ask again when more nodes are up' },
    `${key} was lost on ${told.map(({ node, reason }) => `${node} (${reason})`).join(', ')}`,
  );
}
