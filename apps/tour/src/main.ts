import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { writeEvidence } from './evidence.ts';
import { describeMesh, type Mesh, stopMesh } from './mesh.ts';
import type { TourOptions } from './options.ts';
import type { Progress } from './progress.ts';
import { pagesOf } from './steps/look.ts';
import { runTour, type StepReport } from './tour.ts';

/** What `--json` prints as the last line of stdout. */
interface TourReport {
  readonly ok: boolean;
  readonly durationMs: number;
  readonly nodes: readonly {
    readonly name: string;
    readonly address: string;
    readonly peakResidentBytes: number;
  }[];
  readonly steps: readonly StepReport[];
  readonly error?: object;
}

/** Runs the tour as asked; answers the exit code. Every process it started has ended when it resolves. */
export async function main(
  options: TourOptions,
  { progress, startedMs }: { readonly progress: Progress; readonly startedMs: number },
): Promise<number> {
  const interrupt = new AbortController();
  const stop = (name: NodeJS.Signals) => interrupt.abort(new Error(`stopped by ${name}`));
  process.once('SIGINT', stop).once('SIGTERM', stop).once('SIGHUP', stop);

  const scratch = join(tmpdir(), `hypermesh-tour-${randomUUID()}`);
  const folder = options.data ?? (options.once ? scratch : '.hypermesh');
  const mesh = describeMesh(resolve(folder));
  const steps: StepReport[] = [];
  let ok = false;
  let failure: object | undefined;
  let nodes: TourReport['nodes'] = [];
  try {
    await mkdir(scratch, { mode: 0o700 });
    const context = { mesh, progress, signal: interrupt.signal, scratch, seen: {} };
    ok = await runTour(context, options.pauseAfter, (step) => {
      steps.push(step);
      if (!step.ok)
        progress.line(
          `  FAILED: ${(step['error'] as { message?: string } | undefined)?.message ?? 'see the facts above'}`,
        );
    });
    if (ok && options.keep) {
      progress.live('writing the evidence');
      const evidence = resolve(folder, 'evidence');
      await writeEvidence(mesh, evidence, interrupt.signal);
      progress.line(`\nEvidence for outsiders: ${evidence} (its README.md says how to check it)`);
    }
    nodes = await describeNodes(mesh);
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    progress.line(
      ok
        ? `\nAll steps done in ${seconds} s.`
        : `\nThe tour failed after ${seconds} s; logs are in ${folder}/*/daemon.log`,
    );
    if (ok && !options.once) await stayUp(mesh, folder, progress, interrupt.signal);
  } catch (error) {
    failure = { code: 'tour/failed', message: error instanceof Error ? error.message : String(error) };
    progress.line(`\nStopped: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    await stopMesh(mesh);
    if (options.keep) progress.line(`Kept: ${folder}`);
    else await rm(scratch, { recursive: true, force: true });
  }
  const report: TourReport = {
    ok,
    durationMs: Math.round(performance.now() - startedMs),
    nodes,
    steps,
    ...(failure === undefined ? {} : { error: failure }),
  };
  if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`);
  return ok ? 0 : 1;
}

async function describeNodes(mesh: Mesh): Promise<TourReport['nodes']> {
  const described = await Promise.allSettled(mesh.map((node) => node.status()));
  return described.flatMap((answer, index) =>
    answer.status === 'rejected'
      ? []
      : [
          {
            name: mesh[index]?.name ?? '',
            address: answer.value.address,
            peakResidentBytes: mesh[index]?.peakResidentBytes ?? 0,
          },
        ],
  );
}

/** Leaves the nodes running until the signal; says so when one ends by itself. */
async function stayUp(mesh: Mesh, folder: string, progress: Progress, signal: AbortSignal): Promise<void> {
  const [first] = mesh;
  const pages = await Promise.all(
    mesh.map(async (node) => `  ${node.name.padEnd(6)} ${await pagesOf(node)}`),
  );
  progress.line(`
The mesh stays up until Ctrl-C and resumes from ${folder} the next time. Meanwhile look at it in a browser (the links
are secrets: whoever has one can do what the owner of the node can):
${pages.join('\n')}
or in another terminal:
  npx -y pnpm@12 hypermesh status --data ${first.directory}
  npx -y pnpm@12 hypermesh --help`);
  for (const { name, directory, ended } of mesh) {
    void ended().then(() => {
      if (!signal.aborted) progress.line(`${name} ended by itself; see ${directory}/daemon.log`);
    });
  }
  await new Promise<void>((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  progress.line('Stopping the nodes.');
}
