import { randomFillSync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { equalBytes, sha256 } from '@hypermesh/core';
import { ByteReader, ByteWriter } from '../engine/bytes.ts';
import { ConsensusError } from '../errors.ts';
import type { SignGuard } from '../ports.ts';
import { replaceFile } from './replace-file.ts';

/** The guard as a file: version (8), store id (16), view (8), muted view (8), checksum (16); replaced as a whole. */
export interface GuardFile extends SignGuard {
  /** Names this storage: files of another one do not fit. */
  readonly storeId: Uint8Array;
  /** The log is gone: remembers durably that nothing up to the guarded view may be signed. */
  muteAll(): Promise<void>;
}

const VERSION = 1;

const HEAD_BYTES = 40;

function encode(storeId: Uint8Array, view: number, mutedUntil: number): Uint8Array {
  const head = new ByteWriter(HEAD_BYTES).u53(VERSION).put(storeId).u53(view).u53(mutedUntil).bytes;
  return new ByteWriter(HEAD_BYTES + 16).put(head).put(sha256(head).subarray(0, 16)).bytes;
}

/** The view of a guard without bound: nothing is ever signed up to it. */
const UNBOUNDED = Number.MAX_SAFE_INTEGER;

interface GuardContent {
  readonly storeId: Uint8Array;
  readonly view: number;
  readonly mutedUntil: number;
}

/** Reads a guard without making one; undefined where there is none. */
export async function openGuardForReading(file: string): Promise<GuardContent | undefined> {
  const found = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (found === undefined) return undefined;
  const reader = new ByteReader(found);
  const version = reader.u53();
  const storeId = new Uint8Array(reader.take(16));
  const view = reader.u53();
  const mutedUntil = reader.u53();
  const sum = reader.take(16);
  const fits =
    !reader.failed &&
    version === VERSION &&
    equalBytes(sum, sha256(found.subarray(0, HEAD_BYTES)).subarray(0, 16));
  if (fits) return { storeId, view, mutedUntil };
  throw new ConsensusError(
    { code: 'consensus/storage-corrupt', file, offset: 0, reason: 'the guard is damaged' },
    `${file} is no sign guard`,
  );
}

/**
 * What the guard of a storage in `dir` says: the view it guards, and whether it is without bound; undefined where
 * there is none. Throws `consensus/storage-corrupt`.
 */
export async function readGuard(
  dir: string,
): Promise<
  { readonly view: number; readonly mutedUntil: number; readonly isUnbounded: boolean } | undefined
> {
  const found = await openGuardForReading(join(dir, 'guard'));
  if (found === undefined) return undefined;
  const { view, mutedUntil } = found;
  return { view, mutedUntil, isUnbounded: mutedUntil === UNBOUNDED };
}

/**
 * For files that may be older than what their validator signed, such as a restored copy: the storage opens, the
 * validator follows, but signs nothing until `boundGuard` says up to where. Not while the storage is open.
 */
export async function muteGuard(dir: string): Promise<void> {
  const file = join(dir, 'guard');
  const found = await openGuardForReading(file);
  await replaceFile(file, encode(found?.storeId ?? randomFillSync(new Uint8Array(16)), UNBOUNDED, UNBOUNDED));
}

/**
 * Bounds a guard that `muteGuard` left without one: from the next opening on the validator signs again once a block at
 * or beyond `view` is final. The caller has evidence that it never signed beyond `view`. Does nothing to a guard with a
 * bound.
 */
export async function boundGuard(dir: string, view: number): Promise<void> {
  const file = join(dir, 'guard');
  const found = await openGuardForReading(file);
  if (found?.mutedUntil !== UNBOUNDED) return;
  await replaceFile(file, encode(found.storeId, view, view));
}

/** Opens the guard, or creates one with a new store id. */
export async function openGuardFile(file: string): Promise<GuardFile> {
  let found = await openGuardForReading(file);
  if (found === undefined) {
    found = { storeId: randomFillSync(new Uint8Array(16)), view: 0, mutedUntil: 0 };
    await replaceFile(file, encode(found.storeId, 0, 0));
  }
  const { storeId } = found;
  let { view, mutedUntil } = found;
  return {
    storeId,
    get view() {
      return view;
    },
    get mutedUntil() {
      return mutedUntil;
    },
    async muteAll() {
      if (view <= mutedUntil) return;
      await replaceFile(file, encode(storeId, view, view));
      mutedUntil = view;
    },
    async raise(next) {
      if (next <= view) return;
      await replaceFile(file, encode(storeId, next, mutedUntil));
      view = next;
    },
  };
}
