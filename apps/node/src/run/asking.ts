import { writeFile } from 'node:fs/promises';
import { encodeTransaction, type FinalityProof } from '@hypermesh/consensus';
import { fromUtf8, type NodeId, sha256, toHex } from '@hypermesh/core';
import type { Explanation, Limit, NodeOffer, Requirements } from '@hypermesh/executors';
import { explain } from '@hypermesh/executors';
import { NodeError } from '../errors.ts';
import type { FinalOperation } from '../ledger/operations.ts';
import type { LedgerService } from '../ledger/service.ts';
import type { Tell } from '../movement.ts';
import { escrowOf, priceOf } from '../wallet/price.ts';
import { answerFault } from './answer-check.ts';
import type { RunDetails, RunJournal } from './journal.ts';
import { defaultTerms, encodeLeaseTerms, type LeaseTerms } from './lease.ts';
import { type NodeAsks, refusal } from './node-asks.ts';
import type { Metering, Programs, RunContent } from './ports.ts';
import { type ExecuteAnswer, maxInputBytes, maxOutputBytes } from './protocol.ts';
import type { RunRecords } from './records.ts';

/** What a person asks for: one run of a package on another node. */
export interface RunRequest {
  readonly spec: string;
  readonly executor: NodeId;
  /** The node that executes the same again; `undefined`: no second run. */
  readonly auditor: NodeId | undefined;
  readonly fuel: bigint;
  readonly memoryPages: number;
  readonly deadlineMs: number;
  /** What is called instead of what the package names. */
  readonly operation?: string;
  /** Input instead of the package's own. */
  readonly input?: Uint8Array;
  readonly clockMs?: number;
  readonly randomSeed?: Uint8Array;
  /** Base units per 1,000,000 fuel. */
  readonly price?: bigint;
  readonly allocation?: LeaseTerms['allocation'];
  /** A file of this machine that the output is written to. */
  readonly outputFile?: string;
}

/** How a run ended, and what confirms it. Digests are hex; fuel and charge are decimal strings. */
export interface RunOutcome {
  readonly package: string;
  readonly node: string;
  readonly exit: ExecuteAnswer['exit'];
  readonly detail: string;
  readonly outputDigest: string | null;
  readonly outputBytes: number;
  /** The output where it is UTF-8 text of at most 256 KiB: it travels in one line of the control socket. */
  readonly outputText?: string;
  /** Where it was written. */
  readonly outputFile?: string;
  readonly fuel: string;
  /** Base units that the fuel costs at the lease's price. */
  readonly charge: string;
  /** Base units that were put aside for it until it is settled. */
  readonly escrow: string;
  readonly memoryPages: number;
  /** Who executed it again; null where nobody did, and then `reexecution` says why if somebody should have. */
  readonly reexecutedBy: string | null;
  readonly reexecution?: string;
  readonly matches: boolean;
  /** What the executing node found of each leg before it started the program. */
  readonly proofs: ExecuteAnswer['legs'];
  /** Each limit of the run and how the executing node enforced it. */
  readonly limits: readonly Limit[];
  readonly log: readonly string[];
  readonly lease: string;
  readonly height: number;
  readonly provingMs: number;
  readonly finalityMs: number;
  readonly executionMs: number;
}

/** Who can run a package and who cannot, with every requirement. */
export interface ExplainOutcome {
  readonly package: string;
  readonly requirements: Requirements;
  readonly nodes: readonly Explanation[];
  /** Members that did not answer, with why. */
  readonly silent: readonly { readonly name: string; readonly reason: string }[];
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
  /** Asks every member what it offers, and holds the package's requirements and `more` against each. */
  explain(
    spec: string,
    more: Partial<Requirements>,
    tell: Tell,
    signal: AbortSignal,
  ): Promise<ExplainOutcome>;
}

/** What the asking side works with. */
export interface AskingParts {
  readonly ledger: LedgerService;
  readonly programs: Programs;
  readonly content: RunContent;
  readonly asks: NodeAsks;
  readonly metering?: Metering;
  readonly records?: RunRecords;
  /** Where runs are noted as they go. */
  readonly journal?: RunJournal;
  /** This node's own offer and members, for explanations. */
  offerOfSelf(): Promise<NodeOffer>;
  readonly others: readonly NodeId[];
  keyOf(node: NodeId): Uint8Array;
  nameOf(node: NodeId): string;
}

/** Longest output that is shown to the person who asked, bytes. */
const maxShownBytes = 256 * 1024;

const notAgain = { reexecutedBy: null, matches: false } as const;

/** What a lease allows its run, as it is noted. */
export const allowedBy = (terms: LeaseTerms): RunDetails => ({
  fuelLimit: String(terms.fuel),
  memoryPagesLimit: terms.memoryPages,
  deadlineMs: terms.deadlineMs,
  price: String(terms.price),
});

/** Leases, asks, and has the result executed again. `keyOf` gives the Ed25519 key of a member. */
export function createRunService(parts: AskingParts): RunService {
  const { ledger, programs, content, asks, metering, records, journal, keyOf, nameOf } = parts;

  async function leaseBody(request: RunRequest, signal: AbortSignal) {
    const { executor, operation, input, fuel, memoryPages, deadlineMs, clockMs, randomSeed } = request;
    const found = await programs.find(request.spec);
    const terms: LeaseTerms = {
      ...defaultTerms,
      ...found,
      executor,
      ...(operation === undefined ? {} : { operation }),
      ...(input === undefined ? {} : { input: await content.put(checkInput(input), signal) }),
      fuel,
      memoryPages,
      deadlineMs,
      ...(clockMs === undefined ? {} : { clockMs }),
      ...(randomSeed === undefined ? {} : { randomSeed }),
      ...(request.price === undefined ? {} : { price: request.price }),
      ...(request.allocation === undefined ? {} : { allocation: request.allocation }),
    };
    const lease = toHex(crypto.getRandomValues(new Uint8Array(16)));
    return { terms, body: { key: lease, value: encodeLeaseTerms(terms) } };
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
      const matches = await asks.reexecute(auditor, terms, answer.receipt, signal);
      return { reexecutedBy: nameOf(auditor), matches };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof NodeError)) throw error;
      return { ...notAgain, reexecution: error.message };
    }
  }

  /** The output's bytes, brought here where they came as content; none of a run that did not end well. */
  async function outputOf(answer: ExecuteAnswer, from: NodeId, signal: AbortSignal): Promise<Uint8Array> {
    const { exit, outputRoot, output, outputSize } = answer;
    if (exit !== 'ok') return new Uint8Array();
    if (outputRoot === undefined) return output;
    return content.fetch(outputRoot, from, { maxBytes: Math.min(outputSize, maxOutputBytes), signal });
  }

  /** What becomes of a run once its lease is final. */
  async function leased(
    request: RunRequest,
    terms: LeaseTerms,
    final: FinalOperation,
    { tell, signal }: { readonly tell: Tell; readonly signal: AbortSignal },
  ): Promise<RunOutcome> {
    const { executor, outputFile } = request;
    const startedMs = performance.now();
    tell(`${nameOf(executor)} fetches and runs ${terms.package}`);
    const answer = await asks.execute(executor, final.transaction, final.proof, terms, signal);
    const output = await outputOf(answer, executor, signal);
    const executionMs = Math.round(performance.now() - startedMs);
    const asked = { terms, lease: final.id, executorKey: keyOf(executor) };
    const fault = answerFault(answer, output, asked) ?? usageFault(answer, final.id, executor);
    if (fault !== undefined) throw refusal(executor, `its answer does not hold: ${fault}`);
    const isWell = answer.exit === 'ok';
    records?.keep(final.id, { statement: answer.statement, output });
    const again = isWell ? await runAgain(request, terms, answer, { tell, signal }) : notAgain;
    if (isWell && outputFile !== undefined) await writeFile(outputFile, output);
    const text = isWell && output.length <= maxShownBytes ? fromUtf8(output) : undefined;
    return {
      package: terms.package,
      node: nameOf(executor),
      exit: answer.exit,
      detail: answer.detail,
      outputDigest: isWell ? toHex(sha256(output)) : null,
      outputBytes: output.length,
      ...(text?.ok === true && outputFile === undefined ? { outputText: text.text } : {}),
      ...(isWell && outputFile !== undefined ? { outputFile } : {}),
      fuel: answer.fuel.toString(),
      charge: priceOf(answer.fuel, terms.price).toString(),
      escrow: (escrowOf(terms) ?? 0n).toString(),
      memoryPages: answer.memoryPages,
      ...again,
      proofs: answer.legs,
      limits: answer.limits as readonly Limit[],
      log: answer.log,
      lease: final.id,
      height: final.height,
      provingMs: Math.round(final.provingMs),
      finalityMs: Math.round(final.finalityMs),
      executionMs,
    };
  }

  return {
    execute: asks.execute,
    async prepareLease(request, signal) {
      const { body } = await leaseBody(request, signal);
      const { operation, proof } = await ledger.prepare('lease.commit', body, signal);
      return encodeTransaction({ operation, proof });
    },
    async run(request, tell, signal) {
      const askedMs = Date.now();
      const { terms, body } = await leaseBody(request, signal);
      tell('proving space, time, work and stake, and ordering the lease');
      const final = await ledger.act('lease.commit', body, signal);
      const { executor } = request;
      const noted = journal?.begin(
        { lease: final.id, role: 'asked', package: terms.package, with: executor, startedMs: askedMs },
        { ...allowedBy(terms), height: final.height },
      );
      try {
        const outcome = await leased(request, terms, final, { tell, signal });
        const { exit, detail, fuel, memoryPages, charge, log, limits, proofs, reexecution } = outcome;
        const { provingMs, finalityMs, executionMs } = outcome;
        const again = outcome.reexecutedBy === null ? null : (request.auditor ?? null);
        noted?.ended(
          {
            ...{ exit, detail, fuel, memoryPages, charge, reexecutedBy: again },
            matches: again === null ? null : outcome.matches,
          },
          {
            ...{ log, limits, proofs, timings: { provingMs, finalityMs, executionMs } },
            ...(reexecution === undefined ? {} : { reexecution }),
          },
        );
        return outcome;
      } catch (error) {
        noted?.failed(error instanceof Error ? error.message : String(error));
        throw error;
      }
    },
    async explain(spec, more, tell, signal) {
      const found = await programs.find(spec);
      const requirements = { ...(await programs.requirements(found, tell, signal)), ...more };
      const offers = [await parts.offerOfSelf()];
      const silent: { name: string; reason: string }[] = [];
      await Promise.all(
        parts.others.map(async (node) => {
          try {
            offers.push({ ...(await asks.offer(node, signal)), node, name: nameOf(node) });
          } catch (error) {
            signal.throwIfAborted();
            if (!(error instanceof NodeError)) throw error;
            silent.push({ name: nameOf(node), reason: error.message });
          }
        }),
      );
      const nodes = explain(
        requirements,
        offers.sort((a, b) => (a.name < b.name ? -1 : 1)),
      );
      return { package: found.package, requirements, nodes, silent };
    },
  };

  /** What is wrong with the statement that the executing node wants to be paid by. */
  function usageFault({ usage, fuel }: ExecuteAnswer, lease: string, executor: NodeId): string | undefined {
    const fault = metering?.accept(usage, { lease, executor, fuel });
    return fault === undefined ? undefined : `its statement of use ${fault}`;
  }
}

function checkInput(input: Uint8Array): Uint8Array {
  if (input.length <= maxInputBytes) return input;
  throw new NodeError(
    { code: 'node/bad-flag', flag: '--input', next: `give at most ${maxInputBytes} bytes` },
    `An input of ${input.length} bytes is too large`,
  );
}
