import { toHex } from '@hypermesh/core';
import { Malformed } from './der/malformed.ts';
import { type DerReader, Tag } from './der/reader.ts';
import { Oid } from './oids.ts';

/** One attribute of a distinguished name. `text` is absent where its value is not a string. */
export interface NameAttribute {
  readonly oid: string;
  readonly text?: string;
}

/**
 * A distinguished name. `rdns` holds each relative name in the form that comparison uses (RFC 5280 §7.1: case and
 * inner space do not count), `key` all of them joined: two names are equal when their keys are.
 */
export interface DistinguishedName {
  readonly der: Uint8Array;
  readonly rdns: readonly string[];
  readonly key: string;
  readonly attributes: readonly NameAttribute[];
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });
const MAX_ATTRIBUTES = 256;

/** More combining marks in a row than the Stream-Safe Text Format has (UAX #15): ordering n of them takes n² steps. */
const MARKS = /\p{M}{31}/u;

/** Reads a Name; `reader` stands before its SEQUENCE. */
export function readName(reader: DerReader, what: string): DistinguishedName {
  const start = reader.at;
  const sequence = reader.sequence(what);
  const rdns: string[] = [];
  const attributes: NameAttribute[] = [];
  while (!sequence.done) {
    const set = sequence.enter(Tag.set, what);
    const parts: string[] = [];
    do {
      const pair = set.sequence(what);
      const oid = pair.oid(what);
      const { tag, from, end } = pair.any(what);
      pair.finish(what);
      const value = pair.bytes.subarray(from, end);
      const text = decodeString(tag, value, what);
      attributes.push(text === undefined ? { oid } : { oid, text });
      parts.push(text === undefined ? `${oid}#${tag}:${toHex(value)}` : `${oid}=${comparedText(text, what)}`);
      if (attributes.length > MAX_ATTRIBUTES)
        throw new Malformed('too-large', `${what}: too many attributes`);
    } while (!set.done);
    rdns.push(parts.length === 1 ? (parts[0] as string) : parts.sort().join('+'));
  }
  return { der: reader.since(start), rdns, key: rdns.join(','), attributes };
}

/** Whether `name` lies in the subtree of `base`: `base`'s relative names begin it (RFC 5280 §7.1). */
export function isWithin(name: DistinguishedName, base: DistinguishedName): boolean {
  return base.rdns.length <= name.rdns.length && base.rdns.every((rdn, i) => rdn === name.rdns[i]);
}

const SHORT: Readonly<Record<string, string>> = {
  [Oid.commonName]: 'CN',
  [Oid.countryName]: 'C',
  [Oid.localityName]: 'L',
  [Oid.stateOrProvinceName]: 'ST',
  [Oid.organizationName]: 'O',
  [Oid.organizationalUnitName]: 'OU',
  [Oid.emailAddress]: 'emailAddress',
};

/** A name as a person reads it, most specific part last; for messages, never for comparison. */
export function nameText(name: DistinguishedName): string {
  if (name.attributes.length === 0) return '(empty name)';
  let text = '';
  for (const { oid, text: value = '…' } of name.attributes) {
    text += `${text === '' ? '' : ', '}${SHORT[oid] ?? oid}=${value.slice(0, 201)}`;
    if (text.length > 200) return `${text.slice(0, 200)}…`;
  }
  return text;
}

/** A text as names are compared, behind its length, so that no two lists of texts join to the same. */
function comparedText(text: string, what: string): string {
  if (MARKS.test(text)) throw new Malformed('bad-name', `${what}: more than 30 combining marks in a row`);
  const folded = text.normalize('NFKC').toLowerCase().trim().replace(/\s+/g, ' ');
  return `${folded.length}:${folded}`;
}

function decodeString(tag: number, value: Uint8Array, what: string): string | undefined {
  switch (tag) {
    case Tag.utf8String:
      try {
        return strictUtf8.decode(value);
      } catch {
        throw new Malformed('bad-name', `${what}: not UTF-8`);
      }
    case 0x12: // NumericString
    case 0x13: // PrintableString
    case 0x16: // IA5String
    case 0x1a: // VisibleString
      return readAscii(value, what);
    case 0x14: // TeletexString, read as Latin-1 as everybody does
      return readWide(value, 1, what);
    case 0x1e: // BMPString
      return readWide(value, 2, what);
    case 0x1c: // UniversalString
      return readWide(value, 4, what);
    default:
      return undefined;
  }
}

/** Text of octets that must all be ASCII. */
export function readAscii(value: Uint8Array, what: string): string {
  let text = '';
  for (const octet of value) {
    if (octet >= 0x80) throw new Malformed('bad-name', `${what}: not ASCII`);
    text += String.fromCharCode(octet);
  }
  return text;
}

function readWide(value: Uint8Array, width: number, what: string): string {
  if (value.length % width !== 0) throw new Malformed('bad-name', `${what}: half a character`);
  let text = '';
  for (let at = 0; at < value.length; at += width) {
    let point = 0;
    for (let i = 0; i < width; i++) point = point * 256 + (value[at + i] as number);
    if (point > 0x10ffff) throw new Malformed('bad-name', `${what}: no such character`);
    text += String.fromCodePoint(point);
  }
  return text;
}
