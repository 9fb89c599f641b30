import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Makes names in a directory durable. */
async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Puts `bytes` in the place of a file: after a crash the old content is there or the new, whole. */
export async function replaceFile(file: string, bytes: Uint8Array): Promise<void> {
  const next = `${file}.next`;
  const handle = await open(next, 'w');
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(next, file);
  await syncDirectory(dirname(file));
}
