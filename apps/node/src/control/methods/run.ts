import { type NodeId, toHex } from '@hypermesh/core';
import { NodeError } from '../../errors.ts';
import type { RunRequest } from '../../run/asking.ts';
import type { MeshServices } from '../../services.ts';
import type { ControlParts, ServiceMethods } from './method.ts';
import { badParameter, bytes, integer, memberOf, type Params, text } from './parameters.ts';

const defaultFuel = 10_000_000_000n;
const defaultDeadlineMs = 30_000;
const defaultMemoryPages = 1024;

/** Having packages executed by other members. */
export const runMethods: ServiceMethods = {
  run: (services, { params, tell, signal }, parts) =>
    services.runs.run(runRequest(services, parts, params), tell, signal),
  async 'prepare-lease'(services, { params, signal }, parts) {
    // A prepared operation has the next number: nothing else of this node may come in between.
    await services.inventory.registered(signal);
    const lease = await services.runs.prepareLease(runRequest(services, parts, params), signal);
    return { transaction: toHex(lease) };
  },
  async execute(services, { params, signal }) {
    const { exit, detail, fuel, legs } = await services.runs.execute(
      memberOf(services, text(params, 'on')),
      bytes(params, 'transaction'),
      undefined,
      { deadlineMs: defaultDeadlineMs },
      signal,
    );
    return { exit, detail, fuel, proofs: legs };
  },
};

function runRequest(services: MeshServices, { nodeId }: ControlParts, params: Params): RunRequest {
  const others = [...services.members.keys()].filter((node) => node !== nodeId);
  const other = (name: string, not: NodeId | undefined) => {
    if (params[name] === undefined) return others.find((node) => node !== not);
    const node = memberOf(services, text(params, name));
    if (node !== nodeId && node !== not) return node;
    throw badParameter(name, 'another member, and not the one that executes');
  };
  const executor = other('on', undefined);
  if (executor === undefined) {
    throw new NodeError(
      { code: 'node/not-found', what: 'another member', next: 'a mesh of one node runs nothing for itself' },
      'There is no other member that could run it',
    );
  }
  const auditor = other('audit', executor);
  return {
    spec: text(params, 'spec'),
    executor,
    auditor,
    fuel: integer(params, 'fuel', defaultFuel),
    memoryPages: Number(integer(params, 'memoryPages', BigInt(defaultMemoryPages))),
    deadlineMs: Number(integer(params, 'deadlineMs', BigInt(defaultDeadlineMs))),
  };
}
