import { demandBytes, utf8 } from './bytes.ts';
import { CoreError } from './failure.ts';
import { sha256 } from './hash.ts';

function nameOf(domain: string): Uint8Array {
  if (typeof domain !== 'string' || domain === '') {
    throw new CoreError(
      { code: 'core/out-of-range', name: 'domain' },
      'a domain is a text that is not empty',
    );
  }
  return utf8(domain);
}

/** Bytes of a length and what follows it. */
function framedLength(part: Uint8Array): number {
  const { length } = demandBytes(part, 'part');
  if (length > 0xffff_ffff) {
    throw new CoreError(
      { code: 'core/out-of-range', name: 'part' },
      'a part of a preimage is 4 GiB or longer',
    );
  }
  return 4 + length;
}

function lengthPrefix({ length }: Uint8Array): Uint8Array {
  const prefix = new Uint8Array(4);
  new DataView(prefix.buffer).setUint32(0, length);
  return prefix;
}

/**
 * The bytes to sign for a purpose: `u32be(length) ‖ bytes` for the domain, then for each part. No two different lists
 * of domain and parts give the same bytes. Domains read `hypermesh/<package>/<purpose>/v1` and are unique.
 */
export function domainMessage(domain: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const pieces = [nameOf(domain), ...parts];
  const message = new Uint8Array(pieces.reduce((sum, piece) => sum + framedLength(piece), 0));
  const view = new DataView(message.buffer);
  let at = 0;
  for (const piece of pieces) {
    view.setUint32(at, piece.length);
    message.set(piece, at + 4);
    at += 4 + piece.length;
  }
  return message;
}

/** SHA-256 of `domainMessage(domain, ...parts)`, without joining large parts: 32 bytes. */
export function domainHash(domain: string, ...parts: readonly Uint8Array[]): Uint8Array {
  let total = 0;
  for (const part of parts) total += framedLength(part);
  if (total <= 4096) return sha256(domainMessage(domain, ...parts));
  return sha256(...[nameOf(domain), ...parts].flatMap((piece) => [lengthPrefix(piece), piece]));
}
