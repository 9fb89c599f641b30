import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createNodeProcess, hypermesh, type NodeProcess } from './node-process.ts';
import type { Progress } from './progress.ts';

/** Names of the nodes, in the order in which they join. */
const nodeNames = ['amber', 'birch', 'cedar', 'delta'] as const;

/** Four nodes of one mesh on this machine. */
export type Mesh = readonly [NodeProcess, NodeProcess, NodeProcess, NodeProcess];

/** Describes the nodes below `folder`. */
export function describeMesh(folder: string): Mesh {
  const [a, b, c, d] = nodeNames.map((name) => createNodeProcess(name, join(folder, name)));
  if (a === undefined || b === undefined || c === undefined || d === undefined)
    throw new Error('four names, four nodes');
  return [a, b, c, d];
}

/**
 * Starts every node. On an empty folder the first one founds the mesh and invites the others, by the same commands
 * that people use across machines; otherwise the nodes go on where they stopped.
 */
export async function startMesh(
  mesh: Mesh,
  progress: Progress,
  signal: AbortSignal,
): Promise<{ readonly resumed: boolean }> {
  const [founder, ...others] = mesh;
  const resumed = mesh.every(({ directory }) => existsSync(join(directory, 'genesis.cbor')));
  if (resumed) {
    await Promise.all(mesh.map((node) => node.start(signal)));
    return { resumed };
  }
  progress.live(`${founder.name} makes its keys, the root certificate and the invitations`);
  const founding = await hypermesh(
    ['init', '--data', founder.directory, '--name', founder.name, '--validators', String(mesh.length)],
    signal,
  );
  await founder.start(signal);
  const { invitations } = await founder.call<{ invitations: readonly string[] }>(
    'invitations',
    {},
    { signal },
  );
  progress.fact(`${founder.name} founded the mesh; root certificate ${String(founding['root'])}`);
  await Promise.all(
    others.map(async (node, index) => {
      const invitation = invitations[index];
      if (invitation === undefined)
        throw new Error(`${founder.name} gave ${invitations.length} invitations only`);
      progress.live(`${node.name} joins`);
      await hypermesh(['join', invitation, '--data', node.directory, '--name', node.name], signal);
      progress.fact(`${node.name} joined with a certificate of the mesh`);
      await node.start(signal);
    }),
  );
  return { resumed };
}

/** Stops every node; resolves when all processes are gone. */
export async function stopMesh(mesh: Mesh): Promise<void> {
  await Promise.all(mesh.map((node) => node.stop()));
}
