import { concatBytes, equalBytes, fromHex, toHex } from '@hypermesh/core';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { DerReader } from './der/reader.ts';

const HASHES = { sha256, sha384, sha512 } as const;
/** The start of a DigestInfo, up to the hash (RFC 8017 §9.2, note 1). */
const DIGEST_INFO = {
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
} as const;

/** The hashes that RSA signatures are verified with. */
export type RsaHash = keyof typeof HASHES;

/**
 * Verifies RSASSA-PKCS1-v1_5 (RFC 8017 §8.2.2) or RSASSA-PSS with MGF1 and a salt as long as the hash (§8.1.2), for
 * hosts without `node:crypto`. `raw` is an RSAPublicKey whose modulus fills its octets, as `readPublicKey` demands.
 * Not constant-time: nothing here is secret.
 */
export function verifyRsa(
  scheme: { readonly hash: RsaHash; readonly isPss: boolean },
  raw: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const sequence = new DerReader(raw).sequence('key');
  const [modulus, exponent] = [sequence.integer('modulus'), sequence.integer('exponent')].map(numberOf);
  if (modulus === undefined || exponent === undefined) return false;
  const size = modulus.toString(16).length / 2;
  const number = numberOf(signature);
  if (signature.length !== size || number >= modulus) return false;
  const encoded = fromHex(
    power(number, exponent, modulus)
      .toString(16)
      .padStart(2 * size, '0'),
  );
  if (!encoded.ok) return false;
  const hash = HASHES[scheme.hash](message);
  return scheme.isPss
    ? isPssEncoding(encoded.bytes, hash, scheme.hash)
    : equalBytes(encoded.bytes, pkcs1Encoding(size, hash, scheme.hash));
}

/** The one encoding of a hash, padding and all: made anew and compared, never parsed. */
function pkcs1Encoding(size: number, hash: Uint8Array, name: RsaHash): Uint8Array {
  const info = fromHex(DIGEST_INFO[name]);
  if (!info.ok) throw new RangeError('not hex');
  const padding = new Uint8Array(size - 3 - info.bytes.length - hash.length).fill(0xff);
  return concatBytes(Uint8Array.of(0, 1), padding, Uint8Array.of(0), info.bytes, hash);
}

/** EMSA-PSS-VERIFY (§9.1.2) for a modulus of whole octets: the first bit of the encoding is the one left over. */
function isPssEncoding(encoded: Uint8Array, hash: Uint8Array, name: RsaHash): boolean {
  const maskedLength = encoded.length - hash.length - 1;
  const masked = encoded.subarray(0, maskedLength);
  const inner = encoded.subarray(maskedLength, maskedLength + hash.length);
  if (encoded[encoded.length - 1] !== 0xbc || ((masked[0] ?? 0x80) & 0x80) !== 0) return false;
  const mask = mgf1(inner, maskedLength, name);
  const block = masked.map((octet, at) => octet ^ (mask[at] ?? 0));
  block[0] = (block[0] ?? 0) & 0x7f;
  const saltAt = maskedLength - hash.length;
  if (block[saltAt - 1] !== 1 || block.subarray(0, saltAt - 1).some((octet) => octet !== 0)) return false;
  const again = HASHES[name](concatBytes(new Uint8Array(8), hash, block.subarray(saltAt)));
  return equalBytes(again, inner);
}

function mgf1(seed: Uint8Array, length: number, name: RsaHash): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let counter = 0, made = 0; made < length; counter += 1) {
    const part = HASHES[name](concatBytes(seed, Uint8Array.of(0, 0, counter >> 8, counter & 0xff)));
    parts.push(part);
    made += part.length;
  }
  return concatBytes(...parts).subarray(0, length);
}

function numberOf(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${toHex(bytes)}`);
}

/** base^exponent mod modulus, in at most 66 multiplications: exponents have 33 bits at most. */
function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (let left = exponent, square = base; left > 0n; left >>= 1n, square = (square * square) % modulus) {
    if ((left & 1n) === 1n) result = (result * square) % modulus;
  }
  return result;
}
