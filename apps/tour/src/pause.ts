import type { Mesh } from './mesh.ts';
import type { Progress } from './progress.ts';

/**
 * Holds the tour still while an outsider looks at the nodes or interferes with them: until a line comes on standard
 * input, or the process gets SIGCONT, which also works where there is no input. Rejects with the reason of `signal`.
 */
export async function pauseAfter(
  step: string,
  {
    mesh,
    progress,
    signal,
  }: { readonly mesh: Mesh; readonly progress: Progress; readonly signal: AbortSignal },
): Promise<void> {
  const { stdin } = process;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const go = () => resolve();
  const stop = () => reject(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  process.once('SIGCONT', go);
  stdin.on('data', go).resume();
  // Standard input may be closed, and no signal handler keeps a process alive.
  const alive = setInterval(() => undefined, 60_000);
  // Only now may somebody be told: a signal that comes before its handler is lost.
  progress.settle();
  progress.line(`\nPaused after ${step}. The nodes run on:`);
  for (const { name, pid, directory } of mesh) progress.line(`  ${name}  process ${pid}  ${directory}`);
  progress.line(`Press Enter to go on, or: kill -CONT ${process.pid}`);
  try {
    await promise;
  } finally {
    clearInterval(alive);
    stdin.off('data', go).pause();
    process.off('SIGCONT', go);
    signal.removeEventListener('abort', stop);
  }
}
