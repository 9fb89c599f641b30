import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { sha256, toHex } from '@hypermesh/core';
import { type PackageFiles, readPackage, SIGNATURE_FILE } from '@hypermesh/extension-sdk/sign';
import { renameDurably } from '../data-directory.ts';
import { writePackage } from './signing.ts';

/**
 * Signed packages on disk, each in a folder named by its id and the digest of its signature, which covers every byte. A
 * package is there whole or not at all; one that no decision names is swept away.
 */
export class Shelf {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Name of a package on the shelf. */
  nameOf(id: string, files: PackageFiles): string {
    const signature = files.get(SIGNATURE_FILE) ?? new Uint8Array();
    return `${id}@${toHex(sha256(signature)).slice(0, 32)}`;
  }

  /** Copies verified files; durable when it returns. */
  put(id: string, files: PackageFiles): string {
    const name = this.nameOf(id, files);
    const fresh = join(this.#folder, `${name}.new`);
    const folder = join(this.#folder, name);
    rmSync(fresh, { recursive: true, force: true });
    try {
      writePackage(fresh, files);
      rmSync(folder, { recursive: true, force: true });
      renameDurably(fresh, folder);
    } catch (error) {
      rmSync(fresh, { recursive: true, force: true });
      throw error;
    }
    return name;
  }

  /** Reads a package; what comes back is not verified. */
  read(name: string, signal?: AbortSignal): ReturnType<typeof readPackage> {
    return readPackage(join(this.#folder, name), { signal });
  }

  remove(name: string): void {
    rmSync(join(this.#folder, name), { recursive: true, force: true });
  }

  /** Removes what a crash left: everything that is not named. */
  sweep(named: ReadonlySet<string>): readonly string[] {
    const found = listed(this.#folder).filter((name) => !named.has(name));
    for (const name of found) this.remove(name);
    return found;
  }
}

function listed(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
