import type { PublishReport } from '@hypermesh/node/control';
import { type Mesh, startMesh } from './mesh.ts';
import { pauseAfter } from './pause.ts';
import type { Progress } from './progress.ts';
import type { StepName } from './step-names.ts';
import { genesisStep } from './steps/genesis.ts';
import { installStep } from './steps/install.ts';
import { lookStep } from './steps/look.ts';
import { publishStep } from './steps/publish.ts';
import { recoveryStep } from './steps/recovery.ts';
import { remoteMemoryStep } from './steps/remote-memory.ts';
import { runStep } from './steps/run.ts';
import { settleStep } from './steps/settle.ts';

/** What every step works with. Steps leave for later ones what those need in `seen`. */
export interface TourContext {
  readonly mesh: Mesh;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** A folder for files of the tour itself. */
  readonly scratch: string;
  readonly seen: {
    version?: string;
    publishedAt?: number;
    lease?: string;
    published?: readonly PublishReport[];
  };
}

/** What a step found: facts for the JSON report, beside its name, verdict and duration. */
export type StepResult = { readonly ok: boolean } & Readonly<Record<string, unknown>>;

/** One step of the report. */
export interface StepReport {
  readonly name: string;
  readonly ok: boolean;
  readonly durationMs: number;
  readonly [fact: string]: unknown;
}

const steps: readonly {
  readonly name: StepName;
  readonly title: string;
  run(context: TourContext): Promise<StepResult>;
}[] = [
  { name: 'genesis', title: '1. Genesis: four nodes agree on a first block', run: genesisStep },
  { name: 'publish', title: '2. Publish: a package is signed, logged and ordered', run: publishStep },
  { name: 'install', title: '3. Install: another node fetches and verifies it', run: installStep },
  { name: 'run', title: '4. Run: a third node executes it, a fourth confirms', run: runStep },
  {
    name: 'remote-memory',
    title: '5. Remote memory: one node lends, another uses it, and it ends',
    run: remoteMemoryStep,
  },
  { name: 'settle', title: '6. Settle: the run is paid from what was used', run: settleStep },
  { name: 'recovery', title: '7. Recovery: a validator is killed and comes back', run: recoveryStep },
  { name: 'look', title: '8. Look: what a node shows while it happens', run: lookStep },
];

/** Runs all steps; a failed one ends the tour and is the last of the report. Stands still after those in `pauses`. */
export async function runTour(
  context: TourContext,
  pauses: readonly StepName[],
  onStep: (report: StepReport) => void,
): Promise<boolean> {
  for (const { name, title, run } of steps) {
    context.signal.throwIfAborted();
    context.progress.step(title);
    const startedMs = performance.now();
    const report = (result: StepResult) => {
      const { ok, ...facts } = result;
      onStep({ name, ok, durationMs: Math.round(performance.now() - startedMs), ...facts });
      return ok;
    };
    try {
      if (name === 'genesis') await startMesh(context.mesh, context.progress, context.signal);
      if (!report(await run(context))) return false;
    } catch (error) {
      report({ ok: false, error: describe(error) });
      return false;
    }
    if (pauses.includes(name)) await pauseAfter(name, context);
  }
  return true;
}

function describe(error: unknown): object {
  const failure = error instanceof Error && 'failure' in error ? (error.failure as object) : {};
  return { code: 'tour/failed', ...failure, message: error instanceof Error ? error.message : String(error) };
}
