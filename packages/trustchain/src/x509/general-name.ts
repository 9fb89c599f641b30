import { Malformed } from './der/malformed.ts';
import { DerReader } from './der/reader.ts';
import { type DistinguishedName, readAscii, readName } from './name.ts';

/** A GeneralName (RFC 5280 §4.2.1.6). Names of kind `other` are known by their tag number only. */
export type GeneralName =
  | { readonly kind: 'dns' | 'email' | 'uri'; readonly value: string }
  | { readonly kind: 'ip'; readonly octets: Uint8Array }
  | { readonly kind: 'directory'; readonly name: DistinguishedName }
  | { readonly kind: 'other'; readonly tag: number };

const MAX_NAMES = 8192;
const textKinds: Readonly<Record<number, 'email' | 'dns' | 'uri'>> = { 1: 'email', 2: 'dns', 6: 'uri' };

/** Reads one GeneralName as it stands, whatever its syntax within. */
export function readGeneralName(reader: DerReader, what: string): GeneralName {
  const { tag, from, end } = reader.any(what);
  const number = tag & 0x1f;
  if ((tag & 0xc0) !== 0x80 || number > 8) throw new Malformed('der-tag', `${what}: not a general name`);
  const constructed = number === 0 || number === 3 || number === 4 || number === 5;
  if (constructed !== ((tag & 0x20) !== 0)) throw new Malformed('der-tag', `${what}: not a general name`);
  const octets = reader.bytes.subarray(from, end);
  const kind = textKinds[number];
  if (kind !== undefined) return { kind, value: readAscii(octets, what) };
  if (number === 7) return { kind: 'ip', octets };
  if (number === 4) {
    const inner = new DerReader(reader.bytes, from, end);
    const name = readName(inner, what);
    inner.finish(what);
    return { kind: 'directory', name };
  }
  return { kind: 'other', tag: number };
}

/** Reads GeneralNames: one or more. */
export function readGeneralNames(reader: DerReader, what: string): readonly GeneralName[] {
  const names: GeneralName[] = [];
  do {
    names.push(readGeneralName(reader, what));
    if (names.length > MAX_NAMES) throw new Malformed('too-large', `${what}: too many names`);
  } while (!reader.done);
  return names;
}
