import type { Progress } from '@hypermesh/client';
import type { InstallReport } from '@hypermesh/node/control';
import type { NodeProcess } from '../node-process.ts';
import type { StepResult, TourContext } from '../tour.ts';
import { publishedToSome } from './payload.ts';

/** Large enough that its fetch lasts, and of bytes that nobody has. */
const payloadBytes = 24 * 2 ** 20;
/** An install that was quicker than the kill shows nothing: it is tried again with other bytes. */
const mostAttempts = 3;

/** A node without a copy is killed in the midst of fetching a package, comes back, and fetches what it does not have. */
export async function installKilled(context: TourContext): Promise<StepResult> {
  const { progress, signal } = context;
  const { victim, spec, killedAt } = await killedInTime(context);
  progress.fact(
    `${victim.name} killed with SIGKILL while it installed ${spec}, ${killedAt} bytes of it here`,
  );

  await victim.start(signal);
  const installed = await victim.call<InstallReport>(
    'install',
    { specs: [spec] },
    { signal, onProgress: progress.live },
  );
  const { bytes, bytesMoved, bytesReused } = installed;
  progress.fact(
    `started again, it finished what it had begun: ${bytesReused} of ${bytes} bytes were here when asked, ${bytesMoved} moved`,
  );
  const ok = killedAt > 0 && bytesReused > 0;
  return { ok, killed: victim.name, package: spec, killedAt, bytes, bytesMoved, bytesReused };
}

async function killedInTime(
  context: TourContext,
): Promise<{ readonly victim: NodeProcess; readonly spec: string; readonly killedAt: number }> {
  for (let attempt = 1; ; attempt++) {
    const { published, victim } = await publishedToSome(context, payloadBytes);
    const spec = `${published.name}@${published.version}`;
    await victim.call('final', { height: published.height }, { signal: context.signal });
    const killedAt = await killWhileFetching(victim, spec, context);
    if (killedAt > 0 || attempt === mostAttempts) return { victim, spec, killedAt };
    if (victim.pid === undefined) await victim.start(context.signal);
  }
}

/** Answers how many bytes had come; 0 where the install was quicker than the kill. */
async function killWhileFetching(
  victim: NodeProcess,
  spec: string,
  { progress, signal }: TourContext,
): Promise<number> {
  let here = 0;
  let killing: Promise<void> | undefined;
  const onProgress = (text: string, { done = 0 }: Progress) => {
    progress.live(text);
    if (killing !== undefined || done === 0) return;
    here = done;
    killing = victim.kill();
  };
  const installing = victim.call('install', { specs: [spec] }, { signal, onProgress });
  const wasCut = await installing.then(
    () => false,
    () => true,
  );
  signal.throwIfAborted();
  await killing;
  return wasCut ? here : 0;
}
