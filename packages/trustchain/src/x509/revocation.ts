import { equalBytes } from '@hypermesh/core';
import type { Budget } from './budget.ts';
import type { Certificate } from './certificate.ts';
import { type RevocationListHead, readRevoked } from './crl.ts';
import { Malformed } from './der/malformed.ts';
import { KeyUsage } from './extensions.ts';
import { Oid } from './oids.ts';
import { type Problem, problem } from './reason.ts';
import { verifySignature } from './signature.ts';

/** Revocation lists of one check, and whether every certificate under the anchor must be covered by one. */
export interface RevocationContext {
  readonly lists: readonly RevocationListHead[];
  readonly isRequired: boolean;
  readonly timeMs: number;
}

/**
 * RFC 5280 §6.3 for complete lists that the issuer itself signed. A list in the issuer's name that cannot be used
 * refuses the path: nobody can tell what it would have said. Delta, indirect and partitioned lists are not read.
 */
export function revocationProblem(
  path: readonly Certificate[],
  { lists, isRequired, timeMs }: RevocationContext,
  budget: Budget,
): Problem | undefined {
  for (let i = 0; i < path.length - 1; i++) {
    const certificate = path[i] as Certificate;
    const issuer = path[i + 1] as Certificate;
    let isCovered = false;
    for (const list of lists) {
      budget.spend('comparisons');
      if (!isMeantFor(list, issuer)) continue;
      const broken = listProblem(list, issuer, timeMs, budget);
      if (broken !== undefined) return problem('bad-crl', broken, certificate);
      const named = entryProblem(list, certificate);
      if (named !== undefined) return named;
      isCovered = true;
    }
    if (isRequired && !isCovered) return problem('no-crl', 'no revocation list covers it', certificate);
  }
  return undefined;
}

/** By name, and by key where the list names one: a CA may have several keys, each with its own list. */
function isMeantFor(list: RevocationListHead, issuer: Certificate): boolean {
  if (list.issuer.key !== issuer.subject.key) return false;
  const { authorityKeyId } = list;
  return (
    authorityKeyId === undefined ||
    issuer.subjectKeyId === undefined ||
    equalBytes(authorityKeyId, issuer.subjectKeyId)
  );
}

const known: readonly string[] = [Oid.authorityKeyIdentifier, Oid.crlNumber];

function listProblem(
  list: RevocationListHead,
  issuer: Certificate,
  timeMs: number,
  budget: Budget,
): string | undefined {
  if (list.version !== 2) return 'not a version 2 list';
  for (const { oid, critical } of list.extensions.values()) {
    if (critical && !known.includes(oid)) return `critical extension ${oid} of the list is not known here`;
  }
  if (list.number === undefined) return 'the list has no CRL number';
  if (list.extensions.get(Oid.crlNumber)?.critical === true) return 'the CRL number must not be critical';
  if (timeMs < list.thisUpdateMs) return 'the list is not valid yet';
  if (list.nextUpdateMs === undefined) return 'the list does not say when the next one comes';
  if (timeMs > list.nextUpdateMs) return 'the list is out of date';
  if (issuer.keyUsage !== undefined && (issuer.keyUsage & KeyUsage.cRLSign) === 0) {
    return 'the issuer may not sign revocation lists';
  }
  budget.spend('signatures');
  const result = verifySignature(list.signatureAlgorithm, issuer.publicKey, list.tbs, list.signature);
  return result === 'good' ? undefined : 'the signature of the list is not good';
}

/** Entries are read last, from a list that its issuer signed: strangers cannot make anybody read long ones. */
function entryProblem(list: RevocationListHead, certificate: Certificate): Problem | undefined {
  try {
    for (const { serial, isUnclear } of readRevoked(list)) {
      if (isUnclear) return problem('bad-crl', 'an entry of the list has a critical extension', certificate);
      if (serial.length === certificate.serial.length && equalBytes(serial, certificate.serial)) {
        return problem('revoked', 'its issuer has revoked it', certificate);
      }
    }
    return undefined;
  } catch (error) {
    if (error instanceof Malformed) return problem('bad-crl', error.message, certificate);
    throw error;
  }
}
