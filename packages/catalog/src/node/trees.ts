import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, mkdir, open, readdir, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseCid } from '@hypermesh/core';
import { badArgument } from '../arguments.ts';
import type { TreeFiles } from '../tree/store.ts';
import { unreadable } from './folder.ts';

/**
 * Trees in `dir`: `trees/DIGEST` in place, `drafts/` while they are written, `quarantine/` for what was put aside. Files
 * are read-only and synchronized before the tree is put in place by one rename. Drafts of a former process are removed.
 */
export async function openTreeFiles(dir: string): Promise<TreeFiles> {
  const trees = join(dir, 'trees');
  const drafts = join(dir, 'drafts');
  await rm(drafts, { recursive: true, force: true });
  await mkdir(trees, { recursive: true });
  await mkdir(drafts, { recursive: true });
  const place = (digest: string) => {
    if (!parseCid(digest).ok) throw badArgument('digest', 'a content id');
    return join(trees, digest);
  };
  const held = async (digest: string) => {
    const path = place(digest);
    return (await exists(path)) ? path : undefined;
  };
  return {
    path: held,
    async draft(digest) {
      const target = place(digest);
      const draft = join(drafts, `${digest}.${randomUUID()}`);
      await mkdir(draft, { recursive: true });
      const folders = new Set([draft]);
      return {
        async file({ path, executable }, parts) {
          const at = join(draft, path);
          const folder = dirname(at);
          if (!folders.has(folder)) {
            await mkdir(folder, { recursive: true });
            for (let one = folder; !folders.has(one); one = dirname(one)) folders.add(one);
          }
          await using file = await open(at, 'wx', executable ? 0o555 : 0o444);
          for await (const part of parts) await file.writeFile(part);
          await file.datasync();
        },
        async seal() {
          for (const folder of folders) await syncFolder(folder);
          try {
            await rename(draft, target);
          } catch (cause) {
            // Another install was first: the same digest is the same tree.
            if (!(await exists(target))) throw unreadable(target, cause);
            await rm(draft, { recursive: true, force: true });
          }
          await syncFolder(trees);
          return target;
        },
        discard: () => rm(draft, { recursive: true, force: true }),
      };
    },
    async *read(digest, path) {
      try {
        yield* createReadStream(join(place(digest), path), {
          highWaterMark: 256 * 1024,
        }) as AsyncIterable<Uint8Array>;
      } catch (cause) {
        throw unreadable(path, cause);
      }
    },
    async retire(digest, how) {
      const path = place(digest);
      if (how === 'remove') {
        // Out of sight first, so that a tree is never half there.
        const doomed = join(drafts, `${digest}.${randomUUID()}`);
        if (await exists(path)) await rename(path, doomed);
        await rm(doomed, { recursive: true, force: true });
        return;
      }
      const aside = join(dir, 'quarantine');
      await mkdir(aside, { recursive: true });
      if (await exists(path)) await rename(path, join(aside, `${digest}.${randomUUID()}`));
    },
  };
}

/** The digests of the trees in place under `dir`, in order. */
export async function listTrees(dir: string): Promise<readonly string[]> {
  const names = await readdir(join(dir, 'trees'));
  return names.filter((name) => parseCid(name).ok).sort();
}

/** Makes `at` a link to a tree, in one step, also where another link was; one link is all that a project needs. */
export async function linkTree(tree: string, at: string): Promise<void> {
  await mkdir(dirname(at), { recursive: true });
  const next = `${at}.${randomUUID()}`;
  await symlink(tree, next, 'dir');
  try {
    await rename(next, at);
  } catch (cause) {
    await rm(next, { force: true });
    throw unreadable(at, cause);
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}
