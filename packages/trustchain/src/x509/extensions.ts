import { Malformed } from './der/malformed.ts';
import { DerReader, Tag } from './der/reader.ts';
import { type GeneralName, readGeneralName, readGeneralNames } from './general-name.ts';
import { type AlgorithmIdentifier, type PublicKeyInfo, readAlgorithm, readPublicKey } from './key.ts';
import { Oid } from './oids.ts';

/** One extension as it stands; `value` is the content of its octet string. */
export interface Extension {
  readonly oid: string;
  readonly critical: boolean;
  readonly value: Uint8Array;
}

/** Bits of KeyUsage (RFC 5280 §4.2.1.3), as a mask. */
export const KeyUsage = {
  digitalSignature: 0x001,
  nonRepudiation: 0x002,
  keyEncipherment: 0x004,
  dataEncipherment: 0x008,
  keyAgreement: 0x010,
  keyCertSign: 0x020,
  cRLSign: 0x040,
  encipherOnly: 0x080,
  decipherOnly: 0x100,
} as const;

/** Names inside (`permitted`) or outside (`excluded`) of which a CA may issue. */
export interface NameConstraints {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

/** The contents of the extensions that this package reads; a field is absent where the extension is. */
export interface KnownExtensions {
  subjectKeyId?: Uint8Array;
  authorityKeyId?: { readonly keyId?: Uint8Array; readonly hasIssuer: boolean; readonly hasSerial: boolean };
  basicConstraints?: { readonly ca: boolean; readonly pathLength?: number };
  /** A mask of `KeyUsage` bits. */
  keyUsage?: number;
  extendedKeyUsage?: readonly string[];
  subjectAltNames?: readonly GeneralName[];
  nameConstraints?: NameConstraints;
  certificatePolicies?: readonly string[];
  policyMappings?: readonly (readonly [issuer: string, subject: string])[];
  policyConstraints?: { readonly requireExplicitPolicy?: number; readonly inhibitPolicyMapping?: number };
  inhibitAnyPolicy?: number;
  authorityInfoAccess?: true;
  altPublicKey?: PublicKeyInfo;
  altSignatureAlgorithm?: AlgorithmIdentifier;
  altSignature?: Uint8Array;
}

const MAX_EXTENSIONS = 64;
const MAX_ITEMS = 4096;
const MAX_COUNT = 2 ** 31;

/** Reads Extensions; `reader` stands before their SEQUENCE. An identifier that comes twice is refused. */
export function readExtensions(reader: DerReader, what: string): ReadonlyMap<string, Extension> {
  const sequence = reader.sequence(what);
  const extensions = new Map<string, Extension>();
  do {
    const item = sequence.sequence(what);
    const oid = item.oid(what);
    let critical = false;
    if (item.peek() === Tag.boolean) {
      critical = item.boolean(`criticality of ${oid}`);
      if (!critical) throw new Malformed('der-value', `criticality of ${oid}: false is not written`);
    }
    const value = item.content(Tag.octetString, `extension ${oid}`);
    item.finish(`extension ${oid}`);
    if (extensions.has(oid)) throw new Malformed('duplicate-extension', `extension ${oid} comes twice`);
    extensions.set(oid, { oid, critical, value });
    if (extensions.size > MAX_EXTENSIONS) throw new Malformed('too-large', 'too many extensions');
  } while (!sequence.done);
  return extensions;
}

type Read = (reader: DerReader, into: KnownExtensions) => void;

const readers: ReadonlyMap<string, readonly [name: string, read: Read]> = new Map<
  string,
  readonly [string, Read]
>([
  [
    Oid.subjectKeyIdentifier,
    [
      'subjectKeyIdentifier',
      (reader, into) => (into.subjectKeyId = reader.content(Tag.octetString, 'key identifier')),
    ],
  ],
  [Oid.authorityKeyIdentifier, ['authorityKeyIdentifier', readAuthorityKeyId]],
  [Oid.basicConstraints, ['basicConstraints', readBasicConstraints]],
  [Oid.keyUsage, ['keyUsage', readKeyUsage]],
  [
    Oid.extendedKeyUsage,
    [
      'extendedKeyUsage',
      (reader, into) => (into.extendedKeyUsage = readList(reader, (item) => item.oid('purpose'))),
    ],
  ],
  [
    Oid.subjectAltName,
    [
      'subjectAltName',
      (reader, into) =>
        (into.subjectAltNames = readGeneralNames(reader.sequence('names'), 'alternative name')),
    ],
  ],
  // Where lists are published; which lists count is for the caller to say.
  [
    Oid.crlDistributionPoints,
    ['cRLDistributionPoints', (reader) => readList(reader, (item) => item.sequence('point'))],
  ],
  [Oid.nameConstraints, ['nameConstraints', readNameConstraints]],
  [Oid.certificatePolicies, ['certificatePolicies', readPolicies]],
  [
    Oid.policyMappings,
    [
      'policyMappings',
      (reader, into) =>
        (into.policyMappings = readList(reader, (item) => {
          const pair = item.sequence('mapping');
          const mapping = [pair.oid('issuer policy'), pair.oid('subject policy')] as const;
          pair.finish('mapping');
          return mapping;
        })),
    ],
  ],
  [Oid.policyConstraints, ['policyConstraints', readPolicyConstraints]],
  [
    Oid.inhibitAnyPolicy,
    [
      'inhibitAnyPolicy',
      (reader, into) => (into.inhibitAnyPolicy = reader.uint('skip certificates', MAX_COUNT)),
    ],
  ],
  [Oid.authorityInfoAccess, ['authorityInfoAccess', readAuthorityInfoAccess]],
  [
    Oid.subjectAltPublicKeyInfo,
    [
      'subjectAltPublicKeyInfo',
      (reader, into) => (into.altPublicKey = readPublicKey(reader, 'alternative key')),
    ],
  ],
  [
    Oid.altSignatureAlgorithm,
    [
      'altSignatureAlgorithm',
      (reader, into) => (into.altSignatureAlgorithm = readAlgorithm(reader, 'alternative algorithm')),
    ],
  ],
  [
    Oid.altSignatureValue,
    ['altSignatureValue', (reader, into) => (into.altSignature = reader.octetBits('alternative signature'))],
  ],
]);

/** Whether a path check takes account of this extension, so that it may be critical. */
export function isKnownExtension(oid: string): boolean {
  return readers.has(oid);
}

/** Reads what is inside the extensions known here; any that is not as its standard says refuses the whole. */
export function readKnownExtensions(extensions: ReadonlyMap<string, Extension>): KnownExtensions {
  const known: KnownExtensions = {};
  for (const { oid, value } of extensions.values()) {
    const entry = readers.get(oid);
    if (entry === undefined) continue;
    const [name, read] = entry;
    try {
      const reader = new DerReader(value);
      read(reader, known);
      reader.finish('extension');
    } catch (error) {
      if (error instanceof Malformed) throw new Malformed('bad-extension', `${name}: ${error.message}`);
      throw error;
    }
  }
  return known;
}

/** A SEQUENCE OF one or more. */
function readList<Item>(reader: DerReader, read: (item: DerReader) => Item): readonly Item[] {
  const sequence = reader.sequence('list');
  const items: Item[] = [];
  do {
    items.push(read(sequence));
    if (items.length > MAX_ITEMS) throw new Malformed('too-large', 'too many items');
  } while (!sequence.done);
  return items;
}

/** Reads an AuthorityKeyIdentifier (RFC 5280 §4.2.1.1), also that of a revocation list. */
export function readAuthorityKeyId(reader: DerReader, into: KnownExtensions): void {
  const sequence = reader.sequence('authority key identifier');
  const keyId = sequence.peek() === 0x80 ? sequence.content(0x80, 'key identifier') : undefined;
  const issuer = sequence.optional(0xa1, 'issuer');
  if (issuer !== undefined) readGeneralNames(issuer, 'issuer');
  const hasSerial = sequence.peek() === 0x82;
  if (hasSerial) sequence.integer('serial', 0x82);
  sequence.finish('authority key identifier');
  const rest = { hasIssuer: issuer !== undefined, hasSerial };
  into.authorityKeyId = keyId === undefined ? rest : { keyId, ...rest };
}

function readBasicConstraints(reader: DerReader, into: KnownExtensions): void {
  const sequence = reader.sequence('basic constraints');
  let ca = false;
  if (sequence.peek() === Tag.boolean) {
    ca = sequence.boolean('cA');
    if (!ca) throw new Malformed('der-value', 'cA: false is not written');
  }
  const pathLength = sequence.peek() === Tag.integer ? sequence.uint('path length', MAX_COUNT) : undefined;
  sequence.finish('basic constraints');
  if (pathLength !== undefined && !ca) throw new Malformed('der-value', 'a path length without cA');
  into.basicConstraints = pathLength === undefined ? { ca } : { ca, pathLength };
}

function readKeyUsage(reader: DerReader, into: KnownExtensions): void {
  const { octets, unused } = reader.bits('key usage');
  const bits = octets.length * 8 - unused;
  if (bits === 0 || bits > 16) throw new Malformed('der-value', 'key usage: no bit, or too many');
  if ((((octets[octets.length - 1] as number) >> unused) & 1) === 0) {
    throw new Malformed('der-value', 'key usage: closing zero bits');
  }
  let mask = 0;
  for (let bit = 0; bit < bits; bit++) {
    if (((octets[bit >> 3] as number) & (0x80 >> (bit & 7))) !== 0) mask |= 1 << bit;
  }
  into.keyUsage = mask;
}

function readNameConstraints(reader: DerReader, into: KnownExtensions): void {
  const sequence = reader.sequence('name constraints');
  const permitted = readSubtrees(sequence.optional(0xa0, 'permitted'));
  const excluded = readSubtrees(sequence.optional(0xa1, 'excluded'));
  sequence.finish('name constraints');
  if (permitted.length + excluded.length === 0)
    throw new Malformed('der-value', 'neither permitted nor excluded');
  into.nameConstraints = { permitted, excluded };
}

function readSubtrees(reader: DerReader | undefined): readonly GeneralName[] {
  const names: GeneralName[] = [];
  if (reader === undefined) return names;
  do {
    const subtree = reader.sequence('subtree');
    names.push(readGeneralName(subtree, 'subtree'));
    subtree.finish('subtree with minimum or maximum'); // RFC 5280 §4.2.1.10: minimum is 0, maximum absent
    if (names.length > MAX_ITEMS) throw new Malformed('too-large', 'too many subtrees');
  } while (!reader.done);
  return names;
}

function readPolicies(reader: DerReader, into: KnownExtensions): void {
  into.certificatePolicies = readList(reader, (item) => {
    const information = item.sequence('policy information');
    const policy = information.oid('policy');
    if (!information.done) information.element(Tag.sequence, 'qualifiers');
    information.finish('policy information');
    return policy;
  });
  if (new Set(into.certificatePolicies).size !== into.certificatePolicies.length) {
    throw new Malformed('der-value', 'a policy that comes twice');
  }
}

function readPolicyConstraints(reader: DerReader, into: KnownExtensions): void {
  const sequence = reader.sequence('policy constraints');
  const requireExplicitPolicy =
    sequence.peek() === 0x80 ? sequence.uint('require explicit policy', MAX_COUNT, 0x80) : undefined;
  const inhibitPolicyMapping =
    sequence.peek() === 0x81 ? sequence.uint('inhibit policy mapping', MAX_COUNT, 0x81) : undefined;
  sequence.finish('policy constraints');
  if (requireExplicitPolicy === undefined && inhibitPolicyMapping === undefined) {
    throw new Malformed('der-value', 'policy constraints: empty');
  }
  into.policyConstraints = {
    ...(requireExplicitPolicy === undefined ? {} : { requireExplicitPolicy }),
    ...(inhibitPolicyMapping === undefined ? {} : { inhibitPolicyMapping }),
  };
}

function readAuthorityInfoAccess(reader: DerReader, into: KnownExtensions): void {
  readList(reader, (item) => {
    const description = item.sequence('access description');
    description.oid('access method');
    readGeneralName(description, 'access location');
    description.finish('access description');
  });
  into.authorityInfoAccess = true;
}
