import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fromHex, fromUtf8, toHex, utf8 } from '@hypermesh/core';
import type { CapabilityFactory, Grant, QuotaMeter } from '@hypermesh/extension-sdk/host';

const MAX_KEY_BYTES = 96;
const MAX_VALUE_BYTES = 2 ** 20;

/** What `storage:read` and `storage:write` give an extension: values under keys, its own and nobody else's. */
export function extensionStore(root: string): {
  readonly read: CapabilityFactory;
  readonly write: CapabilityFactory;
  /** Forgets all that an extension stored. */
  forget(id: string): Promise<void>;
} {
  return {
    read: { create: ({ extension }) => reading(join(root, extension)) },
    write: { charges: ['storage'], create: (grant) => writing(join(root, grant.extension), grant) },
    forget: (id) => rm(join(root, id), { recursive: true, force: true }),
  };
}

/** Where a value lies: hex, so that no key is a path. */
function fileOf(folder: string, key: unknown): string {
  if (typeof key !== 'string' || key === '' || !key.isWellFormed() || utf8(key).length > MAX_KEY_BYTES)
    throw refused(`a key is a text of 1 to ${MAX_KEY_BYTES} bytes`);
  return join(folder, toHex(utf8(key)));
}

function refused(message: string): Error {
  return Object.assign(new Error(message), { code: 'bad-params' });
}

function unlessMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
  throw error;
}

function reading(folder: string) {
  return {
    /** The bytes under a key; null where there are none. */
    get: async (key: unknown) => {
      const bytes = await readFile(fileOf(folder, key)).catch(unlessMissing);
      return bytes === undefined ? null : new Uint8Array(bytes);
    },
    keys: async () => {
      const names = (await readdir(folder).catch(unlessMissing)) ?? [];
      return names.flatMap((name) => keyOf(name) ?? []).sort();
    },
  };
}

function keyOf(name: string): string | undefined {
  const bytes = fromHex(name);
  const text = bytes.ok ? fromUtf8(bytes.bytes) : undefined;
  return text?.ok ? text.text : undefined;
}

function writing(folder: string, { meter }: Grant) {
  let isOver = false;
  // One change at a time: what is counted is what is there.
  let last: Promise<unknown> = charge(folder, meter).catch(() => {
    isOver = true;
  });
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
  const sizeOf = async (file: string) => (await stat(file).catch(unlessMissing))?.size ?? 0;
  return {
    put: (key: unknown, value: unknown) => {
      const file = fileOf(folder, key);
      const bytes = typeof value === 'string' ? utf8(value) : value;
      if (!(bytes instanceof Uint8Array) || bytes.length > MAX_VALUE_BYTES)
        throw refused(`a value is text or bytes, at most ${MAX_VALUE_BYTES}`);
      return inTurn(async () => {
        if (isOver) throw refused('more is stored than it may: delete something, and load it again');
        meter.reserveStorage(bytes.length);
        const before = await sizeOf(file);
        try {
          await mkdir(folder, { recursive: true, mode: 0o700 });
          await writeFile(`${file}.new`, bytes, { mode: 0o600 });
          await rename(`${file}.new`, file);
        } catch (error) {
          meter.releaseStorage(bytes.length);
          throw error;
        }
        meter.releaseStorage(before);
        return null;
      });
    },
    delete: (key: unknown) => {
      const file = fileOf(folder, key);
      return inTurn(async () => {
        const before = await sizeOf(file);
        await rm(file, { force: true });
        if (!isOver) meter.releaseStorage(before);
        return before > 0;
      });
    },
  };
}

/** Counts what is there already. */
async function charge(folder: string, meter: QuotaMeter): Promise<void> {
  const names = (await readdir(folder).catch(unlessMissing)) ?? [];
  const sizes = await Promise.all(names.map((name) => stat(join(folder, name)).catch(unlessMissing)));
  meter.reserveStorage(sizes.reduce((sum, found) => sum + (found?.size ?? 0), 0));
}
