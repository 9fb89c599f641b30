import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Folder of vectors that others wrote, beside the repository; undefined where it is absent. */
export const vectorsFolder: string | undefined = [
  process.env['HYPERMESH_VECTORS'],
  join(import.meta.dirname, '../../../../shared/vectors'),
].find((folder) => folder !== undefined && existsSync(folder));
