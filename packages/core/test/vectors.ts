import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.env['HYPERMESH_VECTORS'] ?? join(import.meta.dirname, '../../../../shared/vectors');

/** Why the vectors cannot be run here, or undefined where they can. */
export const vectorsAbsent: string | undefined = existsSync(folder)
  ? undefined
  : `no vectors at ${folder}; set HYPERMESH_VECTORS to the folder that holds them`;

if (vectorsAbsent !== undefined) process.stderr.write(`skipped: ${vectorsAbsent}\n`);

/** One JSON file of the vectors. */
export function readVectors<T>(name: string): T {
  return JSON.parse(readFileSync(join(folder, name), 'utf8')) as T;
}

/** All JSON files below a folder of the vectors, by path, sorted. */
export function listVectors(name: string): string[] {
  return readdirSync(join(folder, name), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.json'))
    .map((file) => join(name, file))
    .sort();
}
