import { sha256 } from '@hypermesh/core';
import { ed25519 } from '@noble/curves/ed25519.js';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { ml_dsa44, ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js';
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

/** A key pair with its SubjectPublicKeyInfo, its key identifier and how it signs. Needs no Node. */
export interface ForgedKey {
  readonly spki: Uint8Array;
  readonly keyId: Uint8Array;
  readonly kind: ForgedKeyKind;
  sign(message: Uint8Array): Uint8Array;
}

interface Pair {
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

const curve = (type: string, algorithm: typeof p256, parameters: string) => ({
  oid: type,
  key: sequence(oid('1.2.840.10045.2.1'), oid(parameters)),
  make: (): Pair => {
    const { secretKey } = algorithm.keygen();
    return {
      publicKey: algorithm.getPublicKey(secretKey, false),
      sign: (message) => algorithm.sign(message, secretKey, { format: 'der', lowS: false }),
    };
  },
});
const lattice = (type: string, algorithm: typeof ml_dsa44) => ({
  oid: type,
  key: sequence(oid(type)),
  make: (): Pair => {
    const { publicKey, secretKey } = algorithm.keygen();
    return { publicKey, sign: (message) => algorithm.sign(message, secretKey) };
  },
});

const kinds = {
  p256: curve('1.2.840.10045.4.3.2', p256, '1.2.840.10045.3.1.7'),
  p384: curve('1.2.840.10045.4.3.3', p384, '1.3.132.0.34'),
  p521: curve('1.2.840.10045.4.3.4', p521, '1.3.132.0.35'),
  ed25519: {
    oid: '1.3.101.112',
    key: sequence(oid('1.3.101.112')),
    make: (): Pair => {
      const { publicKey, secretKey } = ed25519.keygen();
      return { publicKey, sign: (message) => ed25519.sign(message, secretKey) };
    },
  },
  'ml-dsa-44': lattice('2.16.840.1.101.3.4.3.17', ml_dsa44),
  'ml-dsa-65': lattice('2.16.840.1.101.3.4.3.18', ml_dsa65),
  'ml-dsa-87': lattice('2.16.840.1.101.3.4.3.19', ml_dsa87),
};

export type ForgedKeyKind = keyof typeof kinds;
export const forgedKeyKinds = Object.keys(kinds) as readonly ForgedKeyKind[];

export function forgeKey(kind: ForgedKeyKind = 'p256'): ForgedKey {
  const { publicKey, sign } = kinds[kind].make();
  const spki = sequence(kinds[kind].key, bitString(publicKey));
  return { spki, keyId: sha256(spki).subarray(0, 20), kind, sign };
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
  const { oid: type } = kinds[issuerKey.kind];
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
    const value = alternativeKey.sign(sequence(...head, ...body, explicit()));
    extensions.push(extension('2.5.29.74', false, bitString(value)));
  }
  const tbs = sequence(...head, algorithm, ...body, explicit());
  return sequence(tbs, algorithm, bitString(issuerKey.sign(tbs)));
}

/** A time at which everything forged here is valid. */
export const FORGED_TIME_MS: number = Date.UTC(2025, 0);
