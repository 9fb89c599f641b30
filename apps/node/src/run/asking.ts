import { encodeTransaction, type FinalityProof } from '@hypermesh/consensus';
import { encodeFinalityProof } from '@hypermesh/consensus/light';
import { equalBytes, fromUtf8, type NodeId, type OperationId, sha256, toHex } from '@hypermesh/core';
import { NodeError } from '../errors.ts';
import type { LedgerService } from '../ledger/service.ts';
import { requestOf, textOfPeer } from '../mesh/members.ts';
import type { Peers } from '../mesh/peers.ts';
import type { PackageService, Tell } from '../package/service.ts';
import { defaultPrice, escrowOf, priceOf } from '../wallet/price.ts';
import type { Receipts } from '../wallet/receipts.ts';
import { openUsage } from '../wallet/usage-receipt.ts';
import { answerFault } from './answer-check.ts';
import { encodeLeaseTerms, type LeaseTerms } from './lease.ts';
import {
  type ExecuteAnswer,
  encodeExecuteAsk,
  encodeReexecuteAsk,
  executeRequest,
  openExecuteAnswer,
  openReexecuteAnswer,
  reexecuteRequest,
} from './protocol.ts';

/** What a person asks for: one run of a package on another node. */
export interface RunRequest {
  readonly spec: string;
  readonly executor: NodeId;
  /** The node that executes the same again; `undefined`: no second run. */
  readonly auditor: NodeId | undefined;
  readonly fuel: bigint;
  readonly memoryPages: number;
  readonly deadlineMs: number;
  /** Base units for 1,000,000 fuel, default 10. */
  readonly price?: bigint;
  /** Default `public`. */
  readonly allocation?: LeaseTerms['allocation'];
}

/** How a run ended, and what confirms it. Digests are hex; fuel is a decimal string. */
export interface RunOutcome {
  readonly package: string;
  readonly node: string;
  readonly exit: ExecuteAnswer['exit'];
  readonly detail: string;
  readonly outputDigest: string | null;
  /** The output where it is UTF-8 text of at most 256 KiB: it travels in one line of the control socket. */
  readonly outputText?: string;
  readonly fuel: string;
  /** Who executed it again; null where nobody did, and then `reexecution` says why if somebody should have. */
  readonly reexecutedBy: string | null;
  readonly reexecution?: string;
  readonly matches: boolean;
  /** What the executing node found of each leg before it started the program. */
  readonly proofs: ExecuteAnswer['legs'];
  readonly lease: string;
  /** Base units, decimal: what the run costs, and what was put aside for it until it is settled. */
  readonly charge: string;
  readonly escrow: string;
  readonly height: number;
  readonly provingMs: number;
  readonly finalityMs: number;
  readonly executionMs: number;
}

/** The asking side of runs. */
export interface RunService {
  run(request: RunRequest, tell: Tell, signal: AbortSignal): Promise<RunOutcome>;
  /** The `lease.commit` operation of such a run with its four proofs, not submitted. */
  prepareLease(request: RunRequest, signal: AbortSignal): Promise<Uint8Array>;
  /** Asks `executor` to run what a transaction leases. Throws `node/operation-refused` where it refuses the proofs. */
  execute(
    executor: NodeId,
    transaction: Uint8Array,
    proof: FinalityProof | undefined,
    limits: { readonly deadlineMs: number },
    signal: AbortSignal,
  ): Promise<ExecuteAnswer>;
}

/** Longest output that is shown to the person who asked, bytes. */
const maxShownBytes = 256 * 1024;
/** Time beyond a run's own deadline that the executing node has for fetching, checking and answering. */
const answerMarginMs = 60_000;

const notAgain = { reexecutedBy: null, matches: false } as const;

/** Leases, asks, and has the result executed again. `keyOf` gives the Ed25519 key of a member. */
export function createRunService(parts: {
  readonly ledger: LedgerService;
  readonly peers: Peers;
  readonly packages: PackageService;
  readonly receipts: Receipts;
  keyOf(node: NodeId): Uint8Array;
  nameOf(node: NodeId): string;
}): RunService {
  const { ledger, peers, packages, receipts, keyOf, nameOf } = parts;

  function leaseBody(request: RunRequest) {
    const { key, record } = packages.resolve(request.spec);
    const terms: LeaseTerms = {
      v: 1,
      executor: request.executor,
      package: key,
      document: record.document,
      dependencies: {},
      fuel: request.fuel,
      memoryPages: request.memoryPages,
      deadlineMs: request.deadlineMs,
      price: request.price ?? defaultPrice,
      allocation: request.allocation ?? 'public',
    };
    const lease = toHex(crypto.getRandomValues(new Uint8Array(16)));
    return { terms, body: { key: lease, value: encodeLeaseTerms(terms) } };
  }

  async function execute(
    ...[executor, transaction, proof, { deadlineMs }, signal]: Parameters<RunService['execute']>
  ) {
    const ask = encodeExecuteAsk({
      v: 1,
      transaction,
      proof: proof === undefined ? new Uint8Array() : encodeFinalityProof(proof),
    });
    const peer = await peers.sessionWith(executor, signal);
    const reply = await peer.request(executeRequest, ask, {
      signal,
      deadlineMs: deadlineMs + answerMarginMs,
    });
    signal.throwIfAborted();
    if (!reply.ok) throw refusal(executor, reply.code ?? reply.reason, reply.body);
    const opened = openExecuteAnswer(reply.body, ask, keyOf(executor));
    if (!opened.ok) throw refusal(executor, `its answer does not hold: ${opened.reason}`);
    return opened.answer;
  }

  async function reexecute(
    auditor: NodeId,
    terms: LeaseTerms,
    answer: ExecuteAnswer,
    signal: AbortSignal,
  ): Promise<boolean> {
    const ask = encodeReexecuteAsk({
      v: 1,
      package: terms.package,
      document: terms.document,
      receipt: answer.receipt,
      memoryPages: terms.memoryPages,
      deadlineMs: terms.deadlineMs,
    });
    const peer = await peers.sessionWith(auditor, signal);
    const reply = await requestOf(peer, reexecuteRequest, ask, {
      signal,
      deadlineMs: terms.deadlineMs + answerMarginMs,
    });
    const opened = openReexecuteAnswer(reply, ask, keyOf(auditor));
    if (!opened.ok) throw refusal(auditor, `its answer does not hold: ${opened.reason}`);
    return opened.answer.matches && toHex(opened.answer.receipt) === toHex(sha256(answer.receipt));
  }

  /** What is wrong with the signed usage that comes with an answer, in words. */
  function usageFault(answer: ExecuteAnswer, terms: LeaseTerms, lease: OperationId): string | undefined {
    const opened = openUsage(answer.usage, ledger.chainId);
    if (!opened.ok) return `its usage cannot be read: ${opened.reason}`;
    const { usage } = opened;
    if (usage.lease !== lease || usage.executor !== terms.executor) return 'its usage is of another lease';
    if (usage.fuel !== answer.fuel) return 'the fuel is not the one that its usage names';
    const isOutput = answer.exit !== 'ok' || equalBytes(usage.output, sha256(answer.output));
    return isOutput ? undefined : 'the output is not the one that its usage names';
  }

  /** A second execution that cannot be had does not take away the first one's result. */
  async function runAgain(
    { auditor }: RunRequest,
    terms: LeaseTerms,
    answer: ExecuteAnswer,
    { tell, signal }: { readonly tell: Tell; readonly signal: AbortSignal },
  ): Promise<Pick<RunOutcome, 'reexecutedBy' | 'reexecution' | 'matches'>> {
    if (auditor === undefined) return notAgain;
    tell(`${nameOf(auditor)} runs it again`);
    try {
      const matches = await reexecute(auditor, terms, answer, signal);
      return { reexecutedBy: nameOf(auditor), matches };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof NodeError)) throw error;
      return { ...notAgain, reexecution: error.message };
    }
  }

  return {
    execute,
    async prepareLease(request, signal) {
      const { operation, proof } = await ledger.prepare('lease.commit', leaseBody(request).body, signal);
      return encodeTransaction({ operation, proof });
    },
    async run(request, tell, signal) {
      const { terms, body } = leaseBody(request);
      tell('proving space, time, work and stake, and ordering the lease');
      const final = await ledger.act('lease.commit', body, signal);
      const startedMs = performance.now();
      tell(`${nameOf(request.executor)} fetches and runs ${terms.package}`);
      const answer = await execute(request.executor, final.transaction, final.proof, terms, signal);
      const executionMs = Math.round(performance.now() - startedMs);
      const fault = answerFault(answer, terms) ?? usageFault(answer, terms, final.id);
      if (fault !== undefined) throw refusal(request.executor, `its answer does not hold: ${fault}`);
      receipts.put(final.id, answer.usage);
      const again =
        answer.exit === 'ok' ? await runAgain(request, terms, answer, { tell, signal }) : notAgain;
      const text = answer.output.length <= maxShownBytes ? fromUtf8(answer.output) : { ok: false as const };
      return {
        package: terms.package,
        node: nameOf(request.executor),
        exit: answer.exit,
        detail: answer.detail,
        outputDigest: answer.exit === 'ok' ? toHex(sha256(answer.output)) : null,
        ...(answer.exit === 'ok' && text?.ok ? { outputText: text.text } : {}),
        fuel: answer.fuel.toString(),
        ...again,
        proofs: answer.legs,
        lease: final.id,
        charge: String(priceOf(answer.fuel, terms.price)),
        escrow: String(escrowOf(terms)),
        height: final.height,
        provingMs: Math.round(final.provingMs),
        finalityMs: Math.round(final.finalityMs),
        executionMs,
      };
    },
  };
}

/** A refusal of the proofs names the leg: `proof-refused` with the body `LEG: REASON`. */
function refusal(by: NodeId, code: string, body?: Uint8Array): NodeError {
  const detail = textOfPeer(body);
  if (code === 'proof-refused') {
    const [leg = ''] = detail.split(': ', 1);
    const reason = detail.slice(leg.length + 2);
    return new NodeError(
      {
        code: 'node/operation-refused',
        leg,
        reason,
        next: 'make the operation again: proofs hold for one operation and a while',
      },
      `${by} refused the proof: ${detail}`,
    );
  }
  const reason = detail === '' ? code : `${code}: ${detail}`;
  return new NodeError(
    { code: 'node/refused', by, reason, next: 'see the log of that node for more' },
    `${by} refused: ${reason}`,
  );
}
