import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dataDirectory, type InstallReport, type PublishReport } from '@hypermesh/node/control';
import type { NodeProcess } from '../node-process.ts';
import type { StepResult, TourContext } from '../tour.ts';

/** Large enough that its fetch lasts, and of bytes that nobody has. */
const payloadBytes = 24 * 2 ** 20;
/** The node is killed when so much of it is there. */
const killedAtPart = 0.2;
const mostAttempts = 3;

/** A node without a copy is killed in the midst of fetching a package, comes back, and fetches what it does not have. */
export async function installKilled(context: TourContext): Promise<StepResult> {
  const { progress, signal } = context;
  const { published, victim } = await publishedToSome(context);
  const spec = `${published.name}@${published.version}`;
  await victim.call('final', { height: published.height }, { signal });
  const killedAt = await killWhileFetching(victim, spec, context);
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

/** Answers how many bytes had come; 0 where the install was quicker than the kill. */
async function killWhileFetching(
  victim: NodeProcess,
  spec: string,
  { progress, signal }: TourContext,
): Promise<number> {
  let here = 0;
  let killing: Promise<void> | undefined;
  const onProgress = (text: string) => {
    progress.live(text);
    const [, done, total] = /: (\d+) of (\d+) bytes/.exec(text) ?? [];
    if (killing !== undefined || done === undefined || Number(total) === 0) return;
    if (Number(done) < Number(total) * killedAtPart) return;
    here = Number(done);
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

/** Publishes until some node has nothing of it: a holder that answered late was made up for by another. */
async function publishedToSome(
  context: TourContext,
): Promise<{ readonly published: PublishReport; readonly victim: NodeProcess }> {
  for (let attempt = 1; ; attempt++) {
    const published = await publishPayload(context);
    const victim = context.mesh.find(({ directory }) => !holds(directory, published.content));
    if (victim !== undefined) return { published, victim };
    if (attempt === mostAttempts) throw new Error(`every node holds ${published.name} already`);
  }
}

function holds(directory: string, root: string): boolean {
  return existsSync(join(dataDirectory(directory).content, 'manifests', root));
}

async function publishPayload({ mesh, progress, signal, scratch }: TourContext): Promise<PublishReport> {
  const [publisher] = mesh;
  const name = 'payload';
  const { versions } = await publisher.call<{ versions: readonly string[] }>(
    'versions',
    { name },
    { signal },
  );
  const folder = join(scratch, name);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'payload.bin'), randomBytes(payloadBytes));
  const document = {
    apiVersion: 'catalog.v1',
    kind: 'AssetPackage',
    metadata: { name, version: `1.0.${versions.length}` },
    spec: {
      description: 'bytes that nobody has',
      type: 'dataset.scientific',
      content: { files: ['payload.bin'] },
    },
  };
  await writeFile(join(folder, 'catalog.yaml'), JSON.stringify(document));
  return publisher.call<PublishReport>('publish', { source: folder }, { signal, onProgress: progress.live });
}
