import { randomFillSync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
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

/** Opens the guard, or creates one with a new store id. */
export async function openGuardFile(file: string): Promise<GuardFile> {
  const found = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  let storeId: Uint8Array;
  let view = 0;
  let mutedUntil = 0;
  if (found === undefined) {
    storeId = randomFillSync(new Uint8Array(16));
    await replaceFile(file, encode(storeId, 0, 0));
  } else {
    const reader = new ByteReader(found);
    const version = reader.u53();
    storeId = new Uint8Array(reader.take(16));
    view = reader.u53();
    mutedUntil = reader.u53();
    const sum = reader.take(16);
    const fits =
      !reader.failed &&
      version === VERSION &&
      equalBytes(sum, sha256(found.subarray(0, HEAD_BYTES)).subarray(0, 16));
    if (!fits) {
      throw new ConsensusError(
        { code: 'consensus/storage-corrupt', file, offset: 0, reason: 'the guard is damaged' },
        `${file} is no sign guard`,
      );
    }
  }
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
