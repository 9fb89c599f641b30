import { readFile } from 'node:fs/promises';
import { type NodeId, toHex } from '@hypermesh/core';
import { unlessAborted } from '../../abort.ts';
import { NodeError } from '../../errors.ts';
import type { RunRequest } from '../../run/asking.ts';
import { runOnAnother } from '../../run/on-another.ts';
import type { MeshServices } from '../../services.ts';
import type { ControlParts, ServiceMethods } from './method.ts';
import { badParameter, bytes, integer, memberOf, type Params, text } from './parameters.ts';

const defaultFuel = 10_000_000_000n;
const defaultDeadlineMs = 30_000;
const defaultMemoryPages = 1024;

/** Having packages executed by other members. */
export const runMethods: ServiceMethods = {
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
      memberOf(services, text(params, 'on')),
      bytes(params, 'transaction'),
      undefined,
      { deadlineMs: defaultDeadlineMs },
      signal,
    );
    return { exit, detail, fuel: fuel.toString(), proofs: legs };
  },
  explain: (services, { params, tell, signal }) =>
    services.runs.explain(
      text(params, 'spec'),
      {
        ...ifGiven(params, 'fuel', (value) => ({ fuel: value.toString() })),
        ...ifGiven(params, 'deadlineMs', (value) => ({ timeoutMs: Number(value) })),
        ...ifGiven(params, 'memoryPages', (value) => ({ memory: { bytes: Number(value) * 65_536 } })),
      },
      tell,
      signal,
    ),
};

function ifGiven<Found extends object>(params: Params, name: string, found: (value: bigint) => Found) {
  return params[name] === undefined ? {} : found(integer(params, name));
}

/** One request for each node that may execute, in the order in which they are asked: one alone where `on` names it. */
async function runRequests(
  services: MeshServices,
  { nodeId }: ControlParts,
  params: Params,
): Promise<[RunRequest, ...RunRequest[]]> {
  const others = [...services.members.keys()].filter((node) => node !== nodeId);
  const named = (name: string) => {
    if (params[name] === undefined) return undefined;
    const node = memberOf(services, text(params, name));
    if (node !== nodeId) return node;
    throw badParameter(name, 'another member');
  };
  const [on, audit] = [named('on'), named('audit')];
  if (on !== undefined && on === audit) throw badParameter('audit', 'not the member that executes');
  const executors = on === undefined ? others.filter((node) => node !== audit) : [on];
  const given = (name: string) => params[name] !== undefined;
  const asked = {
    spec: text(params, 'spec'),
    fuel: integer(params, 'fuel', defaultFuel),
    memoryPages: Number(integer(params, 'memoryPages', BigInt(defaultMemoryPages))),
    deadlineMs: Number(integer(params, 'deadlineMs', BigInt(defaultDeadlineMs))),
    ...(given('operation') ? { operation: text(params, 'operation') } : {}),
    ...(given('inputFile') ? { input: await readInput(text(params, 'inputFile')) } : {}),
    ...(given('outputFile') ? { outputFile: text(params, 'outputFile') } : {}),
    ...(given('clockMs') ? { clockMs: Number(integer(params, 'clockMs')) } : {}),
    ...(given('randomSeed') ? { randomSeed: seed(params) } : {}),
    ...(given('price') ? { price: price(params) } : {}),
    ...(given('allocation') ? { allocation: allocation(params) } : {}),
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

/** A file of the person who asks: the daemon runs as the same user. */
async function readInput(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    const next = 'give the path of a file that this user can read';
    throw new NodeError(
      { code: 'node/bad-flag', flag: '--input', next },
      `${path} cannot be read (${(error as NodeJS.ErrnoException).code})`,
    );
  }
}

function seed(params: Params): Uint8Array {
  const found = bytes(params, 'randomSeed');
  if (found.length === 32) return found;
  throw badParameter('randomSeed', '32 bytes in hex');
}

function price(params: Params): bigint {
  return params['price'] === '0' ? 0n : integer(params, 'price');
}

function allocation(params: Params): NonNullable<RunRequest['allocation']> {
  const value = params['allocation'];
  for (const each of ['private', 'public', 'anonymous', 'verified'] as const) if (value === each) return each;
  throw badParameter('allocation', 'private, public, anonymous or verified');
}
