import { randomUUID } from 'node:crypto';
import { headerHash } from '@hypermesh/consensus';
import { fromHex, type NodeId, type OperationId, toHex } from '@hypermesh/core';
import type { NodeConfig } from '../config.ts';
import type { Growth } from '../daemon.ts';
import { NodeError } from '../errors.ts';
import type { RunRequest } from '../run/asking.ts';
import type { MeshServices } from '../services.ts';
import type { NodeStatus } from '../status.ts';
import type { ControlCall, ControlMethod } from './server.ts';

/** What the methods of the control socket work with. */
export interface ControlParts {
  readonly config: NodeConfig;
  readonly nodeId: NodeId;
  readonly growth: Growth;
  status(): NodeStatus;
  invitations(): readonly string[];
}

const defaultFuel = 10_000_000_000n;
const defaultDeadlineMs = 30_000;
const defaultMemoryPages = 1024;

/** Every method of the control socket. Parameters come from a process of the same owner, and are checked all the same. */
export function controlMethods(parts: ControlParts): Readonly<Record<string, ControlMethod>> {
  const { growth, status, invitations } = parts;
  /** A method that needs the ledger waits for it. */
  const withServices =
    (
      method: (services: MeshServices, call: ControlCall & { tell(text: string): void }) => Promise<object>,
    ): ControlMethod =>
    async (call) => {
      const tell = (text: string) => call.progress({ text });
      if (growth.current() === undefined) tell('waiting for the genesis');
      return method(await growth.reached(call.signal), { ...call, tell });
    };
  return {
    status: async () => status(),
    invitations: async () => ({ invitations: invitations() }),
    final: withServices(finalBlock),
    versions: withServices(async ({ packages }, { params }) => ({
      versions: packages.versions(text(params, 'name')),
    })),
    publish: withServices(({ packages }, { params, tell, signal }) =>
      packages.publish(text(params, 'folder'), tell, signal),
    ),
    install: withServices(({ packages }, { params, tell, signal }) =>
      packages.install(text(params, 'spec'), tell, signal),
    ),
    run: withServices((services, { params, tell, signal }) =>
      services.runs.run(runRequest(services, parts, params), tell, signal),
    ),
    'prepare-lease': withServices(async (services, { params, signal }) => ({
      transaction: toHex(await services.runs.prepareLease(runRequest(services, parts, params), signal)),
    })),
    submit: withServices(async ({ ledger }, { params, signal }) => {
      const { id, height } = await ledger.submit(bytes(params, 'transaction'), signal);
      return { id, height };
    }),
    execute: withServices(async (services, { params, signal }) => {
      const executor = memberOf(services, text(params, 'on'));
      const limits = { deadlineMs: defaultDeadlineMs };
      const { exit, detail, fuel, legs } = await services.runs.execute(
        executor,
        bytes(params, 'transaction'),
        undefined,
        limits,
        signal,
      );
      return { exit, detail, fuel, proofs: legs };
    }),
    'register-asset': withServices(async ({ ledger }, { params, signal }) => {
      const body = { key: randomUUID(), value: { note: text(params, 'note') } };
      const { id, height } = await ledger.act('asset.register', body, signal);
      return { id, height };
    }),
    missing: withServices(async ({ ledger }, { params }) => {
      const { operations } = params;
      if (!Array.isArray(operations)) throw badParameter('operations', 'a list of operation ids');
      const isFinal = (id: unknown) =>
        typeof id === 'string' && ledger.ledger.operation(id as OperationId)?.code === 'ok';
      return { missing: operations.filter((id) => !isFinal(id)) };
    }),
  };
}

/** Waits until a height is final and applied here; says who signed for it. */
async function finalBlock(
  { ledger, members }: MeshServices,
  { params, tell, signal }: ControlCall & { tell(text: string): void },
) {
  const { height } = params;
  if (!Number.isSafeInteger(height) || Number(height) < 1) throw badParameter('height', 'a number from 1');
  tell(`waiting for block ${height} to be final`);
  await ledger.applied(Number(height), signal);
  const proof = await ledger.validator.proof(Number(height));
  if (proof === undefined) throw new TypeError(`block ${height} is applied and must be stored`);
  const validators = ledger.validators.map((node) => members.get(node)?.name ?? node);
  return {
    chain: ledger.chainId,
    height,
    hash: toHex(headerHash(proof.header)),
    signers: proof.certificate.signers,
    validators,
  };
}

function runRequest(
  services: MeshServices,
  parts: ControlParts,
  params: Readonly<Record<string, unknown>>,
): RunRequest {
  const others = [...services.members.keys()].filter((node) => node !== parts.nodeId);
  const other = (name: string, not: NodeId | undefined) => {
    if (params[name] === undefined) return others.find((node) => node !== not);
    const node = memberOf(services, text(params, name));
    if (node !== parts.nodeId && node !== not) return node;
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

function memberOf({ members }: MeshServices, nameOrId: string): NodeId {
  for (const [node, { name }] of members) if (name === nameOrId || node === nameOrId) return node;
  throw new NodeError(
    {
      code: 'node/not-found',
      what: nameOrId,
      next: `members: ${[...members.values()].map(({ name }) => name).join(', ')}`,
    },
    `No member is called ${nameOrId}`,
  );
}

function text(params: Readonly<Record<string, unknown>>, name: string): string {
  const value = params[name];
  if (typeof value === 'string' && value.length > 0 && value.length <= 4096) return value;
  throw badParameter(name, 'a text');
}

function bytes(params: Readonly<Record<string, unknown>>, name: string): Uint8Array {
  const value = params[name];
  const decoded = typeof value === 'string' ? fromHex(value) : undefined;
  if (decoded?.ok) return decoded.bytes;
  throw badParameter(name, 'bytes in hex');
}

function integer(params: Readonly<Record<string, unknown>>, name: string, fallback: bigint): bigint {
  const value = params[name] ?? fallback;
  const digits =
    typeof value === 'bigint' || typeof value === 'number' || typeof value === 'string' ? String(value) : '';
  if (/^\d{1,18}$/.test(digits) && BigInt(digits) > 0n) return BigInt(digits);
  throw badParameter(name, 'a whole number above 0');
}

function badParameter(name: string, expected: string): NodeError {
  return new NodeError(
    { code: 'node/bad-flag', flag: name, next: `give ${expected}` },
    `${name} must be ${expected}`,
  );
}
