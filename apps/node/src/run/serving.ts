import { type ContentRoot, type Log, type Metrics, type NodeId, sha256 } from '@hypermesh/core';
import { type Executors, type RunReport, readReceipt } from '@hypermesh/executors';
import { type Refusal, refuse, type StoqNode } from '@hypermesh/stoq';
import type { NodeConfig } from '../config.ts';
import type { LedgerService } from '../ledger/service.ts';
import { handleForMembers } from '../mesh/members.ts';
import type { Intake } from '../standing/intake.ts';
import { priceOf } from '../wallet/price.ts';
import { type AdmittedRun, admitRun, excessOf } from './admission.ts';
import { allowedBy } from './asking.ts';
import { bringWork, orRefusal, RunRefused } from './bringing.ts';
import type { NotedRun, RunJournal } from './journal.ts';
import { encodeOffer } from './offer.ts';
import type { Metering, Programs, RunContent } from './ports.ts';
import {
  decodeReexecuteAsk,
  type ExecuteAnswer,
  executeRequest,
  offerRequest,
  reexecuteRequest,
  signExecuteAnswer,
  signReexecuteAnswer,
} from './protocol.ts';
import { createSlots } from './slots.ts';
import type { UsedLeases } from './used-leases.ts';

/** What the executing side works with. */
export interface ServingParts {
  readonly ledger: LedgerService;
  readonly programs: Programs;
  readonly content: RunContent;
  /** The executors, opened when they are first needed. */
  executors(): Promise<Executors>;
  /** What runs are paid by; without it they are not. */
  readonly metering?: Metering;
  readonly usedLeases: UsedLeases;
  /** Where runs are noted as they go. */
  readonly journal?: RunJournal;
  /** Whether a run more is taken on; without it all are. */
  readonly intake?: Intake;
  readonly config: NodeConfig;
  readonly self: NodeId;
  readonly secretKey: Uint8Array;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Runs that are under way at once, in all and for each asker; what goes beyond is refused as `busy`. */
const runsAtOnce = { inAll: 8, each: 4 };
const logLines = { most: 64, length: 2_000 };

/**
 * Executes for other members. Nothing starts before this node has itself found all four proofs of the lease valid,
 * the lease final on the ledger, its terms within this node's limits, the resources claimed, and the lease unused.
 */
export function serveRuns(stoq: StoqNode, parts: ServingParts): Disposable & { readonly executing: number } {
  const { programs, content, secretKey, usedLeases, log, config, metrics } = parts;
  const tell = (text: string) => log.debug('run.progress', { text });
  const slots = createSlots(runsAtOnce);

  /** Runs what was admitted, or says why it was not started. */
  async function execute(run: AdmittedRun, asker: NodeId, signal: AbortSignal) {
    const { terms, lease } = run;
    const note = () =>
      parts.journal?.begin(
        { lease, role: 'executed', package: terms.package, with: asker },
        { ...allowedBy(terms), proofs: run.legs },
      );
    let noted: NotedRun | undefined;
    try {
      const answer = await executed(run, asker, signal, () => {
        noted = note();
      });
      noted ??= note();
      const { exit, detail, fuel, memoryPages, limits, log } = answer;
      const charge = priceOf(fuel, terms.price).toString();
      noted?.ended({ exit, detail, fuel: fuel.toString(), memoryPages, charge }, { limits, log });
      return answer;
    } catch (error) {
      noted?.failed(error instanceof Error ? error.message : String(error));
      throw error;
    }
  }

  async function executed(
    { terms, lease, legs }: AdmittedRun,
    asker: NodeId,
    signal: AbortSignal,
    onStart: () => void,
  ) {
    const executors = await parts.executors();
    const report = await executors.run({
      work: () => bringWork(terms, { programs, content, asker, tell, signal }),
      fuel: terms.fuel,
      memoryPages: terms.memoryPages,
      deadlineMs: terms.deadlineMs,
      clockMs: terms.clockMs,
      randomSeed: terms.randomSeed,
      requester: asker,
      context: lease,
      start() {
        if (!usedLeases.use(lease)) throw new RunRefused('lease-used');
        onStart();
        log.info('run.start', { lease, package: terms.package, asker });
        return true;
      },
      signal,
    });
    if (report.reasons !== undefined) throw new RunRefused('claim-refused', report.detail);
    // What cannot be run is paid with its lease too: preparing it was work.
    if (!report.started && !usedLeases.use(lease)) throw new RunRefused('lease-used');
    log.info('run.end', { lease, exit: report.exit, fuel: report.fuelUsed?.toString() ?? null });
    const usage = parts.metering?.state({
      lease,
      fuel: report.fuelUsed ?? 0n,
      memoryPages: report.memoryPages,
      wallMs: report.wallMs,
      exit: report.exit,
      output: report.output?.sha256 ?? new Uint8Array(32),
    });
    return answerOf(report, legs, usage ?? new Uint8Array());
  }

  const counted = (refusal: Refusal): Refusal => {
    metrics.count('run_asks_total', 1, { outcome: refusal.refusal.code });
    return refusal;
  };

  const offExecute = handleForMembers(stoq, executeRequest, async (ask, { member, signal }) => {
    const lack = parts.intake?.lack();
    if (lack !== undefined) return refuse('no-room', Buffer.from(lack.reason));
    using _begun = parts.intake?.begin();
    using slot = slots.take(member);
    if (slot === undefined) return counted(refuse('busy'));
    const admitted = await admitRun(ask, member, parts, signal);
    if (!('terms' in admitted)) return counted(admitted);
    const answer = await orRefusal(() => execute(admitted, member, signal));
    if (!('legs' in answer)) return counted(answer);
    metrics.count('run_asks_total', 1, { outcome: 'executed' });
    return signExecuteAnswer(answer, ask, secretKey);
  });

  const offReexecute = handleForMembers(stoq, reexecuteRequest, async (ask, { member, signal }) => {
    const lack = parts.intake?.lack();
    if (lack !== undefined) return refuse('no-room', Buffer.from(lack.reason));
    using _begun = parts.intake?.begin();
    using slot = slots.take(member);
    if (slot === undefined) return refuse('busy');
    const decoded = decodeReexecuteAsk(ask);
    if (!decoded.ok) return refuse('malformed', Buffer.from(decoded.reason));
    const { receipt, memoryPages, deadlineMs } = decoded.value;
    const opened = readReceipt(receipt);
    if (!opened.ok) return refuse('malformed', Buffer.from(opened.reason));
    const limits = { fuel: opened.receipt.fuel, memoryPages, deadlineMs };
    const excess = excessOf(limits, config);
    if (excess !== undefined) return refuse('over-limits', Buffer.from(excess));
    const verdict = await orRefusal(async () => {
      const executors = await parts.executors();
      const work = () => bringWork(decoded.value, { programs, content, asker: member, tell, signal });
      return executors.reexecute(receipt, { work, ...limits, requester: member, signal });
    });
    if (!('matches' in verdict)) return verdict;
    const { matches } = verdict;
    log.info('run.reexecuted', { package: decoded.value.package, matches });
    const differs = verdict.matches ? '' : verdict.differs;
    return signReexecuteAnswer({ v: 1, matches, differs, receipt: sha256(receipt) }, ask, secretKey);
  });

  const offOffer = handleForMembers(stoq, offerRequest, async (_, { member }) => {
    const executors = await parts.executors();
    return encodeOffer(executors.offer({ node: parts.self, name: config.name, requester: member }));
  });

  return {
    get executing() {
      return slots.taken;
    },
    [Symbol.dispose]() {
      offExecute();
      offReexecute();
      offOffer();
    },
  };
}

function answerOf(report: RunReport, legs: ExecuteAnswer['legs'], usage: Uint8Array): ExecuteAnswer {
  const { exit, detail, fuelUsed, memoryPages, wallMs, output, receipt, statement, limits, log } = report;
  return {
    v: 1,
    exit,
    detail: detail.slice(0, 1000).toWellFormed(),
    fuel: fuelUsed ?? 0n,
    memoryPages,
    wallMs,
    output: output?.bytes ?? new Uint8Array(),
    ...(output?.root === undefined ? {} : { outputRoot: output.root as ContentRoot }),
    outputSize: output?.size ?? 0,
    receipt: receipt ?? new Uint8Array(),
    statement,
    usage,
    limits,
    log: log.slice(0, logLines.most).map((line) => line.slice(0, logLines.length).toWellFormed()),
    legs,
  };
}
