import { base32 } from 'multiformats/bases/base32';
import { CID } from 'multiformats/cid';
import { create as createDigest } from 'multiformats/hashes/digest';
import { blake3 } from './blake3/index.ts';
import { demandBytes } from './bytes.ts';
import { scanCid } from './cid-bytes.ts';
import { encodeCanonical } from './codec/encode.ts';
import type { Link } from './codec/value.ts';
import { CoreError } from './failure.ts';
import { sha256 } from './hash.ts';
import type { Verdict } from './verdict.ts';

/** What the bytes behind a CID are: opaque, or a canonical value. */
export type CidCodec = 'raw' | 'dag-cbor';

/** The hash of a CID: SHA-256 for records, BLAKE3 for content. */
export type CidHash = 'sha2-256' | 'blake3-256';

/** Why a text is no CID of ours. */
export type CidReason = 'not-text' | 'too-long' | 'syntax' | 'version' | 'codec' | 'hash' | 'digest-length';

const CODEC_CODES: Readonly<Record<CidCodec, number>> = { raw: 0x55, 'dag-cbor': 0x71 };
const HASH_CODES: Readonly<Record<CidHash, number>> = { 'sha2-256': 0x12, 'blake3-256': 0x1e };
const DIGEST_LENGTH = 32;
const MAX_TEXT_LENGTH = 128;

/** The number of a codec or hash; another name would be encoded as some CID, of nothing. */
function codeOf<Name extends string>(
  codes: Readonly<Record<Name, number>>,
  name: Name,
  what: string,
): number {
  if (Object.hasOwn(codes, name)) return codes[name];
  throw new CoreError({ code: 'core/out-of-range', name: what }, `no such ${what} in a CID of HyperMesh`);
}

function nameOf<Name extends string>(codes: Readonly<Record<Name, number>>, code: number): Name | undefined {
  return (Object.keys(codes) as Name[]).find((name) => codes[name] === code);
}

/**
 * Text of the CIDv1 of `bytes`, hashed here: base32, lower case, 59 characters. `bytes` are hashed as they stand; whether
 * they are canonical DAG-CBOR is the caller's matter.
 */
export function cidOf(bytes: Uint8Array, codec: CidCodec, hash: CidHash = 'sha2-256'): string {
  return cidOfDigest(hash === 'sha2-256' ? sha256(bytes) : blake3(bytes), codec, hash);
}

/** Text of the CIDv1 with a digest that is known already: 32 bytes, else `core/wrong-length`. */
export function cidOfDigest(digest: Uint8Array, codec: CidCodec, hash: CidHash = 'sha2-256'): string {
  demandBytes(digest, 'digest', DIGEST_LENGTH);
  const named = createDigest(codeOf(HASH_CODES, hash, 'hash'), digest);
  return CID.createV1(codeOf(CODEC_CODES, codec, 'codec'), named).toString();
}

/** The canonical bytes of a record and its CID text (dag-cbor, sha2-256). Throws as `encodeCanonical` does. */
export function recordCid(value: unknown): { readonly bytes: Uint8Array; readonly cid: string } {
  const bytes = encodeCanonical(value);
  return { bytes, cid: cidOf(bytes, 'dag-cbor') };
}

/**
 * Reads the text of a CID of ours: version 1, base32 in the one canonical spelling, codec raw or dag-cbor, hash sha2-256
 * or blake3-256, digest of 32 bytes.
 */
export function parseCid(
  text: string,
): Verdict<{ codec: CidCodec; hash: CidHash; digest: Uint8Array }, CidReason> {
  if (typeof text !== 'string') return { ok: false, reason: 'not-text' };
  if (text.length > MAX_TEXT_LENGTH) return { ok: false, reason: 'too-long' };
  let cid: CID;
  try {
    cid = CID.parse(text);
  } catch {
    return { ok: false, reason: 'syntax' };
  }
  if (cid.version !== 1) return { ok: false, reason: 'version' };
  // A CID keeps the text that it was read from as its own, so the one spelling is made anew.
  if (scanCid(cid.bytes) === undefined || base32.encode(cid.bytes) !== text)
    return { ok: false, reason: 'syntax' };
  const codec = nameOf(CODEC_CODES, cid.code);
  if (codec === undefined) return { ok: false, reason: 'codec' };
  const hash = nameOf(HASH_CODES, cid.multihash.code);
  if (hash === undefined) return { ok: false, reason: 'hash' };
  const { digest } = cid.multihash;
  if (digest.length !== DIGEST_LENGTH) return { ok: false, reason: 'digest-length' };
  return { ok: true, codec, hash, digest: new Uint8Array(digest) };
}

/** The link (tag 42 on the wire) that a CID text of ours names; `core/not-a-cid` for any other text. */
export function linkOf(cid: string): Link {
  const parsed = parseCid(cid);
  if (!parsed.ok) {
    throw new CoreError(
      { code: 'core/not-a-cid', reason: parsed.reason },
      `not a CID of HyperMesh: ${parsed.reason}`,
    );
  }
  return CID.parse(cid, base32);
}
