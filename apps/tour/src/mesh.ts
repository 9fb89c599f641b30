import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
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
 * that people use across machines; otherwise the nodes go on where they stopped, also in the midst of founding.
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
  if (!isNode(founder)) {
    progress.live(`${founder.name} makes its keys, the root certificate and the invitations`);
    const { directory, name } = founder;
    const size = String(mesh.length);
    const founding = await hypermesh(
      ['init', '--data', directory, '--name', name, '--validators', size],
      signal,
    );
    progress.fact(`${name} founded the mesh; root certificate ${String(founding['root'])}`);
  }
  await founder.start(signal);
  const invitationOf = await invitationsOf(founder, others, signal);
  await Promise.all(
    others.map(async (node) => {
      if (!isNode(node)) {
        progress.live(`${node.name} joins`);
        const invitation = invitationOf[node.name] ?? '';
        await hypermesh(['join', invitation, '--data', node.directory, '--name', node.name], signal);
        progress.fact(`${node.name} joined with a certificate of the mesh`);
      }
      await node.start(signal);
    }),
  );
  return { resumed };
}

function isNode({ directory }: NodeProcess): boolean {
  return existsSync(join(directory, 'hypermesh.toml'));
}

/** One invitation for each, written down: whoever is interrupted while joining has to come back with the same one. */
async function invitationsOf(
  founder: NodeProcess,
  others: readonly NodeProcess[],
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const file = join(founder.directory, 'tour-invitations.json');
  if (existsSync(file)) return JSON.parse(await readFile(file, 'utf8')) as Record<string, string>;
  const { invitations } = await founder.call<{ invitations: readonly string[] }>(
    'invitations',
    {},
    { signal },
  );
  const given = Object.fromEntries(others.map(({ name }, index) => [name, invitations[index] ?? '']));
  await writeFile(`${file}.new`, JSON.stringify(given), { mode: 0o600 });
  await rename(`${file}.new`, file);
  return given;
}

/** Stops every node; resolves when all processes are gone. */
export async function stopMesh(mesh: Mesh): Promise<void> {
  await Promise.all(mesh.map((node) => node.stop()));
}
