import { equalBytes } from '@hypermesh/core';
import type { Certificate } from './certificate.ts';
import { commonProblem, issuedProblem, type RuleContext } from './certificate-rules.ts';
import type { GeneralName } from './general-name.ts';
import { coversHost, type Host } from './host.ts';
import { Oid } from './oids.ts';
import { isPublicSuffix } from './public-suffix.ts';
import { type Problem, problem } from './reason.ts';
import { commonNameProblem } from './subject-names.ts';

/** The names that a caller expects the leaf to have; each must be there. */
export interface ExpectedNames {
  readonly host?: Host;
  readonly emails: readonly string[];
  readonly uri?: string;
}

/** Rules for the certificate that is to be trusted. `isPinned`: it is itself one of the roots. */
export function leafProblem(
  leaf: Certificate,
  isPinned: boolean,
  expected: ExpectedNames,
  context: RuleContext,
): Problem | undefined {
  return (
    commonProblem(leaf, context) ??
    (isPinned ? undefined : issuedProblem(leaf)) ??
    purposeProblem(leaf, context) ??
    nameFormProblem(leaf, context) ??
    nameProblem(leaf, expected) ??
    (context.profile !== 'rfc5280' && context.purposes.includes(Oid.serverAuth)
      ? commonNameProblem(leaf)
      : undefined)
  );
}

function purposeProblem(leaf: Certificate, { purposes, profile }: RuleContext): Problem | undefined {
  const isServer = purposes.includes(Oid.serverAuth);
  if (profile === 'webpki' && leaf.basicConstraints?.ca === true) {
    return problem('bad-extension', 'a CA certificate in the place of the leaf', leaf);
  }
  const allowed = leaf.extendedKeyUsage;
  if (allowed === undefined) {
    return profile === 'webpki' && isServer
      ? problem('wrong-purpose', 'extendedKeyUsage is missing', leaf)
      : undefined;
  }
  if (isServer && profile !== 'rfc5280') {
    if (allowed.includes(Oid.anyExtendedKeyUsage)) {
      return problem('wrong-purpose', 'anyExtendedKeyUsage in a server certificate', leaf);
    }
    if (leaf.extensions.get(Oid.extendedKeyUsage)?.critical === true) {
      return problem('bad-extension', 'extendedKeyUsage of a server certificate must not be critical', leaf);
    }
  }
  if (allowed.includes(Oid.anyExtendedKeyUsage)) return undefined;
  const missing = purposes.find((purpose) => !allowed.includes(purpose));
  return missing === undefined ? undefined : problem('wrong-purpose', `not issued for ${missing}`, leaf);
}

function nameFormProblem(leaf: Certificate, { purposes, profile }: RuleContext): Problem | undefined {
  const san = leaf.extensions.get(Oid.subjectAltName);
  const isEmpty = leaf.subject.rdns.length === 0;
  if (san === undefined) {
    return isEmpty || purposes.includes(Oid.serverAuth)
      ? problem('bad-name', 'subjectAltName is missing', leaf)
      : undefined;
  }
  if (isEmpty && !san.critical) {
    return problem('bad-extension', 'subjectAltName must be critical where the subject is empty', leaf);
  }
  if (profile === 'rfc5280') return undefined;
  return !isEmpty && san.critical
    ? problem('bad-extension', 'subjectAltName must not be critical where the subject is not empty', leaf)
    : undefined;
}

function nameProblem(leaf: Certificate, { host, emails, uri }: ExpectedNames): Problem | undefined {
  const names = leaf.subjectAltNames ?? [];
  const mismatch = (what: string) => problem('name-mismatch', `not issued for ${what}`, leaf);
  if (host !== undefined && !names.some((name) => isHost(name, host))) return mismatch('this host');
  for (const email of emails) {
    if (!names.some((name) => name.kind === 'email' && sameMailbox(name.value, email)))
      return mismatch('this mailbox');
  }
  if (uri !== undefined && !names.some((name) => name.kind === 'uri' && name.value === uri))
    return mismatch('this URI');
  return undefined;
}

function isHost(name: GeneralName, host: Host): boolean {
  if (host.kind === 'ip') return name.kind === 'ip' && equalBytes(name.octets, host.octets);
  return name.kind === 'dns' && coversHost(name.value, host.name, isPublicSuffix);
}

/** The local part counts letter by letter, the host does not (RFC 5321 §2.4). */
export function sameMailbox(a: string, b: string): boolean {
  const atA = a.lastIndexOf('@');
  const atB = b.lastIndexOf('@');
  return a.slice(0, atA) === b.slice(0, atB) && a.slice(atA).toLowerCase() === b.slice(atB).toLowerCase();
}
