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

/** A key pair with its SubjectPublicKeyInfo and key identifier. */
export interface ForgedKey {
  readonly privateKey: KeyObject;
  readonly spki: Uint8Array;
  readonly keyId: Uint8Array;
}

export function forgeKey(): ForgedKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }));
  return {
    privateKey,
    spki,
    keyId: new Uint8Array(createHash('sha256').update(spki).digest().subarray(0, 20)),
  };
}

export const extension = (type: string, critical: boolean, value: Uint8Array): Uint8Array =>
  sequence(oid(type), ...(critical ? [boolean(true)] : []), octetString(value));

export const forgedName = (commonName: string): Uint8Array =>
  sequence(setOf(sequence(oid('2.5.4.3'), utf8String(commonName))));

const ascii = (text: string) => new TextEncoder().encode(text);
export const dns = (name: string): Uint8Array => tlv(0x82, ascii(name));
export const uri = (name: string): Uint8Array => tlv(0x86, ascii(name));
export const san = (...names: readonly Uint8Array[]): Uint8Array =>
  extension('2.5.29.17', false, sequence(...names));
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

const algorithm = sequence(oid('1.2.840.10045.4.3.2'));
let serials = 1000;

/** Any certificate at all, valid from 2020 to 2030, signed with ECDSA. `extensions` come after both key identifiers. */
export function forge(options: {
  readonly subject: string;
  readonly key: ForgedKey;
  readonly issuer: string;
  readonly issuerKey: ForgedKey;
  readonly extensions: readonly Uint8Array[];
  readonly notAfterMs?: number;
}): Uint8Array {
  const { subject, key, issuer, issuerKey, extensions, notAfterMs = Date.UTC(2030, 0) } = options;
  const tbs = sequence(
    tlv(0xa0, integer(2)),
    integer(serials++),
    algorithm,
    forgedName(issuer),
    sequence(time(Date.UTC(2020, 0)), time(notAfterMs)),
    forgedName(subject),
    key.spki,
    tlv(
      0xa3,
      sequence(
        extension('2.5.29.14', false, octetString(key.keyId)),
        extension('2.5.29.35', false, sequence(tlv(0x80, issuerKey.keyId))),
        ...extensions,
      ),
    ),
  );
  return sequence(tbs, algorithm, bitString(new Uint8Array(sign('sha256', tbs, issuerKey.privateKey))));
}

/** A time at which everything forged here is valid. */
export const FORGED_TIME_MS: number = Date.UTC(2025, 0);
