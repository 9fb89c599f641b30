import { type ContentRoot, type Log, type NodeId, type OperationId, sha256 } from '@hypermesh/core';
import { decodeReceipt, encodeReceipt } from '@hypermesh/metered-wasm';
import { type Refusal, refuse, type StoqNode } from '@hypermesh/stoq';
import type { NodeConfig } from '../config.ts';
import { NodeError } from '../errors.ts';
import type { LedgerService } from '../ledger/service.ts';
import { handleForMembers } from '../mesh/members.ts';
import type { PackageService } from '../package/service.ts';
import type { Receipts } from '../wallet/receipts.ts';
import { signUsage } from '../wallet/usage-receipt.ts';
import { admitRun, excessOf, type RunLimits } from './admission.ts';
import type { LeaseTerms } from './lease.ts';
import type { ExecutionRequest, ExecutionResult, Executor } from './ports.ts';
import {
  decodeReexecuteAsk,
  type ExecuteAnswer,
  executeRequest,
  reexecuteRequest,
  signExecuteAnswer,
  signReexecuteAnswer,
} from './protocol.ts';
import { createSlots } from './slots.ts';
import type { UsedLeases } from './used-leases.ts';

/** What the executing side works with. */
export interface ServingParts {
  readonly ledger: LedgerService;
  readonly packages: PackageService;
  readonly executor: Executor;
  readonly usedLeases: UsedLeases;
  readonly receipts: Receipts;
  readonly config: NodeConfig;
  readonly self: NodeId;
  readonly secretKey: Uint8Array;
  readonly log: Log;
}

/** Runs that are under way at once, in all and for each asker; what goes beyond is refused as `busy`. */
const runsAtOnce = { inAll: 8, each: 4 };
/** Largest module that is run, and a page of its memory: bytes. */
const maxModuleBytes = 32 * 1024 * 1024;
const pageBytes = 65_536;

/**
 * Executes for other members. Nothing starts before this node has itself found all four proofs of the lease valid,
 * the lease final on the ledger, its terms within this node's limits, and the lease unused.
 */
export function serveRuns(stoq: StoqNode, parts: ServingParts): () => void {
  const { packages, executor, secretKey, usedLeases, log } = parts;
  const tell = (text: string) => log.debug('run.progress', { text });
  const slots = createSlots(runsAtOnce);

  const offExecute = handleForMembers(stoq, executeRequest, async (ask, { member, signal }) => {
    using slot = slots.take(member);
    if (slot === undefined) return refuse('busy');
    const admitted = await admitRun(ask, member, parts, signal);
    if (!('terms' in admitted)) return admitted;
    const { terms, lease, legs } = admitted;
    const request = await requestFor(terms, { packages, tell, limits: limitsOf(terms), signal });
    if (!('module' in request)) return request;
    // Nothing may be awaited between this line and the start.
    if (!usedLeases.use(lease)) return refuse('lease-used');
    log.info('run.start', { lease, package: terms.package, asker: member });
    const startedMs = performance.now();
    const result = await executor.execute(request);
    const usage = usageOf(result, { terms, lease, wallMs: Math.round(performance.now() - startedMs) }, parts);
    parts.receipts.put(lease, usage);
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
            usage,
            legs,
          }
        : {
            v: 1,
            exit: result.exit,
            detail: result.detail.slice(0, 1000).toWellFormed(),
            fuel: result.fuelUsed ?? 0n,
            output: new Uint8Array(),
            receipt: new Uint8Array(),
            usage,
            legs,
          };
    return signExecuteAnswer(answer, ask, secretKey);
  });

  const offReexecute = handleForMembers(stoq, reexecuteRequest, async (ask, { member, signal }) => {
    using slot = slots.take(member);
    if (slot === undefined) return refuse('busy');
    const decoded = decodeReexecuteAsk(ask);
    if (!decoded.ok) return refuse('malformed', Buffer.from(decoded.reason));
    const { receipt: receiptBytes, memoryPages, deadlineMs } = decoded.value;
    const opened = decodeReceipt(receiptBytes);
    if (!opened.ok) return refuse('malformed', Buffer.from(opened.reason));
    const receipt = opened.value;
    const limits = { fuel: receipt.fuel, memoryPages, deadlineMs };
    const excess = excessOf(limits, parts.config);
    if (excess !== undefined) return refuse('over-limits', Buffer.from(excess));
    const request = await requestFor(decoded.value, { packages, tell, limits, signal });
    if (!('module' in request)) return request;
    const verdict = await executor.reexecute(receipt, request);
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

/** What a run used, whatever its end, signed and within the lease. */
function usageOf(
  result: ExecutionResult,
  run: { readonly terms: LeaseTerms; readonly lease: OperationId; readonly wallMs: number },
  { ledger, self, secretKey }: ServingParts,
): Uint8Array {
  const { terms, lease, wallMs } = run;
  const used = result.fuelUsed ?? 0n;
  const isOk = result.exit === 'ok';
  return signUsage(
    {
      lease,
      executor: self,
      fuel: used > terms.fuel ? terms.fuel : used,
      wallMs,
      exit: result.exit,
      memoryPages: isOk ? result.receipt.memoryPages : 0,
      output: isOk ? sha256(result.output) : new Uint8Array(32),
    },
    ledger.chainId,
    secretKey,
  );
}

function limitsOf({ fuel, memoryPages, deadlineMs }: RunLimits): RunLimits {
  return { fuel, memoryPages, deadlineMs };
}

/** Brings the package that is asked for, exactly that one, and reads what the run needs of it. */
async function requestFor(
  wanted: { readonly package: string; readonly document: ContentRoot },
  parts: {
    readonly packages: PackageService;
    readonly tell: (text: string) => void;
    readonly limits: RunLimits;
    readonly signal: AbortSignal;
  },
): Promise<ExecutionRequest | Refusal> {
  const { packages, tell, limits, signal } = parts;
  try {
    const { document, documentRoot } = await packages.obtain(wanted.package, tell, signal);
    if (documentRoot !== wanted.document) return refuse('another-document');
    const { module, operation, input } = document.program;
    const sizeOf = (path: string) => Number(document.files.find((file) => file.path === path)?.size ?? 0n);
    if (sizeOf(module) > maxModuleBytes)
      return refuse('over-limits', Buffer.from(`at most ${maxModuleBytes} bytes of module`));
    if (input !== undefined && sizeOf(input) > limits.memoryPages * pageBytes)
      return refuse('over-limits', Buffer.from('the input does not fit into the memory'));
    return {
      module: await packages.readFile(document, module),
      operation,
      input: input === undefined ? new Uint8Array() : await packages.readFile(document, input),
      ...limits,
      signal,
    };
  } catch (error) {
    if (!(error instanceof NodeError)) throw error;
    return refuse('no-package', Buffer.from(error.message));
  }
}
