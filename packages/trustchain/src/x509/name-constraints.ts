import type { Budget } from './budget.ts';
import type { Certificate } from './certificate.ts';
import { isSelfIssued } from './certificate-rules.ts';
import type { NameConstraints } from './extensions.ts';
import type { GeneralName } from './general-name.ts';
import { isDnsName, isMailbox, readAddress } from './host.ts';
import { sameMailbox } from './leaf-rules.ts';
import { isWithin } from './name.ts';
import { Oid } from './oids.ts';
import { type Problem, problem } from './reason.ts';

/**
 * Checks the name constraints of every CA of a path (RFC 5280 §4.2.1.10 and §6.1.3) against the names of the
 * certificates under it. `path` is leaf first, trust anchor last; the anchor's constraints count.
 */
export function nameConstraintsProblem(path: readonly Certificate[], budget: Budget): Problem | undefined {
  for (let ca = path.length - 1; ca > 0; ca--) {
    const constraints = (path[ca] as Certificate).nameConstraints;
    if (constraints === undefined) continue;
    const subtrees = readSubtrees(constraints);
    if (subtrees.malformed !== undefined)
      return problem('name-constraints', `a malformed ${subtrees.malformed} subtree`, path[ca]);
    for (let i = ca - 1; i >= 0; i--) {
      const certificate = path[i] as Certificate;
      if (i > 0 && isSelfIssued(certificate)) continue;
      const broken = check(certificate, subtrees, budget);
      if (broken !== undefined) return problem('name-constraints', broken, certificate);
    }
  }
  return undefined;
}

type Subtrees = ReadonlyMap<string, readonly GeneralName[]>;

const kindOf = (name: GeneralName): string => (name.kind === 'other' ? `other ${name.tag}` : name.kind);

interface SortedConstraints {
  readonly permitted: Subtrees;
  readonly excluded: Subtrees;
  /** Kind of a subtree without the syntax of its kind, where there is one. */
  readonly malformed?: string | undefined;
}

/** Once for each certificate: it may stand in thousands of paths, and have thousands of subtrees. */
const sorted = new WeakMap<NameConstraints, SortedConstraints>();

function readSubtrees(constraints: NameConstraints): SortedConstraints {
  const known = sorted.get(constraints);
  if (known !== undefined) return known;
  const { permitted, excluded } = constraints;
  const read: SortedConstraints = {
    permitted: Map.groupBy(permitted, kindOf),
    excluded: Map.groupBy(excluded, kindOf),
    malformed: [...permitted, ...excluded].find((subtree) => !isSubtree(subtree))?.kind,
  };
  sorted.set(constraints, read);
  return read;
}

function check(certificate: Certificate, constraints: SortedConstraints, budget: Budget): string | undefined {
  const names = namesOf(certificate);
  budget.spend('comparisons', names.length);
  for (const named of names) {
    // A URI may be long and is met by thousands of subtrees, so its host is read once.
    const name = named.kind === 'uri' ? { kind: 'uri-host' as const, host: uriHost(named.value) } : named;
    const kind = kindOf(named);
    const permitted = constraints.permitted.get(kind) ?? [];
    const excluded = constraints.excluded.get(kind) ?? [];
    budget.spend('comparisons', permitted.length + excluded.length);
    if (name.kind === 'other' && permitted.length + excluded.length > 0) {
      return 'a constraint on a kind of name that cannot be compared';
    }
    if (excluded.some((subtree) => mayLieWithin(name, subtree))) return `an excluded name of kind ${kind}`;
    if (permitted.length > 0 && !permitted.some((subtree) => liesWithin(name, subtree))) {
      return `a name of kind ${kind} that is not permitted`;
    }
  }
  return undefined;
}

/** All names that constraints apply to: the subject, its mailboxes where there is no other, alternative names. */
function namesOf(certificate: Certificate): readonly GeneralName[] {
  const alternatives = certificate.subjectAltNames ?? [];
  const names: GeneralName[] = [...alternatives];
  const { subject } = certificate;
  if (subject.rdns.length > 0) names.push({ kind: 'directory', name: subject });
  if (!alternatives.some(({ kind }) => kind === 'email')) {
    for (const { oid, text } of subject.attributes) {
      if (oid === Oid.emailAddress) names.push({ kind: 'email', value: text ?? '' });
    }
  }
  return names;
}

/** Whether a constraint has the syntax of its kind; an empty DNS or host constraint covers every name. */
function isSubtree(subtree: GeneralName): boolean {
  switch (subtree.kind) {
    case 'dns':
      return subtree.value === '' || isDnsName(subtree.value);
    case 'email':
      return isHostSubtree(subtree.value) || isMailbox(subtree.value);
    case 'uri':
      return isHostSubtree(subtree.value);
    case 'ip':
      return isAddressBlock(subtree.octets);
    default:
      return true;
  }
}

const isHostSubtree = (value: string): boolean =>
  value === '' || isDnsName(value.startsWith('.') ? value.slice(1) : value);

function isAddressBlock(octets: Uint8Array): boolean {
  if (octets.length !== 8 && octets.length !== 32) return false;
  let bits = '';
  for (const octet of octets.subarray(octets.length / 2)) bits += octet.toString(2).padStart(8, '0');
  return /^1*0*$/.test(bits);
}

/** A name as it meets constraints: of a URI its host, undefined where it has no host name. */
type ConstrainedName = GeneralName | { readonly kind: 'uri-host'; readonly host: string | undefined };

/** Whether the whole of `name` lies within `subtree`; both are of one kind. */
function liesWithin(name: ConstrainedName, subtree: GeneralName): boolean {
  if (name.kind === 'dns' && subtree.kind === 'dns') {
    return isUnder(name.value.startsWith('*.') ? name.value.slice(2) : name.value, subtree.value);
  }
  if (name.kind === 'email' && subtree.kind === 'email') return isMailboxUnder(name.value, subtree.value);
  if (name.kind === 'uri-host' && subtree.kind === 'uri')
    return name.host !== undefined && isHostUnder(name.host, subtree.value);
  if (name.kind === 'ip' && subtree.kind === 'ip') return isInBlock(name.octets, subtree.octets);
  if (name.kind === 'directory' && subtree.kind === 'directory') return isWithin(name.name, subtree.name);
  return false;
}

/**
 * Whether any of what `name` stands for may lie within `subtree`: a wildcard reaches one label further, and of a URI
 * without a host name or a mailbox that is none (in a subject) nobody can say.
 */
function mayLieWithin(name: ConstrainedName, subtree: GeneralName): boolean {
  if (liesWithin(name, subtree)) return true;
  if (name.kind === 'uri-host') return name.host === undefined;
  if (name.kind === 'email') return !isMailbox(name.value);
  if (name.kind !== 'dns' || subtree.kind !== 'dns' || !name.value.startsWith('*.')) return false;
  const dot = subtree.value.indexOf('.');
  return subtree.value.slice(dot + 1).toLowerCase() === name.value.slice(2).toLowerCase();
}

/** `name` is `base`, or has more labels on its left. */
function isUnder(name: string, base: string): boolean {
  if (base === '') return true;
  const lower = name.toLowerCase();
  const suffix = base.toLowerCase();
  return lower === suffix || lower.endsWith(`.${suffix}`);
}

/** A host constraint: `.example.com` covers what is beneath it, `example.com` that host alone. */
function isHostUnder(host: string, constraint: string): boolean {
  if (constraint === '') return true;
  return constraint.startsWith('.')
    ? host.toLowerCase().endsWith(constraint.toLowerCase())
    : host.toLowerCase() === constraint.toLowerCase();
}

function isMailboxUnder(mailbox: string, constraint: string): boolean {
  if (!isMailbox(mailbox)) return false;
  return constraint.includes('@')
    ? sameMailbox(mailbox, constraint)
    : isHostUnder(mailbox.slice(mailbox.indexOf('@') + 1), constraint);
}

/** Undefined where the URI has no host name, so that no constraint can be applied to it. */
function uriHost(uri: string): string | undefined {
  const authority = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/([^/?#]*)/.exec(uri)?.[1];
  if (authority === undefined) return undefined;
  const host = authority.slice(authority.lastIndexOf('@') + 1).replace(/:[0-9]*$/, '');
  if (!isDnsName(host) || readAddress(host) !== undefined) return undefined;
  return host;
}

function isInBlock(address: Uint8Array, block: Uint8Array): boolean {
  const size = address.length;
  if (block.length !== size * 2) return false;
  return address.every((octet, i) => ((octet ^ (block[i] as number)) & (block[size + i] as number)) === 0);
}
