import { Malformed } from './der/malformed.ts';
import { DerReader, Tag } from './der/reader.ts';
import { Oid } from './oids.ts';

/** An AlgorithmIdentifier; `parameters` is the whole element, absent where there is none. */
export interface AlgorithmIdentifier {
  readonly oid: string;
  readonly parameters?: Uint8Array;
  readonly der: Uint8Array;
}

/** What kind of public key it is; `unknown` and `weak` ones verify nothing. */
export type KeyKind =
  | 'rsa'
  | 'p256'
  | 'p384'
  | 'p521'
  | 'ed25519'
  | 'ml-dsa-44'
  | 'ml-dsa-65'
  | 'ml-dsa-87'
  | 'weak'
  | 'unknown';

/** A SubjectPublicKeyInfo: `der` whole, `raw` the content of its bit string. */
export interface PublicKeyInfo {
  readonly der: Uint8Array;
  readonly raw: Uint8Array;
  readonly algorithm: AlgorithmIdentifier;
  readonly kind: KeyKind;
  /** Why the key is `weak` or `unknown`. */
  readonly remark?: string;
}

/** Reads an AlgorithmIdentifier; its parameters stay as they stand. */
export function readAlgorithm(reader: DerReader, what: string): AlgorithmIdentifier {
  const start = reader.at;
  const sequence = reader.sequence(what);
  const oid = sequence.oid(what);
  const parameters = sequence.done ? undefined : sequence.raw(what);
  sequence.finish(what);
  const der = reader.since(start);
  return parameters === undefined ? { oid, der } : { oid, parameters, der };
}

/** Reads a SubjectPublicKeyInfo and says what kind of key it is. */
export function readPublicKey(reader: DerReader, what: string): PublicKeyInfo {
  const start = reader.at;
  const sequence = reader.sequence(what);
  const algorithm = readAlgorithm(sequence, what);
  const raw = sequence.octetBits(what);
  sequence.finish(what);
  return { der: reader.since(start), raw, algorithm, ...classify(algorithm, raw, what) };
}

const rawLengths: Readonly<Record<string, readonly [KeyKind, number]>> = {
  [Oid.ed25519]: ['ed25519', 32],
  [Oid.mlDsa44]: ['ml-dsa-44', 1312],
  [Oid.mlDsa65]: ['ml-dsa-65', 1952],
  [Oid.mlDsa87]: ['ml-dsa-87', 2592],
};
const curves: Readonly<Record<string, readonly [KeyKind, number]>> = {
  [Oid.p256]: ['p256', 32],
  [Oid.p384]: ['p384', 48],
  [Oid.p521]: ['p521', 66],
};

function classify(
  { oid, parameters }: AlgorithmIdentifier,
  raw: Uint8Array,
  what: string,
): { readonly kind: KeyKind; readonly remark?: string } {
  if (oid === Oid.rsaEncryption) return classifyRsa(raw, what);
  if (oid === Oid.ecPublicKey) {
    if (parameters?.[0] !== Tag.oid) return { kind: 'weak', remark: 'the curve is not a named one' };
    const curve = curves[new DerReader(parameters).oid(what)];
    if (curve === undefined) return { kind: 'weak', remark: 'not on P-256, P-384 or P-521' };
    const [kind, size] = curve;
    const form = raw[0];
    const length = form === 4 ? 1 + 2 * size : form === 2 || form === 3 ? 1 + size : -1;
    if (raw.length !== length) throw new Malformed('bad-key', `${what}: not a point of its curve`);
    return { kind };
  }
  if (oid === Oid.dsa) return { kind: 'weak', remark: 'a DSA key' };
  const fixed = rawLengths[oid];
  if (fixed === undefined) return { kind: 'unknown', remark: `algorithm ${oid}` };
  if (parameters !== undefined || raw.length !== fixed[1]) throw new Malformed('bad-key', `${what}: bad key`);
  return { kind: fixed[0] };
}

/** RSA keys count from 2048 to 8192 bits in whole octets, with an odd public exponent of 3 to 2^32. */
function classifyRsa(raw: Uint8Array, what: string): { readonly kind: KeyKind; readonly remark?: string } {
  const reader = new DerReader(raw);
  const sequence = reader.sequence(what);
  reader.finish(what);
  const modulus = sequence.integer(what);
  const exponent = sequence.integer(what);
  sequence.finish(what);
  if ((modulus[0] as number) >= 0x80 || (exponent[0] as number) >= 0x80) {
    throw new Malformed('bad-key', `${what}: a negative number`);
  }
  const octets = modulus[0] === 0 ? modulus.subarray(1) : modulus;
  const bits = octets.length === 0 ? 0 : octets.length * 8 - (Math.clz32(octets[0] as number) - 24);
  if (bits < 2048) return { kind: 'weak', remark: `an RSA key of ${bits} bits` };
  if (bits % 8 !== 0) return { kind: 'weak', remark: `an RSA key of ${bits} bits, not whole octets` };
  if (bits > 8192)
    return { kind: 'weak', remark: `an RSA key of ${bits} bits is more than is verified here` };
  if (((octets[octets.length - 1] as number) & 1) === 0)
    return { kind: 'weak', remark: 'an even RSA modulus' };
  let e = 0;
  for (const octet of exponent.subarray(0, 6)) e = e * 256 + octet;
  if (exponent.length > 5 || e < 3 || e % 2 === 0 || e > 2 ** 32) {
    return { kind: 'weak', remark: 'an RSA public exponent out of range' };
  }
  return { kind: 'rsa' };
}
