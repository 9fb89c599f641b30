import type { InstallReport } from '@hypermesh/node/control';
import type { StepResult, TourContext } from '../tour.ts';
import { packageName } from './publish.ts';

/** Node 2 installs what node 1 published. */
export async function installStep({ mesh, progress, signal, seen }: TourContext): Promise<StepResult> {
  const [, installer] = mesh;
  // The record is final; this node may be a moment behind in applying it.
  await installer.call('final', { height: seen.publishedAt }, { signal });
  const result = await installer.call<InstallReport>(
    'install',
    { spec: `${packageName}@^1.0.0` },
    { signal, onProgress: progress.live },
  );
  progress.fact(
    `${installer.name} fetched ${result.bytesMoved} bytes from ${result.peers.map(({ node, over }) => `${node} over ${over}`).join(' and ')}`,
  );
  progress.fact(
    `every chunk, both signatures, the publisher's chain and the log proof check out; final at block ${result.height}`,
  );
  const { name, ...facts } = result;
  return { ok: result.version === seen.version, package: `${name}@${result.version}`, ...facts };
}
