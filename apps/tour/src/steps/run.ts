import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { decodeProof, decodeTransaction, encodeTransaction } from '@hypermesh/consensus';
import { fromHex, toHex } from '@hypermesh/core';
import { dataPath, referenceOf } from '@hypermesh/example-anagrams';
import { attacks, packageFolder as hostileFolder } from '@hypermesh/example-hostile';
import {
  documentPath,
  libraryFolder,
  packageFolder as markdownFolder,
  referenceOf as referenceOfPage,
} from '@hypermesh/example-markdown';
import type { PublishReport, RunOutcome } from '@hypermesh/node/control';
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

/**
 * Node 2 asks, node 3 executes, node 4 executes again: a WebAssembly program, then a library of somebody else in
 * JavaScript. A hostile package is stopped, each attack for its own reason. At last a proof that somebody altered.
 */
export async function runStep(context: TourContext): Promise<StepResult> {
  const runs = [await honestRun(context), await libraryRun(context)];
  runs.push(...(await hostileRuns(context)));
  runs.push(await tamperedRun(context));
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

/** `marked`, as npm has it, turns this repository's README into a page; checked against the same library in this Node. */
async function libraryRun(context: TourContext): Promise<RunReport> {
  const { mesh, progress, signal } = context;
  const [, asker, executor, auditor] = mesh;
  const library = await publishSource(context, `npm-folder:${libraryFolder().folder}`);
  const spec = await publishScript(context, 'markdown-page', markdownFolder(), { marked: library.version });
  const outputFile = join(context.scratch, 'page.html');
  const outcome = await asker.call<RunOutcome>(
    'run',
    { spec, on: executor.name, audit: auditor.name, inputFile: documentPath(), outputFile },
    { signal, onProgress: progress.live },
  );
  const expected = await referenceOfPage(await readFile(documentPath()));
  const right = outcome.exit === 'ok' && (await readFile(outputFile, 'utf8')) === expected;
  progress.fact(
    `${executor.name} ran ${spec}: marked ${libraryFolder().version} made ${outcome.outputBytes} bytes of HTML of the README, fuel ${outcome.fuel}`,
  );
  progress.fact(
    `${outcome.reexecutedBy} executed it again: ${outcome.matches ? 'same output, same fuel' : 'DIFFERENT'}; the page ${right ? 'equals' : 'DIFFERS FROM'} what Node makes of it`,
  );
  return {
    ...outcome,
    expected: 'ok',
    matches: outcome.matches && right,
    library: `marked ${libraryFolder().version}`,
  };
}

/** A package that means harm: it is stopped for its own reason each time, and what behaves in it still runs. */
async function hostileRuns(context: TourContext): Promise<RunReport[]> {
  const { mesh, progress, signal } = context;
  const [, asker, executor, auditor] = mesh;
  const spec = await publishScript(context, 'hostile', hostileFolder());
  const reports: RunReport[] = [];
  for (const { operation, expected } of [...attacks, { operation: 'default', expected: 'ok' }]) {
    const outcome = await asker.call<RunOutcome>(
      'run',
      { spec, operation, on: executor.name, audit: auditor.name, fuel: '400000000', memoryPages: 256 },
      { signal, onProgress: progress.live },
    );
    const isStopped = expected !== 'ok';
    reports.push({
      ...outcome,
      operation,
      expected,
      matches: isStopped ? outcome.exit === expected : outcome.matches,
    });
  }
  progress.fact(
    `a hostile package: ${reports.map(({ operation, exit }) => `${String(operation)} ends ${exit}`).join(', ')}`,
  );
  return reports;
}

/** Node 1 publishes a script; on a resumed mesh its next version. Answers what to run. */
async function publishScript(
  context: TourContext,
  name: string,
  folder: string,
  dependencies: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { mesh, signal, scratch } = context;
  const [publisher] = mesh;
  const known = await publisher.call<{ versions: readonly string[] }>('versions', { name }, { signal });
  const version = `1.0.${known.versions.length}`;
  const to = join(scratch, name);
  await mkdir(to, { recursive: true });
  await copyFile(join(folder, 'index.js'), join(to, 'index.js'));
  const document = {
    apiVersion: 'catalog.v1',
    kind: 'AssetPackage',
    metadata: { name, version },
    spec: {
      description: `the example ${name}`,
      type: 'library.javascript',
      content: { files: ['index.js'], entrypoint: 'index.js' },
      dependencies: Object.entries(dependencies).map(([on, range]) => ({ name: on, version: range })),
    },
  };
  await writeFile(join(to, 'catalog.yaml'), JSON.stringify(document));
  await publishSource(context, to);
  return `${name}@${version}`;
}

/** Node 1 publishes; resolves when node 2 knows of it. */
async function publishSource(
  { mesh, progress, signal }: TourContext,
  source: string,
): Promise<PublishReport> {
  const [publisher, asker] = mesh;
  const published = await publisher.call<PublishReport>(
    'publish',
    { source },
    { signal, onProgress: progress.live },
  );
  await asker.call('final', { height: published.height }, { signal });
  return published;
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
