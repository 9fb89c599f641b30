import { concatBytes, demandBytes, utf8 } from './bytes.ts';
import { CoreError } from './failure.ts';
import { sha256 } from './hash.ts';

function lengthPrefix(length: number): Uint8Array {
  if (length > 0xffff_ffff) {
    throw new CoreError(
      { code: 'core/out-of-range', name: 'part' },
      'a part of a preimage is 4 GiB or longer',
    );
  }
  const prefix = new Uint8Array(4);
  new DataView(prefix.buffer).setUint32(0, length);
  return prefix;
}

function framed(domain: string, parts: readonly Uint8Array[]): Uint8Array[] {
  if (typeof domain !== 'string' || domain === '') {
    throw new CoreError(
      { code: 'core/out-of-range', name: 'domain' },
      'a domain is a text that is not empty',
    );
  }
  const name = utf8(domain);
  const pieces = [lengthPrefix(name.length), name];
  for (const part of parts) pieces.push(lengthPrefix(demandBytes(part, 'part').length), part);
  return pieces;
}

/**
 * The bytes to sign for a purpose: `u32be(length) ‖ bytes` for the domain, then for each part. No two different lists
 * of domain and parts give the same bytes. Domains read `hypermesh/<package>/<purpose>/v1` and are unique.
 */
export function domainMessage(domain: string, ...parts: readonly Uint8Array[]): Uint8Array {
  return concatBytes(...framed(domain, parts));
}

/** SHA-256 of `domainMessage(domain, ...parts)`, without joining large parts: 32 bytes. */
export function domainHash(domain: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const pieces = framed(domain, parts);
  let total = 0;
  for (const part of parts) total += part.length;
  return total <= 4096 ? sha256(concatBytes(...pieces)) : sha256(...pieces);
}
