import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Log } from '@hypermesh/core';
import {
  type PackageFiles,
  type PackageSigner,
  readPackage,
  SIGNATURE_FILE,
  type TrustVerifier,
  verifyPackage,
} from '@hypermesh/extension-sdk/sign';
import { type DataDirectory, makeFolder, renameDurably } from '../data-directory.ts';
import { signedFiles, withFingerprint, writePackage } from './signing.ts';

/** An extension that comes with the node: its id, and the folder of its unsigned files. */
export interface Bundled {
  readonly id: string;
  readonly folder: string;
}

/** The extensions that come with every node. The catalog's is there once its package is built. */
export const bundled: readonly Bundled[] = [
  {
    id: 'hypermesh.catalog',
    folder: fileURLToPath(new URL('../dist/hypermesh.catalog/', import.meta.resolve('@hypermesh/catalog'))),
  },
];

/**
 * Signs the extensions that come with a node, and puts them where it loads them from. One that is not built is left out
 * and named in the log.
 */
export async function installBundled(
  directory: DataDirectory,
  signer: PackageSigner,
  options: { readonly log?: Log; readonly from?: readonly Bundled[] } = {},
): Promise<void> {
  const { log, from = bundled } = options;
  for (const { id, folder } of from) {
    const built = await readPackage(folder);
    if (built.ok) await store(directory, id, await signedFiles(built.files, signer));
    else log?.warn('extension.not-built', { extension: id, folder, reason: built.reason.detail });
  }
}

/**
 * Keeps what was installed usable: installs what is missing or was built anew since, and signs again what an own
 * certificate covered that has run out. What was changed on disk is left as it is, to be refused and seen.
 */
export async function refreshBundled(
  directory: DataDirectory,
  parts: {
    readonly signer: PackageSigner;
    /** Id of the own keys. */
    readonly self: string;
    readonly now: TrustVerifier;
    readonly atSigning: TrustVerifier;
    readonly log: Log;
    readonly from?: readonly Bundled[];
  },
): Promise<void> {
  const { signer, self, now, atSigning, log, from = bundled } = parts;
  for (const each of from) {
    const { id, folder } = each;
    const held = await readPackage(join(directory.extensions, id));
    if (!held.ok) {
      if (held.reason.code === 'unreadable' && held.reason.path === '')
        await installBundled(directory, signer, { log, from: [each] });
      continue;
    }
    const good = await verifyPackage(held.files, now);
    const once = good.ok ? good : await verifyPackage(held.files, atSigning);
    if (!once.ok || once.verified.signer.signer !== self) continue;
    const built = await readPackage(folder);
    const isNewer = built.ok && !isSame(built.files, held.files);
    if (good.ok && !isNewer) continue;
    await store(directory, id, await signedFiles(isNewer ? built.files : held.files, signer));
    log.info('extension.signed', { extension: id, why: isNewer ? 'built anew' : 'certificate renewed' });
  }
}

/** Whether two sets of files are the same extension, whoever signed it. */
function isSame(built: PackageFiles, held: PackageFiles): boolean {
  const names = (files: PackageFiles) => [...files.keys()].filter((path) => path !== SIGNATURE_FILE).sort();
  if (names(built).join('\n') !== names(held).join('\n')) return false;
  const textOf = (files: PackageFiles, path: string) =>
    Buffer.from(path === 'manifest.json' ? withFingerprint(files, '') : (files.get(path) ?? []));
  return names(built).every((path) => textOf(built, path).equals(textOf(held, path)));
}

/** Puts a package in its folder, whole or not at all. */
async function store(directory: DataDirectory, id: string, files: PackageFiles): Promise<void> {
  const fresh = join(`${directory.extensions}.new`, id);
  const folder = join(directory.extensions, id);
  rmSync(fresh, { recursive: true, force: true });
  writePackage(fresh, files);
  makeFolder(directory.extensions);
  rmSync(folder, { recursive: true, force: true });
  renameDurably(fresh, folder);
  rmSync(`${directory.extensions}.new`, { recursive: true, force: true });
}
