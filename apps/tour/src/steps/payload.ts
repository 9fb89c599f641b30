import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dataDirectory, type PublishReport } from '@hypermesh/node/control';
import type { NodeProcess } from '../node-process.ts';
import type { TourContext } from '../tour.ts';

const mostAttempts = 3;

/** Node 1 publishes bytes that nobody has, until some node has nothing of them: a holder that answered late was made up for by another. */
export async function publishedToSome(
  context: TourContext,
  bytes: number,
): Promise<{ readonly published: PublishReport; readonly victim: NodeProcess }> {
  for (let attempt = 1; ; attempt++) {
    const published = await publishPayload(context, bytes);
    const victim = context.mesh.find(({ directory }) => !holds(directory, published.content));
    if (victim !== undefined) return { published, victim };
    if (attempt === mostAttempts) throw new Error(`every node holds ${published.name} already`);
  }
}

function holds(directory: string, root: string): boolean {
  return existsSync(join(dataDirectory(directory).content, 'manifests', root));
}

async function publishPayload(
  { mesh, progress, signal, scratch }: TourContext,
  bytes: number,
): Promise<PublishReport> {
  const [publisher] = mesh;
  const name = 'payload';
  const { versions } = await publisher.call<{ versions: readonly string[] }>(
    'versions',
    { name },
    { signal },
  );
  const folder = join(scratch, name);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'payload.bin'), randomBytes(bytes));
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
