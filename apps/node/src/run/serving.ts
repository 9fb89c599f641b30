import { type Log, type NodeId, sha256 } from '@hypermesh/core';
import { decodeReceipt, encodeReceipt } from '@hypermesh/metered-wasm';
import { refuse, type StoqNode } from '@hypermesh/stoq';
import type { NodeConfig } from '../config.ts';
import type { LedgerService } from '../ledger/service.ts';
import { handleForMembers } from '../mesh/members.ts';
import type { PackageOnNode, PackageService } from '../package/service.ts';
import { admitRun, excessOf, type RunLimits } from './admission.ts';
import type { ExecutionRequest, Executor } from './ports.ts';
import {
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
    const admitted = await admitRun(ask, member, parts, signal);
    if (!('terms' in admitted)) return admitted;
    const { terms, lease, legs } = admitted;
    const request = await requestFor(
      await packages.obtain(terms.package, tell, signal),
      terms,
      packages,
      signal,
    );
    log.info('run.start', { lease, package: terms.package, asker: member });
    const result = await executor.execute(request);
    log.info('run.end', { lease, exit: result.exit, fuel: result.fuelUsed?.toString() ?? null });
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

async function requestFor(
  { document }: PackageOnNode,
  { fuel, memoryPages, deadlineMs }: RunLimits,
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
