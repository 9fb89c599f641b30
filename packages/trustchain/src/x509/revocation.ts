import { equalBytes } from '@hypermesh/core';
import type { Budget } from './budget.ts';
import type { Certificate } from './certificate.ts';
import { type RevocationListHead, readRevoked } from './crl.ts';
import { Malformed } from './der/malformed.ts';
import { KeyUsage } from './extensions.ts';
import { Oid } from './oids.ts';
import { type Problem, problem } from './reason.ts';
import { verifySignature } from './signature.ts';

/**
 * RFC 5280 §6.3 for complete lists that the issuer itself signed. A list in the issuer's name that cannot be used
 * refuses the path: nobody can tell what it would have said. Delta, indirect and partitioned lists are not read. One for
 * each check: what it found of a certificate and its issuer counts for every path that they stand in.
 */
export class Revocation {
  readonly #lists: readonly RevocationListHead[];
  readonly #isRequired: boolean;
  readonly #timeMs: number;
  readonly #budget: Budget;
  readonly #found = new Map<Certificate, Map<Certificate, Problem | undefined>>();

  /** `isRequired`: every certificate under the anchor must be covered by a list. */
  constructor(lists: readonly RevocationListHead[], isRequired: boolean, timeMs: number, budget: Budget) {
    this.#lists = lists;
    this.#isRequired = isRequired;
    this.#timeMs = timeMs;
    this.#budget = budget;
  }

  /** The first problem of a path, leaf first, trust anchor last. */
  problem(path: readonly Certificate[]): Problem | undefined {
    for (let i = 0; i < path.length - 1; i++) {
      const broken = this.#once(path[i] as Certificate, path[i + 1] as Certificate);
      if (broken !== undefined) return broken;
    }
    return undefined;
  }

  #once(certificate: Certificate, issuer: Certificate): Problem | undefined {
    const found = this.#found.get(certificate) ?? new Map<Certificate, Problem | undefined>();
    this.#found.set(certificate, found);
    if (!found.has(issuer)) found.set(issuer, this.#ofOne(certificate, issuer));
    return found.get(issuer);
  }

  #ofOne(certificate: Certificate, issuer: Certificate): Problem | undefined {
    let isCovered = false;
    for (const list of this.#lists) {
      this.#budget.spend('comparisons');
      if (!isMeantFor(list, issuer)) continue;
      const broken = listProblem(list, issuer, this.#timeMs, this.#budget);
      if (broken !== undefined) return problem('bad-crl', broken, certificate);
      const named = entryProblem(list, certificate);
      if (named !== undefined) return named;
      isCovered = true;
    }
    return this.#isRequired && !isCovered
      ? problem('no-crl', 'no revocation list covers it', certificate)
      : undefined;
  }
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
