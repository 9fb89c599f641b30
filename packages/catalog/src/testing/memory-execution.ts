import type { NodeReason } from '../errors.ts';
import { CatalogError } from '../errors.ts';
import type { ExecutionPort, ExecutionRequest, ExecutionResult, ExecutionStatus } from '../ports.ts';

/** What a node in memory does with a request: answers, is lost while it runs, or cannot be reached. */
export type NodeBehaviour = (
  request: ExecutionRequest,
  signal: AbortSignal,
) => Promise<ExecutionResult> | 'lost' | 'unreachable';

/** Executions on nodes that exist as functions only: for tests of what stands on the port. */
export interface MemoryExecution extends ExecutionPort {
  /** Nodes that were given work, in order. */
  readonly submissions: string[];
  readonly cancelled: string[];
}

/** Makes an execution port over nodes by name; `reasons` says why a node cannot take a request. */
export function createMemoryExecution(
  nodes: ReadonlyMap<string, NodeBehaviour>,
  reasons: (node: string, request: ExecutionRequest) => readonly NodeReason[] = () => [],
): MemoryExecution {
  interface Run {
    readonly node: string;
    readonly abort: AbortController;
    readonly outcome: Promise<ExecutionResult> | 'lost';
  }
  const runs = new Map<string, Run>();
  const submissions: string[] = [];
  const cancelled: string[] = [];

  function runOf(id: string): Run {
    const run = runs.get(id);
    if (run !== undefined) return run;
    throw new CatalogError({ code: 'catalog/not-found', what: id, next: 'submit first' }, `no run ${id}`);
  }

  return {
    submissions,
    cancelled,
    candidates: async (request) =>
      [...nodes.keys()].map((node) => ({ node, reasons: reasons(node, request) })),
    async submit(node, request, { signal } = {}) {
      signal?.throwIfAborted();
      submissions.push(node);
      const abort = new AbortController();
      const outcome = nodes.get(node)?.(request, abort.signal) ?? 'unreachable';
      if (outcome === 'unreachable') {
        throw new CatalogError(
          { code: 'catalog/node-unavailable', node, reason: 'no answer' },
          `${node}: no answer`,
        );
      }
      const id = `run-${submissions.length}`;
      runs.set(id, { node, abort, outcome });
      // A result that nobody asks for is no failure of the process.
      if (outcome !== 'lost') outcome.catch(() => undefined);
      return { id };
    },
    async *status(id, { signal } = {}): AsyncGenerator<ExecutionStatus> {
      const { node, outcome, abort } = runOf(id);
      yield { state: 'submitted', node, detail: '' };
      yield { state: 'running', node, detail: '' };
      if (outcome === 'lost') {
        yield { state: 'lost', node, detail: 'the node went away' };
        return;
      }
      const stopped = stop(abort.signal, signal);
      const exit = await Promise.race([outcome.then((result) => result.exit), stopped]);
      signal?.throwIfAborted();
      yield {
        state: exit === 'cancelled' ? 'cancelled' : exit === 'ok' ? 'done' : 'failed',
        node,
        detail: exit,
      };
    },
    async result(id) {
      const { outcome, node } = runOf(id);
      if (outcome !== 'lost') return outcome;
      throw new CatalogError({ code: 'catalog/node-unavailable', node, reason: 'lost' }, `${node} was lost`);
    },
    async cancel(id) {
      const { abort } = runOf(id);
      if (!abort.signal.aborted) cancelled.push(id);
      abort.abort();
    },
  };
}

function stop(...signals: readonly (AbortSignal | undefined)[]): Promise<'cancelled'> {
  return new Promise((resolve) => {
    for (const signal of signals) {
      if (signal?.aborted) resolve('cancelled');
      signal?.addEventListener('abort', () => resolve('cancelled'), { once: true });
    }
  });
}
