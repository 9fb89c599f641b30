import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Mesh } from './mesh.ts';

/** What an outsider runs over the evidence; neither script knows any code of ours. */
const scripts = ['README.md', 'confirm.py'];

/** Writes what the tour leaves for outsiders: everything that shows its steps, and scripts that confirm it. */
export async function writeEvidence(mesh: Mesh, folder: string, signal: AbortSignal): Promise<void> {
  const [first] = mesh;
  await mkdir(join(folder, 'certificates'), { recursive: true });
  await first.call('evidence', { folder }, { signal });
  for (const { name, directory } of mesh) {
    const certificate = join(directory, 'certificates', 'node.pem');
    await copyFile(certificate, join(folder, 'certificates', `${name}.pem`));
  }
  for (const script of scripts) {
    await copyFile(fileURLToPath(new URL(`../evidence/${script}`, import.meta.url)), join(folder, script));
  }
}
