import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { documentPath, referenceOf } from '@hypermesh/example-markdown';
import type { RunOnSome } from '@hypermesh/node/control';
import type { StepResult, TourContext } from '../tour.ts';

/** How often the document stands in the input, so that the run lasts for some seconds. */
const times = 8;
/** How long the run is left alone before its node is killed. */
const leftAloneMs = 500;

/** The executing node is killed in the midst of a run: another one is asked, and the result is right. */
export async function runKilled({ mesh, progress, signal, scratch }: TourContext): Promise<StepResult> {
  const [, asker] = mesh;
  const input = Buffer.from((await readFile(documentPath(), 'utf8')).repeat(times));
  const [inputFile, outputFile] = [join(scratch, 'long.md'), join(scratch, 'long.html')];
  await writeFile(inputFile, input);
  let victim = '';
  let killing: Promise<void> | undefined;
  const onProgress = (text: string) => {
    progress.live(text);
    const [, name] = /^(\S+) fetches and runs/.exec(text) ?? [];
    const node = mesh.find((each) => each.name === name);
    if (node === undefined || killing !== undefined) return;
    victim = node.name;
    killing = wait(leftAloneMs, undefined, { signal }).then(() => node.kill());
  };
  const outcome = await asker.call<RunOnSome>(
    'run',
    { spec: 'markdown-page', inputFile, outputFile, fuel: '90000000000', deadlineMs: 60_000 },
    { signal, onProgress },
  );
  await killing;
  const isRight = (await readFile(outputFile, 'utf8')) === (await referenceOf(input));
  progress.fact(
    `${outcome.lost.join(', ') || 'nobody'} killed with SIGKILL in the midst of a run; ${outcome.node} ran it instead, the page ${isRight ? 'is right' : 'is WRONG'}`,
  );
  const node = mesh.find(({ name }) => name === victim);
  await node?.start(signal);
  await node?.call('final', { height: outcome.height }, { signal });
  progress.fact(`${victim} came back and has block ${outcome.height}`);
  const ok = isRight && outcome.exit === 'ok' && outcome.lost.includes(victim) && outcome.node !== victim;
  return {
    ok,
    killed: victim,
    lost: outcome.lost,
    ranOn: outcome.node,
    exit: outcome.exit,
    lease: outcome.lease,
  };
}
