import { badArgument } from '../errors.ts';
import { readBytes } from '../suite/input.ts';
import type { Certificate } from '../x509/certificate.ts';
import { MAX_REVOKED } from '../x509/crl.ts';
import { integer, sequence, sequenceOf, time, tlv } from '../x509/der/writer.ts';
import { toPem } from '../x509/pem.ts';
import { signed } from './build.ts';
import { authorityKeyIdentifier, crlNumber, ecdsaWithSha256, reasonCode } from './encode.ts';
import type { CertificateKeys } from './keys.ts';
import { requireLifetime } from './requirements.ts';

const DAY_MS = 24 * 60 * 60_000;

/** RFC 5280 §5.3.1, by number. */
export const revocationReasons = {
  unspecified: 0,
  keyCompromise: 1,
  caCompromise: 2,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  privilegeWithdrawn: 9,
} as const;

export interface RevocationListRequest {
  /** Grows with every list of this authority. */
  readonly number: bigint;
  readonly revoked: readonly {
    /** Content of the serial number as bytes or hex. */
    readonly serial: Uint8Array | string;
    readonly atMs: number;
    readonly reason?: keyof typeof revocationReasons;
  }[];
  /** Until the next one; default 24 hours. */
  readonly lifetimeMs?: number;
}

/** A complete list, signed with the classical key alone. */
export interface SignedRevocationList {
  readonly der: Uint8Array;
  readonly pem: string;
}

/** Builds and signs a version 2 revocation list (RFC 5280 §5). */
export async function buildRevocationList(
  { number, revoked, lifetimeMs = DAY_MS }: RevocationListRequest,
  issuer: Certificate,
  keys: CertificateKeys,
  nowMs: number,
): Promise<SignedRevocationList> {
  if (!Array.isArray(revoked) || revoked.length > MAX_REVOKED)
    throw badArgument('revoked', `at most ${MAX_REVOKED} entries`);
  if (typeof number !== 'bigint' || number < 0n || number >= 1n << 159n)
    throw badArgument('number', 'a count of at most 20 octets');
  const entries = revoked.map(({ serial, atMs, reason = 'unspecified' }) =>
    sequence(
      integer(serialBytes(serial)),
      time(requireTime(atMs)),
      ...(reason === 'unspecified' ? [] : [sequence(reasonCode(reasonNumber(reason)))]),
    ),
  );
  const tbs = sequence(
    integer(1),
    ecdsaWithSha256,
    issuer.subject.der,
    time(nowMs),
    time(nowMs + requireLifetime(lifetimeMs)),
    ...(entries.length === 0 ? [] : [sequenceOf(entries)]),
    tlv(0xa0, sequence(authorityKeyIdentifier(issuer.subjectKeyId as Uint8Array), crlNumber(number))),
  );
  const der = await signed(tbs, keys);
  return { der, pem: toPem(der, 'X509 CRL') };
}

function serialBytes(serial: Uint8Array | string): Uint8Array {
  const octets = readBytes(serial);
  if (octets === undefined || octets.length === 0 || octets.length > 21) {
    throw badArgument('serial', 'the bytes or hex of a serial number');
  }
  return octets;
}

/** A list with a time that nobody can read would refuse every certificate of its authority. */
function requireTime(ms: number): number {
  if (!(ms >= Date.UTC(1950, 0) && ms < Date.UTC(10_000, 0))) throw badArgument('atMs', 'a time of X.509');
  return ms;
}

function reasonNumber(reason: keyof typeof revocationReasons): number {
  if (!Object.hasOwn(revocationReasons, reason)) throw badArgument('reason', 'one of revocationReasons');
  return revocationReasons[reason];
}
