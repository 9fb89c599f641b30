import { open as openFile } from 'node:fs/promises';
import type { Verdict } from '@hypermesh/core';
import { removeLeftovers, writeAtomically } from '../disk/atomic-file.ts';
import { badArgument, storageFailed, TrustchainError } from '../errors.ts';
import { requireBytes } from '../suite/input.ts';
import type { WaitOptions } from '../suite/suite.ts';
import { DEFAULT_COST, FILE_MAX_BYTES, KEYS_MAX, type KeystoreCost, type StoredKey } from './format.ts';
import { type KeystoreLock, newLock, seal, type UnsealReason, unseal, wipeLock } from './seal.ts';

/** Why a keystore did not open; see `UnsealReason` for what `wrong-passphrase` may hide. */
export type OpenKeystoreReason = 'not-found' | UnsealReason;

/** Where a keystore lies and what opens it. The passphrase is kept no longer than the call. */
export interface KeystoreOptions extends WaitOptions {
  readonly path: string;
  readonly passphrase: string;
}

/** A new keystore; `cost` is 64 MiB, 3 passes, 4 lanes unless given, and stays with the file. */
export interface CreateKeystoreOptions extends KeystoreOptions {
  readonly cost?: KeystoreCost | undefined;
}

/**
 * An encrypted file of keys, open. Every change is on disk when its promise resolves, whole or not at all; changes are
 * made in the order of the calls. One process at a time: the last writer wins.
 */
export interface Keystore extends Disposable {
  readonly path: string;
  /** Names in order. */
  names(): readonly string[];
  /** A copy of a key, for the caller to wipe. */
  get(name: string): StoredKey | undefined;
  /** Stores a copy under a name of 1 to 128 bytes, replacing what was there. */
  put(name: string, key: StoredKey): Promise<void>;
  /** Answers whether there was such a key. */
  remove(name: string): Promise<boolean>;
  /** Seals everything anew under another passphrase, with a fresh salt. */
  changePassphrase(
    passphrase: string,
    options?: Omit<CreateKeystoreOptions, keyof KeystoreOptions>,
  ): Promise<void>;
  /** Wipes every secret of this object from memory; calls after it fail with `trustchain/closed`. */
  close(): void;
}

/** Makes an empty keystore with mode 0600. Fails with `trustchain/exists` where a file is, which stays as it was. */
export async function createKeystore(options: CreateKeystoreOptions): Promise<Keystore> {
  const { path, passphrase, cost = DEFAULT_COST, signal } = options;
  const lock = await newLock(passphrase, cost, { signal });
  await writeAtomically(path, seal(lock, new Map()), { mode: 0o600, mustBeNew: true });
  return new OpenKeystore(path, lock, new Map());
}

/** Opens a keystore file. A file that does not open says why; a disk that fails throws `trustchain/storage-failed`. */
export async function openKeystore(
  options: KeystoreOptions,
): Promise<Verdict<{ keystore: Keystore }, OpenKeystoreReason>> {
  const { path, passphrase, signal } = options;
  const bytes = await readBounded(path);
  if (bytes === undefined) return { ok: false, reason: 'not-found' };
  const opened = await unseal(bytes, passphrase, { signal });
  if (!opened.ok) return opened;
  await removeLeftovers(path);
  return { ok: true, keystore: new OpenKeystore(path, opened.lock, opened.keys) };
}

/** At most one byte more than a keystore may have, so that a huge file costs nothing. */
async function readBounded(path: string): Promise<Uint8Array | undefined> {
  try {
    const file = await openFile(path, 'r');
    try {
      const { size } = await file.stat();
      const bytes = new Uint8Array(Math.min(size, FILE_MAX_BYTES + 1));
      let length = 0;
      while (length < bytes.length) {
        const { bytesRead } = await file.read(bytes, length);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      return bytes.subarray(0, length);
    } finally {
      await file.close();
    }
  } catch (cause) {
    if ((cause as { code?: string }).code === 'ENOENT') return undefined;
    throw storageFailed(`read ${path}`, cause);
  }
}

class OpenKeystore implements Keystore {
  readonly path: string;
  #lock: KeystoreLock | undefined;
  #keys: Map<string, StoredKey>;
  #last: Promise<unknown> = Promise.resolve();

  constructor(path: string, lock: KeystoreLock, keys: Map<string, StoredKey>) {
    this.path = path;
    this.#lock = lock;
    this.#keys = keys;
  }

  names(): readonly string[] {
    this.#demandLock();
    return [...this.#keys.keys()].sort();
  }

  get(name: string): StoredKey | undefined {
    this.#demandLock();
    const key = this.#keys.get(name);
    return key && copyOf(key);
  }

  async put(name: string, key: StoredKey): Promise<void> {
    if (typeof name !== 'string' || name === '') throw badArgument('name', 'a text of 1 to 128 bytes');
    const copy = copyOf(key);
    await this.#change((keys) => {
      if (keys.size >= KEYS_MAX && !keys.has(name)) throw badArgument('name', `one of at most ${KEYS_MAX}`);
      keys.set(name, copy);
      return true;
    });
  }

  remove(name: string): Promise<boolean> {
    return this.#change((keys) => keys.delete(name));
  }

  async changePassphrase(
    passphrase: string,
    { cost }: { cost?: KeystoreCost | undefined } = {},
  ): Promise<void> {
    await this.#change(
      () => true,
      (current) => newLock(passphrase, cost ?? current.cost),
    );
  }

  close(): void {
    wipeMissing(this.#keys, new Map());
    this.#keys = new Map();
    if (this.#lock !== undefined) wipeLock(this.#lock);
    this.#lock = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * One change after the other, in the order of the calls; answers whether `edit` changed anything. Memory follows the
   * disk, so a write that failed changes nothing here. What is not kept is wiped.
   */
  #change(
    edit: (keys: Map<string, StoredKey>) => boolean,
    relock?: (current: KeystoreLock) => Promise<KeystoreLock>,
  ): Promise<boolean> {
    const done = this.#last.then(async () => {
      const current = this.#demandLock();
      const lock = relock === undefined ? current : await relock(current);
      const keys = new Map(this.#keys);
      try {
        this.#demandLock();
        if (!edit(keys)) return false;
        await writeAtomically(this.path, seal(lock, keys), { mode: 0o600 });
        this.#demandLock();
      } catch (error) {
        wipeMissing(keys, this.#keys);
        if (lock !== current) wipeLock(lock);
        throw error;
      }
      wipeMissing(this.#keys, keys);
      if (lock !== current) wipeLock(current);
      this.#keys = keys;
      this.#lock = lock;
      return true;
    });
    this.#last = done.catch(() => undefined);
    return done;
  }

  #demandLock(): KeystoreLock {
    if (this.#lock !== undefined) return this.#lock;
    throw new TrustchainError({ code: 'trustchain/closed', resource: 'keystore' }, 'the keystore is closed');
  }
}

/** Copies that nobody else can change: a Buffer's `slice` would be a view, wiped when the caller wipes its key. */
function copyOf(key: StoredKey): StoredKey {
  const { suite, publicKey, secretKey } = key ?? {};
  if (typeof suite !== 'string') throw badArgument('key.suite', 'a text');
  return {
    suite,
    publicKey: new Uint8Array(requireBytes('key.publicKey', publicKey)),
    secretKey: new Uint8Array(requireBytes('key.secretKey', secretKey)),
  };
}

function wipeMissing(keys: ReadonlyMap<string, StoredKey>, kept: ReadonlyMap<string, StoredKey>): void {
  for (const [name, key] of keys) if (kept.get(name) !== key) key.secretKey.fill(0);
}
