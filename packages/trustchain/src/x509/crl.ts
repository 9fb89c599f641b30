import { equalBytes, toHex } from '@hypermesh/core';
import { type DecodeReason, decoding, Malformed } from './der/malformed.ts';
import { DerReader, Tag } from './der/reader.ts';
import { type Extension, type KnownExtensions, readAuthorityKeyId, readExtensions } from './extensions.ts';
import { type AlgorithmIdentifier, readAlgorithm } from './key.ts';
import { type DistinguishedName, readName } from './name.ts';
import { Oid } from './oids.ts';
import { readPem } from './pem.ts';

/** A certificate revocation list (RFC 5280 §5), entries by serial number in hex. */
export interface RevocationList {
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
  readonly revoked: ReadonlyMap<string, RevokedEntry>;
  /** Critical extensions of entries: entries that say more than is read here. */
  readonly hasCriticalEntries: boolean;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly signature: Uint8Array;
}

export interface RevokedEntry {
  readonly atMs: number;
  /** RFC 5280 §5.3.1, 0 (unspecified) where absent. */
  readonly reason: number;
}

/** PEM text (X509 CRL) or DER bytes. */
export type RevocationListSource = string | Uint8Array;

const MAX_CRL_BYTES = 4 * 1024 * 1024;
const MAX_ENTRIES = 100_000;

/** Decodes a revocation list of at most 4 MiB and 100,000 entries: strict DER. Says nothing about trust. */
export function decodeRevocationList(
  source: RevocationListSource,
):
  | { readonly ok: true; readonly list: RevocationList }
  | { readonly ok: false; readonly reason: DecodeReason; readonly detail: string } {
  return decoding(() => {
    const [der] = typeof source === 'string' ? readPem(source, 'X509 CRL') : [source];
    if (!(der instanceof Uint8Array)) throw new Malformed('not-pem', 'no X509 CRL block');
    if (der.length > MAX_CRL_BYTES)
      throw new Malformed('too-large', `a revocation list of ${der.length} bytes`);
    return { list: listFromDer(der) };
  });
}

function listFromDer(der: Uint8Array): RevocationList {
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
  const { revoked, hasCriticalEntries } = readEntries(tbs.optional(Tag.sequence, 'revoked certificates'));
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
    revoked,
    hasCriticalEntries,
    signatureAlgorithm,
    signature,
  };
}

function readEntries(list: DerReader | undefined): Pick<RevocationList, 'revoked' | 'hasCriticalEntries'> {
  const revoked = new Map<string, RevokedEntry>();
  let hasCriticalEntries = false;
  while (list !== undefined && !list.done) {
    const entry = list.sequence('revoked certificate');
    const serial = toHex(entry.integer('serial number'));
    const atMs = entry.time('revocation date');
    let reason = 0;
    if (!entry.done) {
      const extensions = readExtensions(entry, 'entry extensions');
      const code = extensions.get(Oid.reasonCode);
      if (code !== undefined) reason = new DerReader(code.value).uint('reason', 10, Tag.enumerated);
      hasCriticalEntries ||= [...extensions.values()].some(({ critical }) => critical);
    }
    entry.finish('revoked certificate');
    revoked.set(serial, { atMs, reason });
    if (revoked.size > MAX_ENTRIES) throw new Malformed('too-large', 'too many revoked certificates');
  }
  return { revoked, hasCriticalEntries };
}
