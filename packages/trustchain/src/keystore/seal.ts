import { argon2, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { decodeRecord, encodeRecord, utf8, type Verdict } from '@hypermesh/core';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { badArgument } from '../errors.ts';
import type { WaitOptions } from '../suite/suite.ts';
import {
  BODY,
  FILE,
  FILE_MAX_BYTES,
  HEADER,
  type Header,
  judgeCost,
  type KeystoreCost,
  type KeystoreFile,
  type StoredKey,
} from './format.ts';

const CHECK_DOMAIN = 'hypermesh/trustchain/keystore-check/v1';
const SEAL_DOMAIN = 'hypermesh/trustchain/keystore-seal/v1';

/**
 * Why bytes did not open. `wrong-passphrase` is also what altered cost or salt look like: they change the derived key
 * as another passphrase would. Any other alteration is `tampered` under the right passphrase.
 */
export type UnsealReason =
  | 'too-large'
  | 'malformed'
  | 'cost-too-high'
  | 'cost-too-low'
  | 'wrong-passphrase'
  | 'tampered';

/** The keys that one passphrase derives for one salt; held while a keystore is open, wiped when it closes. */
export interface KeystoreLock {
  readonly cost: Header['cost'];
  readonly checkKey: Uint8Array;
  readonly sealKey: Uint8Array;
}

/** Derives a fresh lock, on Node's thread pool. */
export function newLock(
  passphrase: string,
  cost: KeystoreCost,
  wait: WaitOptions = {},
): Promise<KeystoreLock> {
  if (judgeCost(cost) !== 'fits') throw badArgument('cost', 'within the bounds of a keystore');
  const { memoryKiB, passes, lanes } = cost;
  const salt = new Uint8Array(randomBytes(32));
  return derive(passphrase, { algorithm: 'argon2id', memoryKiB, passes, lanes, salt }, wait);
}

function derive(passphrase: string, cost: Header['cost'], { signal }: WaitOptions): Promise<KeystoreLock> {
  if (typeof passphrase !== 'string' || passphrase.length === 0) {
    throw badArgument('passphrase', 'a text that is not empty');
  }
  // The same passphrase typed on two systems may arrive composed or decomposed.
  const message = utf8(passphrase.normalize('NFKC'));
  const { memoryKiB: memory, passes, lanes: parallelism, salt: nonce } = cost;
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const abort = () => reject(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    argon2('argon2id', { message, nonce, memory, passes, parallelism, tagLength: 32 }, (error, key) => {
      message.fill(0);
      signal?.removeEventListener('abort', abort);
      if (error) return reject(error);
      if (signal?.aborted === true) return void key.fill(0);
      const part = (domain: string) => new Uint8Array(hkdfSync('sha256', key, new Uint8Array(), domain, 32));
      resolve({ cost, checkKey: part(CHECK_DOMAIN), sealKey: part(SEAL_DOMAIN) });
      key.fill(0);
    });
  });
}

/** Forgets what a passphrase derived. */
export function wipeLock({ checkKey, sealKey }: KeystoreLock): void {
  checkKey.fill(0);
  sealKey.fill(0);
}

/** The bytes of a keystore file with these keys, under a fresh nonce. */
export function seal(lock: KeystoreLock, keys: ReadonlyMap<string, StoredKey>): Uint8Array {
  const header: Header = {
    v: 1,
    kind: 'hypermesh-keystore',
    cost: lock.cost,
    cipher: 'xchacha20-poly1305',
    nonce: new Uint8Array(randomBytes(24)),
  };
  const ordered = [...keys].map(([name, { suite, publicKey, secretKey }]) => ({
    name,
    suite,
    publicKey,
    secretKey,
  }));
  ordered.sort((a, b) => (a.name < b.name ? -1 : 1));
  const body = encodeRecord(BODY, { v: 1, keys: ordered });
  const sealed = xchacha20poly1305(lock.sealKey, header.nonce, encodeRecord(HEADER, header)).encrypt(body);
  body.fill(0);
  return encodeRecord(FILE, { ...header, check: lock.checkKey, sealed });
}

/** Opens the bytes of a keystore file. Never throws on bad bytes; the cost is judged before any of it is spent. */
export async function unseal(
  bytes: Uint8Array,
  passphrase: string,
  wait: WaitOptions = {},
): Promise<Verdict<{ lock: KeystoreLock; keys: Map<string, StoredKey> }, UnsealReason>> {
  if (bytes.length > FILE_MAX_BYTES) return { ok: false, reason: 'too-large' };
  const file = decodeRecord(FILE, bytes, { maxBytes: FILE_MAX_BYTES });
  if (!file.ok) return { ok: false, reason: 'malformed' };
  const { check: _check, sealed: _sealed, ...header } = file.value;
  const judged = judgeCost(header.cost);
  if (judged !== 'fits') return { ok: false, reason: judged };
  const lock = await derive(passphrase, header.cost, wait);
  const keys = openBody(lock, file.value, header);
  if (typeof keys !== 'string') return { ok: true, lock, keys };
  wipeLock(lock);
  return { ok: false, reason: keys };
}

function openBody(
  lock: KeystoreLock,
  { check, sealed }: KeystoreFile,
  header: Header,
): Map<string, StoredKey> | 'tampered' | 'wrong-passphrase' {
  const body = open(lock, header, sealed);
  const checks = timingSafeEqual(check, lock.checkKey);
  if (body === undefined) return checks ? 'tampered' : 'wrong-passphrase';
  const decoded = checks ? decodeRecord(BODY, body, { maxBytes: FILE_MAX_BYTES }) : undefined;
  // The decoder hands out copies, so the plaintext as a whole can go.
  body.fill(0);
  if (!decoded?.ok) return 'tampered';
  const keys = new Map(decoded.value.keys.map(({ name, ...key }) => [name, key]));
  return keys.size === decoded.value.keys.length ? keys : 'tampered';
}

function open(lock: KeystoreLock, header: Header, sealed: Uint8Array): Uint8Array | undefined {
  try {
    return xchacha20poly1305(lock.sealKey, header.nonce, encodeRecord(HEADER, header)).decrypt(sealed);
  } catch {
    // The only failure left after the schema is a tag that does not match.
    return undefined;
  }
}
