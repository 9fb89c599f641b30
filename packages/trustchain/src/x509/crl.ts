import { equalBytes, isBytes, toHex } from '@hypermesh/core';
import { type DecodeReason, decoding, Malformed } from './der/malformed.ts';
import { DerReader, Tag } from './der/reader.ts';
import { type Extension, type KnownExtensions, readAuthorityKeyId, readExtensions } from './extensions.ts';
import { type AlgorithmIdentifier, readAlgorithm } from './key.ts';
import { type DistinguishedName, readName } from './name.ts';
import { Oid } from './oids.ts';
import { readPem } from './pem.ts';

/** A certificate revocation list (RFC 5280 §5) without its entries, which stay as they stand in `entries`. */
export interface RevocationListHead {
  readonly der: Uint8Array;
  readonly tbs: Uint8Array;
  readonly version: number;
  readonly issuer: DistinguishedName;
  readonly thisUpdateMs: number;
  readonly nextUpdateMs?: number;
  readonly authorityKeyId?: Uint8Array;
  /** Content of the CRL number, absent where the extension is. */
  readonly number?: Uint8Array;
  readonly extensions: ReadonlyMap<string, Extension>;
  readonly entries: Uint8Array;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly signature: Uint8Array;
}

/** A revocation list with its entries, by serial number in hex. */
export interface RevocationList extends RevocationListHead {
  readonly revoked: ReadonlyMap<string, RevokedEntry>;
}

/** One revoked certificate. */
export interface RevokedEntry {
  readonly serial: Uint8Array;
  readonly atMs: number;
  /** RFC 5280 §5.3.1, 0 (unspecified) where absent. */
  readonly reason: number;
  /** It has a critical extension: it says more than is read here. */
  readonly isUnclear: boolean;
}

/** PEM text (X509 CRL) or DER bytes. */
export type RevocationListSource = string | Uint8Array;

const MAX_CRL_BYTES = 4 * 1024 * 1024;

/** Most entries of a list that is read. */
export const MAX_REVOKED = 100_000;

/**
 * Decodes a revocation list, or the first one of a PEM text: strict DER, at most 4 MiB and 100,000 entries. Says
 * nothing about trust.
 */
export function decodeRevocationList(
  source: RevocationListSource,
):
  | { readonly ok: true; readonly list: RevocationList }
  | { readonly ok: false; readonly reason: DecodeReason; readonly detail: string } {
  return decoding(() => {
    const [head] = readRevocationLists(source);
    if (head === undefined) throw new Malformed('not-pem', 'no X509 CRL block');
    const revoked = new Map<string, RevokedEntry>();
    for (const entry of readRevoked(head)) revoked.set(toHex(entry.serial), entry);
    return { list: { ...head, revoked } };
  });
}

/** Every list of a source, entries unread; throws `Malformed`. */
export function readRevocationLists(source: RevocationListSource): readonly RevocationListHead[] {
  const ders = typeof source === 'string' ? readPem(source, 'X509 CRL') : [source];
  return ders.map((der) => {
    if (!isBytes(der)) throw new Malformed('not-pem', 'neither PEM text nor bytes');
    if (der.length > MAX_CRL_BYTES)
      throw new Malformed('too-large', `a revocation list of ${der.length} bytes`);
    return listFromDer(new Uint8Array(der));
  });
}

function listFromDer(der: Uint8Array): RevocationListHead {
  const reader = new DerReader(der);
  const outer = reader.sequence('revocation list');
  reader.finish('revocation list');
  const start = outer.at;
  const tbs = outer.sequence('tbsCertList');
  const tbsBytes = outer.since(start);
  const signatureAlgorithm = readAlgorithm(outer, 'signatureAlgorithm');
  const signature = outer.octetBits('signature value');
  outer.finish('revocation list');

  const version = tbs.peek() === Tag.integer ? tbs.uint('version', 1) + 1 : 1;
  const inner = readAlgorithm(tbs, 'signature');
  if (!equalBytes(inner.der, signatureAlgorithm.der)) {
    throw new Malformed(
      'signature-algorithm-mismatch',
      'the signed and the unsigned signature algorithm differ',
    );
  }
  const issuer = readName(tbs, 'issuer');
  const thisUpdateMs = tbs.time('thisUpdate');
  const next = tbs.peek();
  const nextUpdateMs =
    next === Tag.utcTime || next === Tag.generalizedTime ? tbs.time('nextUpdate') : undefined;
  const entries =
    tbs.peek() === Tag.sequence ? tbs.content(Tag.sequence, 'revoked certificates') : new Uint8Array();
  let extensions: ReadonlyMap<string, Extension> = new Map();
  const explicit = tbs.optional(0xa0, 'extensions');
  if (explicit !== undefined) {
    extensions = readExtensions(explicit, 'extensions');
    explicit.finish('extensions');
  }
  tbs.finish('tbsCertList');
  const known: KnownExtensions = {};
  const authority = extensions.get(Oid.authorityKeyIdentifier);
  if (authority !== undefined) readAuthorityKeyId(new DerReader(authority.value), known);
  const crlNumber = extensions.get(Oid.crlNumber);
  const number = crlNumber === undefined ? undefined : new DerReader(crlNumber.value).integer('CRL number');
  const keyId = known.authorityKeyId?.keyId;
  return {
    der,
    tbs: tbsBytes,
    version,
    issuer,
    thisUpdateMs,
    ...(nextUpdateMs === undefined ? {} : { nextUpdateMs }),
    ...(keyId === undefined ? {} : { authorityKeyId: keyId }),
    ...(number === undefined ? {} : { number }),
    extensions,
    entries,
    signatureAlgorithm,
    signature,
  };
}

/** The entries of a list, one by one; throws `Malformed` where one cannot be read. */
export function* readRevoked({ entries }: RevocationListHead): Generator<RevokedEntry> {
  const list = new DerReader(entries);
  for (let count = 0; !list.done; count++) {
    if (count === MAX_REVOKED) throw new Malformed('too-large', 'too many revoked certificates');
    const entry = list.sequence('revoked certificate');
    const serial = entry.integer('serial number');
    const atMs = entry.time('revocation date');
    let reason = 0;
    let isUnclear = false;
    if (!entry.done) {
      const extensions = readExtensions(entry, 'entry extensions');
      const code = extensions.get(Oid.reasonCode);
      if (code !== undefined) reason = new DerReader(code.value).uint('reason', 10, Tag.enumerated);
      isUnclear = [...extensions.values()].some(({ critical }) => critical);
    }
    entry.finish('revoked certificate');
    yield { serial, atMs, reason, isUnclear };
  }
}
