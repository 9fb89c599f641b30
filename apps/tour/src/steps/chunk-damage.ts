import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dataDirectory } from '@hypermesh/node/control';
import { chunkIdOf, decodeManifest } from '@hypermesh/stoq/content';

/**
 * Flips one byte in each of at most so many chunk files of a content on a node's disk, evenly over the content: what a failing disk does, or
 * its owner. Answers how many. The node itself does not notice, since serving does not hash.
 */
export async function damageChunks(directory: string, root: string, most: number): Promise<number> {
  const { content } = dataDirectory(directory);
  const decoded = decodeManifest(await readFile(join(content, 'manifests', root)));
  if (!decoded.ok) throw new Error(`the manifest of ${root} is damaged: ${decoded.reason}`);
  const { leaves } = decoded.manifest;
  const every = Math.max(1, Math.floor(leaves.length / most));
  let damaged = 0;
  for (const { digest } of leaves.filter((_, index) => index % every === 0)) {
    await using file = await open(join(content, 'chunks', chunkIdOf(digest)), 'r+');
    const byte = new Uint8Array(1);
    await file.read(byte, 0, 1, 0);
    await file.write(Uint8Array.of((byte[0] ?? 0) ^ 1), 0, 1, 0);
    damaged += 1;
  }
  return damaged;
}
