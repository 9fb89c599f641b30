import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EngineCache } from '@hypermesh/metered-wasm/quickjs';
import { makeFolder } from '../data-directory.ts';

/** Metered engines in a folder; what is read is checked by whoever asked. */
export function engineCache(folder: string): EngineCache {
  return {
    get: (key) => readFile(join(folder, key)).catch(() => undefined),
    async put(key, bytes) {
      makeFolder(folder);
      const draft = join(folder, `${key}.${process.pid}`);
      await writeFile(draft, bytes);
      await rename(draft, join(folder, key));
    },
  };
}
