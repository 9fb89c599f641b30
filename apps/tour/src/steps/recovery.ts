import type { NodeStatus } from '@hypermesh/node/control';
import type { NodeProcess } from '../node-process.ts';
import type { StepResult, TourContext } from '../tour.ts';
import { installKilled } from './recovery-install.ts';
import { runKilled } from './recovery-run.ts';

/** Operations that are acknowledged while the validator is gone. */
const operationsWhileDown = 5;

interface Acknowledged {
  readonly id: string;
  readonly height: number;
}

/** A validator is killed, a node in the midst of an install, and one in the midst of a run: nothing that counted is lost. */
export async function recoveryStep(context: TourContext): Promise<StepResult> {
  const validator = await validatorKilled(context);
  const install = await installKilled(context);
  const run = await runKilled(context);
  return { ...validator, ok: validator.ok && install.ok && run.ok, install, run };
}

/**
 * Node 4 is killed with SIGKILL while nodes 1 and 2 keep registering assets, and started again on its files. Nothing
 * that was acknowledged may be missing on it, and no validator may have been seen to vote twice.
 */
async function validatorKilled({ mesh, progress, signal }: TourContext): Promise<StepResult> {
  const [first, second, third, victim] = mesh;
  const acknowledged: Acknowledged[] = [];
  const stopWriting = new AbortController();
  let goneAt = Number.POSITIVE_INFINITY;
  const begun = Promise.withResolvers<void>();
  const enough = Promise.withResolvers<void>();
  const writers = [first, second].map((node) =>
    register(node, stopWriting.signal, (operation) => {
      acknowledged.push(operation);
      begun.resolve();
      progress.live(`${acknowledged.length} operations final`);
      if (acknowledged.length - goneAt >= operationsWhileDown) enough.resolve();
    }),
  );
  const writing = Promise.all(writers);
  const failed = writing.then(() => new Promise<never>(() => undefined));
  await Promise.race([begun.promise, failed, aborted(signal)]);

  await victim.status();
  await victim.kill();
  goneAt = acknowledged.length;
  progress.fact(`${victim.name} killed with SIGKILL after ${goneAt} operations`);
  await Promise.race([enough.promise, failed, aborted(signal)]);
  const whileDown = acknowledged.length - goneAt;
  progress.fact(`${whileDown} more became final without it`);

  const restartedMs = performance.now();
  await victim.start(signal);
  const target = Math.max(...acknowledged.map(({ height }) => height));
  await victim.call('final', { height: target }, { signal, onProgress: progress.live });
  const caughtUpMs = Math.round(performance.now() - restartedMs);
  stopWriting.abort();
  await writing;

  const last = Math.max(...acknowledged.map(({ height }) => height));
  await victim.call('final', { height: last }, { signal });
  const { missing } = await victim.call<{ missing: readonly string[] }>(
    'missing',
    { operations: acknowledged.map(({ id }) => id) },
    { signal },
  );
  const statuses = await Promise.all([first, second, third].map((node) => node.status()));
  const secondVotes = Math.max(...statuses.map((status: NodeStatus) => status.secondVotesSeen));
  progress.fact(
    `${victim.name} restarted and caught up in ${caughtUpMs} ms; ${missing.length} of ${acknowledged.length} operations lost`,
  );
  progress.fact(secondVotes === 0 ? 'nobody saw a second vote' : `${secondVotes} SECOND VOTES were seen`);
  return {
    ok: missing.length === 0 && secondVotes === 0 && whileDown > 0,
    killed: victim.name,
    operations: acknowledged.length,
    finalWhileDown: whileDown,
    caughtUpMs,
    lost: missing.length,
    secondVotes,
  };
}

/** Registers assets one after the other until told to stop; the last one is waited for. */
async function register(
  node: NodeProcess,
  stop: AbortSignal,
  onFinal: (operation: Acknowledged) => void,
): Promise<void> {
  while (!stop.aborted)
    onFinal(await node.call<Acknowledged & object>('register-asset', { note: `note of ${node.name}` }));
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
  );
}
