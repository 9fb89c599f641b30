import assert from 'node:assert/strict';
import type { ExecutionPort, ExecutionRequest, ExecutionStatus } from '../ports.ts';
import { type ComplianceCase, rejectsWith } from './compliance.ts';

async function statesOf(states: AsyncIterable<ExecutionStatus>): Promise<string[]> {
  const found: string[] = [];
  for await (const { state } of states) found.push(state);
  return found;
}

/** The promises of the `ExecutionPort` port, shown on a request that one of its nodes can run to its end. */
export function executionCompliance(
  create: () => Promise<{
    readonly execution: ExecutionPort;
    readonly request: ExecutionRequest;
    /** A node that is not to be reached, where there can be one. */
    readonly unreachable?: string;
  }>,
): readonly ComplianceCase[] {
  return [
    {
      name: 'a run goes from submitted over running to done, and has a result',
      async run() {
        const { execution, request } = await create();
        const candidates = await execution.candidates(request);
        const node = candidates.find(({ reasons }) => reasons.length === 0)?.node;
        assert.ok(node !== undefined);
        const { id } = await execution.submit(node, request);
        const states = await statesOf(execution.status(id));
        assert.equal(states[0], 'submitted');
        assert.equal(states.at(-1), 'done');
        assert.deepEqual(await statesOf(execution.status(id)).then((again) => again.at(-1)), 'done');
        const result = await execution.result(id);
        assert.deepEqual([result.node, result.exit], [node, 'ok']);
        await execution.cancel(id);
        await execution.cancel(id);
      },
    },
    {
      name: 'a node that does not answer is unavailable, by its code',
      async run() {
        const { execution, request, unreachable } = await create();
        if (unreachable === undefined) return;
        await rejectsWith(execution.submit(unreachable, request), 'catalog/node-unavailable');
      },
    },
  ];
}
