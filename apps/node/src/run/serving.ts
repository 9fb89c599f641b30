import { decodeTransaction, verifyOperation } from '@hypermesh/consensus';
import { decodeFinalityProof, verifyFinality } from '@hypermesh/consensus/light';
import { type Log, type NodeId, nodeIdOf, sha256 } from '@hypermesh/core';
import { decodeReceipt, encodeReceipt } from '@hypermesh/metered-wasm';
import { type Refusal, refuse, type StoqNode } from '@hypermesh/stoq';
import type { NodeConfig } from '../config.ts';
import type { LedgerService } from '../ledger/service.ts';
import { handleForMembers } from '../mesh/members.ts';
import type { PackageOnNode, PackageService } from '../package/service.ts';
import { decodeLeaseTerms, type LeaseTerms } from './lease.ts';
import type { ExecutionRequest, Executor } from './ports.ts';
import {
  decodeExecuteAsk,
  decodeReexecuteAsk,
  type ExecuteAnswer,
  executeRequest,
  reexecuteRequest,
  signExecuteAnswer,
  signReexecuteAnswer,
} from './protocol.ts';
import type { UsedLeases } from './used-leases.ts';

/** What the executing side works with. */
export interface ServingParts {
  readonly ledger: LedgerService;
  readonly packages: PackageService;
  readonly executor: Executor;
  readonly usedLeases: UsedLeases;
  readonly config: NodeConfig;
  readonly self: NodeId;
  readonly secretKey: Uint8Array;
  readonly log: Log;
}

/**
 * Executes for other members. Nothing starts before this node has itself found all four proofs of the lease valid,
 * the lease final on the ledger, its terms within this node's limits, and the lease unused.
 */
export function serveRuns(stoq: StoqNode, parts: ServingParts): () => void {
  const { packages, executor, secretKey, log } = parts;
  const tell = (text: string) => log.debug('run.progress', { text });

  const offExecute = handleForMembers(stoq, executeRequest, async (ask, { member, signal }) => {
    const admitted = await admit(ask, member, parts, signal);
    if (!('terms' in admitted)) return admitted;
    const { terms, id, legs } = admitted;
    const request = await requestFor(
      await packages.obtain(terms.package, tell, signal),
      terms,
      packages,
      signal,
    );
    log.info('run.start', { lease: id, package: terms.package, asker: member });
    const result = await executor.execute(request);
    log.info('run.end', { lease: id, exit: result.exit, fuel: result.fuelUsed?.toString() ?? null });
    const answer: ExecuteAnswer =
      result.exit === 'ok'
        ? {
            v: 1,
            exit: 'ok',
            detail: '',
            fuel: result.fuelUsed,
            output: result.output,
            receipt: encodeReceipt(result.receipt),
            legs,
          }
        : {
            v: 1,
            exit: result.exit,
            detail: result.detail.slice(0, 1000),
            fuel: result.fuelUsed ?? 0n,
            output: new Uint8Array(),
            receipt: new Uint8Array(),
            legs,
          };
    return signExecuteAnswer(answer, ask, secretKey);
  });

  const offReexecute = handleForMembers(stoq, reexecuteRequest, async (ask, { signal }) => {
    const decoded = decodeReexecuteAsk(ask);
    if (!decoded.ok) return refuse('malformed', Buffer.from(decoded.reason));
    const { receipt: receiptBytes, memoryPages, deadlineMs } = decoded.value;
    const opened = decodeReceipt(receiptBytes);
    if (!opened.ok) return refuse('malformed', Buffer.from(opened.reason));
    const receipt = opened.value;
    const terms = { fuel: receipt.fuel, memoryPages, deadlineMs };
    const excess = excessOf(terms, parts.config);
    if (excess !== undefined) return refuse('over-limits', Buffer.from(excess));
    const got = await packages.obtain(decoded.value.package, tell, signal);
    const verdict = await executor.reexecute(receipt, await requestFor(got, terms, packages, signal));
    log.info('run.reexecuted', { package: decoded.value.package, matches: verdict.matches });
    return signReexecuteAnswer(
      {
        v: 1,
        matches: verdict.matches,
        differs: verdict.matches ? '' : verdict.differs,
        receipt: sha256(receiptBytes),
      },
      ask,
      secretKey,
    );
  });

  return () => {
    offExecute();
    offReexecute();
  };
}

type Limits = Pick<LeaseTerms, 'fuel' | 'memoryPages' | 'deadlineMs'>;

async function admit(
  ask: Uint8Array,
  member: NodeId,
  { ledger, usedLeases, config, self }: ServingParts,
  signal: AbortSignal,
): Promise<
  { readonly terms: LeaseTerms; readonly id: string; readonly legs: ExecuteAnswer['legs'] } | Refusal
> {
  const decoded = decodeExecuteAsk(ask);
  if (!decoded.ok) return refuse('malformed', Buffer.from(decoded.reason));
  const { transaction, proof: finalityBytes } = decoded.value;
  const opened = decodeTransaction(transaction);
  if (!opened.ok) return refuse('malformed', Buffer.from(opened.reason));
  const { operation, proof } = opened;

  const legs = await verifyOperation(operation, proof, { ...ledger.ledger.verifyContext(), signal });
  if (!legs.ok) return refuse('proof-refused', Buffer.from(`${legs.leg}: ${legs.reason}`));

  const finality = decodeFinalityProof(finalityBytes);
  if (!finality.ok) return refuse('not-final', Buffer.from(finality.reason));
  const trust = {
    chain: ledger.chainId,
    validators: ledger.genesis.members
      .filter(({ validator }) => validator)
      .map(({ key }) => ({ publicKey: key })),
  };
  const final = verifyFinality(finality.proof, trust, { tx: transaction });
  if (!final.ok) return refuse('not-final', Buffer.from(final.reason));
  await ledger.applied(final.header.height, signal);
  const entry = ledger.ledger.operation(legs.id);
  if (entry?.code !== 'ok') return refuse('not-on-ledger', Buffer.from(entry?.code ?? 'unknown'));

  if (operation.kind !== 'lease.commit') return refuse('no-lease', Buffer.from(operation.kind));
  if (nodeIdOf(operation.actor) !== member) return refuse('not-your-lease');
  const body = operation.body as { readonly value?: unknown };
  const terms =
    body.value instanceof Uint8Array
      ? decodeLeaseTerms(body.value)
      : { ok: false as const, reason: 'no-terms' };
  if (!terms.ok) return refuse('malformed', Buffer.from(terms.reason));
  if (terms.terms.executor !== self) return refuse('not-my-lease');
  const excess = excessOf(terms.terms, config);
  if (excess !== undefined) return refuse('over-limits', Buffer.from(excess));
  if (!usedLeases.use(legs.id)) return refuse('lease-used');
  const found = 'valid';
  return { terms: terms.terms, id: legs.id, legs: { space: found, stake: found, work: found, time: found } };
}

/** Which of the operator's limits the terms exceed, in words. */
function excessOf({ fuel, memoryPages, deadlineMs }: Limits, config: NodeConfig): string | undefined {
  if (fuel > config.maxRunFuel) return `at most ${config.maxRunFuel} fuel`;
  if (memoryPages > config.maxRunMemoryPages) return `at most ${config.maxRunMemoryPages} pages of memory`;
  if (deadlineMs > config.maxRunMs) return `at most ${config.maxRunMs} ms`;
  return undefined;
}

async function requestFor(
  { document }: PackageOnNode,
  { fuel, memoryPages, deadlineMs }: Limits,
  packages: PackageService,
  signal: AbortSignal,
): Promise<ExecutionRequest> {
  const { module, operation, input } = document.program;
  return {
    module: await packages.readFile(document, module),
    operation,
    input: input === undefined ? new Uint8Array() : await packages.readFile(document, input),
    fuel,
    memoryPages,
    deadlineMs,
    signal,
  };
}
