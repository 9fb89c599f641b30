import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Mesh } from './mesh.ts';

/** What an outsider runs over the evidence; neither script knows any code of ours. */
const scripts = ['README.md', 'confirm.py', 'confirm-run.mjs'];

/** Writes what the tour leaves for outsiders: everything that shows its steps, and scripts that confirm it. */
export async function writeEvidence(mesh: Mesh, folder: string, signal: AbortSignal): Promise<void> {
  // The node that had the packages installed and the programs run has most to show.
  const [, asker] = mesh;
  await mkdir(join(folder, 'certificates'), { recursive: true });
  await asker.call('evidence', { folder }, { signal });
  for (const { name, directory } of mesh) {
    const certificate = join(directory, 'certificates', 'node.pem');
    await copyFile(certificate, join(folder, 'certificates', `${name}.pem`));
  }
  for (const script of scripts) {
    await copyFile(fileURLToPath(new URL(`../evidence/${script}`, import.meta.url)), join(folder, script));
  }
}
