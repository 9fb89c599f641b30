import type { Input } from '@hypermesh/client';
import { type NodeId, toHex, utf8 } from '@hypermesh/core';
import { unlessAborted } from '../../abort.ts';
import { NodeError } from '../../errors.ts';
import type { RunRequest } from '../../run/asking.ts';
import { outputPath, readInput } from '../../run/files.ts';
import { runOnAnother } from '../../run/on-another.ts';
import type { MeshServices } from '../../services.ts';
import type { Handlers, NodeParts } from './method.ts';
import { badParameter, bytes, integer, memberOf } from './parameters.ts';

const defaultFuel = 10_000_000_000n;
const defaultDeadlineMs = 30_000;
const defaultMemoryPages = 1024;
const seedBytes = 32;

/** Having packages executed by other members. */
export const runHandlers: Handlers<'run' | 'prepare-lease' | 'execute' | 'explain'> = {
  async run(services, { params, tell, signal }, parts) {
    const { runs, members } = services;
    const nameOf = (node: NodeId) => members.get(node)?.name ?? node;
    return runOnAnother(runs, await runRequests(services, parts, params), { nameOf, tell, signal });
  },
  async 'prepare-lease'(services, { params, signal }, parts) {
    // A prepared operation has the next number: nothing else of this node may come in between.
    await services.inventory.registered(signal);
    await unlessAborted(services.namesPublished, signal);
    const [request] = await runRequests(services, parts, params);
    const lease = await services.runs.prepareLease(request, signal);
    return { transaction: toHex(lease) };
  },
  async execute(services, { params, signal }) {
    const { exit, detail, fuel, legs } = await services.runs.execute(
      memberOf(services, params.on),
      bytes('transaction', params.transaction),
      undefined,
      { deadlineMs: defaultDeadlineMs },
      signal,
    );
    return { exit, detail, fuel, proofs: legs };
  },
  explain: ({ runs }, { params, tell, signal }) => {
    const { spec, fuel, deadlineMs, memoryPages } = params;
    const more = {
      ...(fuel === undefined ? {} : { fuel: String(fuel) }),
      ...(deadlineMs === undefined ? {} : { timeoutMs: Number(deadlineMs) }),
      ...(memoryPages === undefined ? {} : { memory: { bytes: Number(memoryPages) * 65_536 } }),
    };
    return runs.explain(spec, more, tell, signal);
  },
};

/** One request for each node that may execute, in the order in which they are asked: one alone where `on` names it. */
async function runRequests(
  services: MeshServices,
  { nodeId }: NodeParts,
  params: Input<'run'>,
): Promise<[RunRequest, ...RunRequest[]]> {
  const others = [...services.members.keys()].filter((node) => node !== nodeId);
  const named = (name: 'on' | 'audit') => {
    const given = params[name];
    if (given === undefined) return undefined;
    const node = memberOf(services, given);
    if (node !== nodeId) return node;
    throw badParameter(name, 'another member');
  };
  const [on, audit] = [named('on'), named('audit')];
  if (on !== undefined && on === audit) throw badParameter('audit', 'not the member that executes');
  const executors = on === undefined ? others.filter((node) => node !== audit) : [on];
  const { spec, operation, input, inputFile, outputFile, clockMs, randomSeed, price, allocation } = params;
  if (input !== undefined && inputFile !== undefined)
    throw badParameter('input', 'given once: as text or as a file');
  const asked = {
    spec,
    fuel: integer(params.fuel ?? String(defaultFuel)),
    memoryPages: Number(params.memoryPages ?? defaultMemoryPages),
    deadlineMs: Number(params.deadlineMs ?? defaultDeadlineMs),
    ...(operation === undefined ? {} : { operation }),
    ...(input === undefined ? {} : { input: utf8(input) }),
    ...(inputFile === undefined ? {} : { input: await readInput(inputFile) }),
    ...(outputFile === undefined ? {} : { outputFile: outputPath(outputFile) }),
    ...(clockMs === undefined ? {} : { clockMs: Number(clockMs) }),
    ...(randomSeed === undefined ? {} : { randomSeed: seed(randomSeed) }),
    ...(price === undefined ? {} : { price: integer(price) }),
    ...(allocation === undefined ? {} : { allocation }),
  };
  const [first, ...rest] = executors.map((executor) => {
    const auditor = audit ?? others.findLast((node) => node !== executor);
    return { ...asked, executor, auditor };
  });
  if (first !== undefined) return [first, ...rest];
  throw new NodeError(
    { code: 'node/not-found', what: 'another member', next: 'a mesh of one node runs nothing for itself' },
    'There is no other member that could run it',
  );
}

function seed(text: string): Uint8Array {
  const found = bytes('randomSeed', text);
  if (found.length === seedBytes) return found;
  throw badParameter('randomSeed', '32 bytes in hex');
}
