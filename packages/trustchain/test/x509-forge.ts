import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import {
  bitString,
  boolean,
  integer,
  octetString,
  oid,
  sequence,
  setOf,
  time,
  tlv,
  utf8String,
} from '../src/x509/der/writer.ts';

/** A key pair with its SubjectPublicKeyInfo, its key identifier and how it signs. */
export interface ForgedKey {
  readonly privateKey: KeyObject;
  readonly spki: Uint8Array;
  readonly keyId: Uint8Array;
  readonly kind: ForgedKeyKind;
}

const kinds = {
  p256: {
    make: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    oid: '1.2.840.10045.4.3.2',
    hash: 'sha256',
  },
  p384: {
    make: () => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
    oid: '1.2.840.10045.4.3.3',
    hash: 'sha384',
  },
  p521: {
    make: () => generateKeyPairSync('ec', { namedCurve: 'P-521' }),
    oid: '1.2.840.10045.4.3.4',
    hash: 'sha512',
  },
  ed25519: { make: () => generateKeyPairSync('ed25519'), oid: '1.3.101.112', hash: null },
  'ml-dsa-44': { make: () => generateKeyPairSync('ml-dsa-44'), oid: '2.16.840.1.101.3.4.3.17', hash: null },
  'ml-dsa-65': { make: () => generateKeyPairSync('ml-dsa-65'), oid: '2.16.840.1.101.3.4.3.18', hash: null },
  'ml-dsa-87': { make: () => generateKeyPairSync('ml-dsa-87'), oid: '2.16.840.1.101.3.4.3.19', hash: null },
} as const;

export type ForgedKeyKind = keyof typeof kinds;
export const forgedKeyKinds = Object.keys(kinds) as readonly ForgedKeyKind[];

export function forgeKey(kind: ForgedKeyKind = 'p256'): ForgedKey {
  const { privateKey, publicKey } = kinds[kind].make();
  const spki = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }));
  const keyId = new Uint8Array(createHash('sha256').update(spki).digest().subarray(0, 20));
  return { privateKey, spki, keyId, kind };
}

export const extension = (type: string, critical: boolean, value: Uint8Array): Uint8Array =>
  sequence(oid(type), ...(critical ? [boolean(true)] : []), octetString(value));

/** A Name of these attributes, each a common name where it is a text. */
export const forgedName = (...attributes: readonly (string | Uint8Array)[]): Uint8Array =>
  sequence(
    ...attributes.map((value) =>
      setOf(sequence(oid('2.5.4.3'), typeof value === 'string' ? utf8String(value) : value)),
    ),
  );

const ascii = (text: string) => new TextEncoder().encode(text);
export const dns = (name: string): Uint8Array => tlv(0x82, ascii(name));
export const uri = (name: string): Uint8Array => tlv(0x86, ascii(name));
export const san = (...names: readonly Uint8Array[]): Uint8Array =>
  extension('2.5.29.17', false, sequence(...names));
/** The subject's alternative key. */
export const alternativeKey = (key: ForgedKey): Uint8Array => extension('2.5.29.72', false, key.spki);
export const serverAuth: Uint8Array = extension('2.5.29.37', false, sequence(oid('1.3.6.1.5.5.7.3.1')));
export const ca = (pathLength?: number): Uint8Array =>
  extension(
    '2.5.29.19',
    true,
    sequence(boolean(true), ...(pathLength === undefined ? [] : [integer(pathLength)])),
  );
export const permitted = (...names: readonly Uint8Array[]): Uint8Array =>
  extension('2.5.29.30', true, sequence(tlv(0xa0, ...names.map((name) => sequence(name)))));
export const excluded = (...names: readonly Uint8Array[]): Uint8Array =>
  extension('2.5.29.30', true, sequence(tlv(0xa1, ...names.map((name) => sequence(name)))));

let serials = 1000;

/**
 * Any certificate at all, valid from 2020 to 2030, signed as the issuer's key signs. `extensions` come after both key
 * identifiers; `alternativeKey`, where there is one, signs a second time as X.509 (2019) has it.
 */
export function forge(options: {
  readonly subject: string | Uint8Array;
  readonly key: ForgedKey;
  readonly issuer: string;
  readonly issuerKey: ForgedKey;
  readonly extensions: readonly Uint8Array[];
  readonly notAfterMs?: number;
  readonly alternativeKey?: ForgedKey;
}): Uint8Array {
  const { subject, key, issuer, issuerKey, notAfterMs = Date.UTC(2030, 0), alternativeKey } = options;
  const { oid: type, hash } = kinds[issuerKey.kind];
  const algorithm = sequence(oid(type));
  const head = [tlv(0xa0, integer(2)), integer(serials++)];
  const body = [
    forgedName(issuer),
    sequence(time(Date.UTC(2020, 0)), time(notAfterMs)),
    typeof subject === 'string' ? forgedName(subject) : subject,
    key.spki,
  ];
  const extensions = [
    extension('2.5.29.14', false, octetString(key.keyId)),
    extension('2.5.29.35', false, sequence(tlv(0x80, issuerKey.keyId))),
    ...options.extensions,
  ];
  const explicit = () => tlv(0xa3, sequence(...extensions));
  if (alternativeKey !== undefined) {
    const second = kinds[alternativeKey.kind];
    extensions.push(extension('2.5.29.73', false, sequence(oid(second.oid))));
    const value = sign(second.hash, sequence(...head, ...body, explicit()), alternativeKey.privateKey);
    extensions.push(extension('2.5.29.74', false, bitString(new Uint8Array(value))));
  }
  const tbs = sequence(...head, algorithm, ...body, explicit());
  return sequence(tbs, algorithm, bitString(new Uint8Array(sign(hash, tbs, issuerKey.privateKey))));
}

/** A time at which everything forged here is valid. */
export const FORGED_TIME_MS: number = Date.UTC(2025, 0);
