import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { decodeProof, decodeTransaction, encodeTransaction } from '@hypermesh/consensus';
import { fromHex, toHex } from '@hypermesh/core';
import { dataPath, referenceOf } from '@hypermesh/example-anagrams';
import type { RunOutcome } from '@hypermesh/node/control';
import type { StepResult, TourContext } from '../tour.ts';
import { packageName } from './publish.ts';

/** One row of the report; fuel is a decimal string, digests are hex. */
interface RunReport {
  readonly package: string;
  readonly node: string;
  readonly exit: string;
  readonly expected: string;
  readonly outputDigest: string | null;
  readonly fuel: string;
  readonly reexecutedBy: string | null;
  readonly matches: boolean;
  readonly proofs: Readonly<Record<'space' | 'stake' | 'work' | 'time', string>>;
  readonly [fact: string]: unknown;
}

/** Node 2 asks, node 3 executes, node 4 executes again. Then the same with a proof that somebody altered. */
export async function runStep(context: TourContext): Promise<StepResult> {
  const runs = [await honestRun(context), await tamperedRun(context)];
  return { ok: runs.every(({ exit, expected, matches }) => exit === expected && matches), runs };
}

async function honestRun({ mesh, progress, signal, seen }: TourContext): Promise<RunReport> {
  const [, asker, executor, auditor] = mesh;
  const spec = `${packageName}@${seen.version}`;
  const outcome = await asker.call<RunOutcome>(
    'run',
    { spec, on: executor.name, audit: auditor.name },
    { signal, onProgress: progress.live },
  );
  seen.lease = outcome.lease;
  const expected = referenceOf(await readFile(dataPath()));
  const right =
    outcome.outputText !== undefined && isDeepStrictEqual(JSON.parse(outcome.outputText), expected);
  progress.fact(
    `${executor.name} ran ${spec} for ${asker.name}: ${outcome.exit}, fuel ${outcome.fuel}, proofs valid on all four legs`,
  );
  progress.fact(
    `${outcome.reexecutedBy} executed it again: ${outcome.matches ? 'same output, same fuel' : 'DIFFERENT'}`,
  );
  progress.fact(
    `the result ${right ? 'equals' : 'DIFFERS FROM'} an independent computation: ${JSON.stringify(summary(expected))}`,
  );
  const { outputText: _, ...facts } = outcome;
  return { ...facts, expected: 'ok', matches: outcome.matches && right, result: summary(expected) };
}

/** The numbers of a report that fit a line. */
function summary(report: object): object {
  return Object.fromEntries(Object.entries(report).filter(([, value]) => typeof value === 'number'));
}

/**
 * A lease whose time leg was altered by one bit: the ledger refuses the operation, and the executing node, asked all
 * the same, refuses to start. Both name the leg.
 */
async function tamperedRun({ mesh, progress, signal, seen }: TourContext): Promise<RunReport> {
  const [, asker, executor] = mesh;
  const spec = `${packageName}@${seen.version}`;
  const { transaction } = await asker.call<{ transaction: string }>(
    'prepare-lease',
    { spec, on: executor.name },
    { signal, onProgress: progress.live },
  );
  const altered = alterTimeLeg(transaction);
  const byLedger = await refusalOf(() => asker.call('submit', { transaction: altered }, { signal }));
  const byExecutor = await refusalOf(() =>
    asker.call('execute', { transaction: altered, on: executor.name }, { signal }),
  );
  progress.fact(`an altered proof: the ledger refuses it (${byLedger.leg}: ${byLedger.reason})`);
  progress.fact(
    `${executor.name}, asked all the same, does not start it (${byExecutor.leg}: ${byExecutor.reason})`,
  );
  const named = byLedger.leg === 'time' && byExecutor.leg === 'time';
  return {
    package: spec,
    node: executor.name,
    exit: named ? 'denied' : 'ok',
    expected: 'denied',
    outputDigest: null,
    fuel: '0',
    reexecutedBy: null,
    matches: named,
    proofs: {
      space: 'untouched',
      stake: 'untouched',
      work: 'untouched',
      time: `refused: ${byLedger.reason}`,
    },
    tampered: 'time',
    refusedBy: { ledger: byLedger, executor: byExecutor },
  };
}

function alterTimeLeg(transaction: string): string {
  const bytes = fromHex(transaction);
  const decoded = bytes.ok ? decodeTransaction(bytes.bytes) : bytes;
  if (!decoded.ok) throw new Error(`the node prepared no transaction: ${decoded.reason}`);
  const proof = decodeProof(decoded.encoded.proof);
  if (!proof.ok) throw new Error(`the node prepared no proof: ${proof.reason}`);
  const { operation } = decoded;
  const { time } = proof.proof;
  const y = time.y.slice();
  y[y.length - 1] = (y[y.length - 1] ?? 0) ^ 1;
  return toHex(encodeTransaction({ operation, proof: { ...proof.proof, time: { ...time, y } } }));
}

async function refusalOf(
  attempt: () => Promise<object>,
): Promise<{ readonly leg: string; readonly reason: string }> {
  try {
    await attempt();
  } catch (error) {
    const failure =
      error instanceof Error && 'failure' in error ? (error.failure as Record<string, unknown>) : {};
    if (failure['code'] !== 'node/operation-refused') throw error;
    return { leg: String(failure['leg']), reason: String(failure['reason']) };
  }
  return { leg: 'none', reason: 'it was accepted' };
}
