import { decodeRecord, domainMessage, encodeRecord, record, s, toHex, type Verdict } from '@hypermesh/core';
import { allRights } from '../translation/entries.ts';
import {
  addressBytes,
  addressOf,
  type HolderKey,
  maxSignedBytes,
  seal,
  unseal,
  type VerifySignature,
} from './signed.ts';

const domain = 'hypermesh/proxy-nat/grant/v1';

const body = record({
  v: s.literal(1),
  id: s.bytes({ length: 16 }),
  address: s.bytes({ length: 16 }),
  sizeBytes: s.uint(),
  holder: s.bytes({ length: 32 }),
  grantee: s.text(128),
  rights: s.uint(allRights),
  generation: s.uint(),
  expiresMs: s.uint(),
  maxBytes: s.uint(),
  maxOperations: s.uint(),
});

const token = record({
  v: s.literal(1),
  record: s.bytes({ max: maxSignedBytes }),
  key: s.bytes({ length: 16 }),
});

/** Largest token, bytes. */
export const maxTokenBytes = 1280;

/** What a holder allows one grantee to do with one region. Public: it holds no secret. */
export interface Grant {
  /** 16 random bytes in hex. */
  readonly id: string;
  readonly address: bigint;
  readonly sizeBytes: number;
  /** Ed25519 public key of the holder, who signed. */
  readonly holder: Uint8Array;
  /** Who may use it, as the transport names its authenticated peers, such as a NodeId. */
  readonly grantee: string;
  /** Bits of `rights`. */
  readonly rights: number;
  /** Generation of the region that it holds for. */
  readonly generation: number;
  /** Unix milliseconds. */
  readonly expiresMs: number;
  /** Most bytes read and written, and most accesses, over the grant's life. */
  readonly maxBytes: number;
  readonly maxOperations: number;
}

/** Why a grant is not one. */
export type GrantReason = 'malformed' | 'signature';

/** Signs a grant; the result is public. The holder in it is the key. */
export function signGrant(grant: Omit<Grant, 'holder'>, key: HolderKey): Uint8Array {
  const { id, address, ...rest } = grant;
  const bytes = encodeRecord(body, {
    v: 1,
    ...rest,
    id: Uint8Array.from(Buffer.from(id, 'hex')),
    address: addressBytes(address),
    holder: key.publicKey,
  });
  return seal(domain, bytes, key);
}

/** Checks form and signature of a grant. Time, generation and revocation are the home's to check. */
export function verifyGrant(
  bytes: Uint8Array,
  { verify }: { readonly verify: VerifySignature },
): Verdict<{ readonly grant: Grant }, GrantReason> {
  const sealed = unseal(bytes);
  if (!sealed.ok) return sealed;
  const decoded = decodeRecord(body, sealed.body);
  if (!decoded.ok) return { ok: false, reason: 'malformed' };
  const { id, address, v: _, ...rest } = decoded.value;
  if (!verify(sealed.signature, domainMessage(domain, sealed.body), rest.holder))
    return { ok: false, reason: 'signature' };
  return { ok: true, grant: { id: toHex(id), address: addressOf(address), ...rest } };
}

/** A token: the signed grant and its secret 128-bit key. Whoever logs one gives access away. */
export const encodeToken = (parts: { readonly record: Uint8Array; readonly key: Uint8Array }): Uint8Array =>
  encodeRecord(token, { v: 1, ...parts });

/** Takes a token apart; nothing is verified yet. */
export function decodeToken(
  bytes: Uint8Array,
): Verdict<{ readonly record: Uint8Array; readonly key: Uint8Array }, 'malformed'> {
  const decoded = decodeRecord(token, bytes, { maxBytes: maxTokenBytes });
  if (!decoded.ok) return { ok: false, reason: 'malformed' };
  return { ok: true, record: decoded.value.record, key: decoded.value.key };
}
