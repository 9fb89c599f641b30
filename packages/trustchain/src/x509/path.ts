import { equalBytes } from '@hypermesh/core';
import type { Budget } from './budget.ts';
import type { Certificate } from './certificate.ts';
import {
  anchorProblem,
  damagedRootProblem,
  intermediateProblem,
  isSelfIssued,
  type RuleContext,
} from './certificate-rules.ts';
import { type Problem, problem } from './reason.ts';
import { type SignatureResult, verifySignature } from './signature.ts';

/** Where issuers are looked for. */
export interface Pool {
  readonly roots: readonly Certificate[];
  readonly intermediates: readonly Certificate[];
}

/** What a candidate costs in comparisons: looking at it is some twenty times the work of comparing two names. */
const STEP_COST = 20;

/**
 * Builds paths from a leaf to a trust anchor, depth first, over any pool: cross-signed, cyclic, with strangers in it.
 * Cheap rules come before signatures, anchors before intermediates, issuers with the key identifier that the
 * certificate names before others. `accept` judges each whole path; the search ends with the first it accepts.
 */
export class PathBuilder {
  readonly #roots: ReadonlyMap<string, readonly Certificate[]>;
  readonly #intermediates: ReadonlyMap<string, readonly Certificate[]>;
  readonly #context: RuleContext;
  readonly #maxDepth: number;
  readonly #budget: Budget;
  readonly #verified = new Map<Certificate, Map<Certificate, SignatureResult>>();
  #closest: { readonly rank: number; readonly problem: Problem } | undefined;

  constructor(pool: Pool, context: RuleContext, maxDepth: number, budget: Budget) {
    this.#roots = bySubject(pool.roots);
    this.#intermediates = bySubject(pool.intermediates);
    this.#context = context;
    this.#maxDepth = maxDepth;
    this.#budget = budget;
  }

  /** Whether the certificate is itself one of the roots. */
  isAnchor(certificate: Certificate): boolean {
    return (this.#roots.get(certificate.subject.key) ?? []).some((root) =>
      equalBytes(root.der, certificate.der),
    );
  }

  /** The first path that `accept` finds no problem with, or the problem of the one that came closest. */
  build(
    leaf: Certificate,
    accept: (path: readonly Certificate[]) => Problem | undefined,
  ): { readonly path: readonly Certificate[] } | Problem {
    const isPinned = this.isAnchor(leaf);
    const damaged = isPinned ? damagedRootProblem(leaf, () => this.#signature(leaf, leaf)) : undefined;
    if (damaged !== undefined) return damaged;
    const path = isPinned ? this.#judge([leaf], accept) : this.#extend([leaf], 0, accept);
    if (path !== undefined) return { path };
    return this.#closest?.problem ?? problem('unknown-issuer', 'no trusted certificate issued it', leaf);
  }

  #extend(
    path: readonly Certificate[],
    depth: number,
    accept: (path: readonly Certificate[]) => Problem | undefined,
  ): readonly Certificate[] | undefined {
    const certificate = path[path.length - 1] as Certificate;
    for (const { issuer, isAnchor } of this.#candidates(certificate)) {
      this.#budget.spend('comparisons', STEP_COST + path.length);
      if (path.some((earlier) => isSameCa(earlier, issuer)) || (!isAnchor && endsInItself(issuer))) continue;
      const nextDepth = depth + (isAnchor || isSelfIssued(issuer) ? 0 : 1);
      const broken =
        (isAnchor
          ? anchorProblem(issuer, this.#context, () => this.#signature(issuer, issuer))
          : intermediateProblem(issuer, this.#context)) ??
        (nextDepth > this.#maxDepth
          ? problem('path-too-long', `more than ${this.#maxDepth} intermediates`, issuer)
          : undefined) ??
        this.#signatureProblem(certificate, issuer);
      if (broken !== undefined) {
        this.#remember(isAnchor ? 2 : 1, broken);
        continue;
      }
      const longer = [...path, issuer];
      const found = isAnchor ? this.#judge(longer, accept) : this.#extend(longer, nextDepth, accept);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #judge(
    path: readonly Certificate[],
    accept: (path: readonly Certificate[]) => Problem | undefined,
  ): readonly Certificate[] | undefined {
    const broken = accept(path);
    if (broken === undefined) return path;
    this.#remember(3, broken);
    return undefined;
  }

  #remember(rank: number, found: Problem): void {
    if (this.#closest === undefined || rank > this.#closest.rank) this.#closest = { rank, problem: found };
  }

  *#candidates(
    certificate: Certificate,
  ): Iterable<{ readonly issuer: Certificate; readonly isAnchor: boolean }> {
    for (const [pool, isAnchor] of [
      [this.#roots, true],
      [this.#intermediates, false],
    ] as const) {
      const issuers = pool.get(certificate.issuer.key) ?? [];
      const wanted = certificate.authorityKeyId?.keyId;
      if (wanted === undefined || issuers.length < 2) {
        for (const issuer of issuers) yield { issuer, isAnchor };
        continue;
      }
      const isNamed = (issuer: Certificate) =>
        issuer.subjectKeyId !== undefined && equalBytes(issuer.subjectKeyId, wanted);
      for (const issuer of issuers) if (isNamed(issuer)) yield { issuer, isAnchor };
      for (const issuer of issuers) if (!isNamed(issuer)) yield { issuer, isAnchor };
    }
  }

  #signatureProblem(certificate: Certificate, issuer: Certificate): Problem | undefined {
    const result = this.#signature(certificate, issuer);
    if (result === 'good') return undefined;
    return result === 'bad'
      ? problem('bad-signature', 'the issuer did not sign it', certificate)
      : problem(
          'unsupported-algorithm',
          `algorithm ${certificate.signatureAlgorithm.oid} with this key`,
          certificate,
        );
  }

  #signature(certificate: Certificate, issuer: Certificate): SignatureResult {
    let results = this.#verified.get(certificate);
    if (results === undefined) {
      results = new Map();
      this.#verified.set(certificate, results);
    }
    const known = results.get(issuer);
    if (known !== undefined) return known;
    this.#budget.spend('signatures');
    const result = certificate === issuer ? ownSignature(certificate) : signatureOf(certificate, issuer);
    results.set(issuer, result);
    return result;
  }
}

function signatureOf(
  { signatureAlgorithm, tbs, signature }: Certificate,
  issuer: Certificate,
): SignatureResult {
  return verifySignature(signatureAlgorithm, issuer.publicKey, tbs, signature);
}

/** Results for roots, which a caller that decodes them once hands in again and again. */
const ownSignatures = new WeakMap<Certificate, SignatureResult>();

function ownSignature(certificate: Certificate): SignatureResult {
  const known = ownSignatures.get(certificate);
  if (known !== undefined) return known;
  const result = signatureOf(certificate, certificate);
  ownSignatures.set(certificate, result);
  return result;
}

/** RFC 4158 §2.4.2: the same name with the same key is the same CA; coming by it again is a loop. */
function isSameCa(a: Certificate, b: Certificate): boolean {
  return a === b || (a.subject.key === b.subject.key && equalBytes(a.publicKey.der, b.publicKey.der));
}

/** A self-signed certificate that is not trusted: nothing leads on from it. */
function endsInItself(certificate: Certificate): boolean {
  if (!isSelfIssued(certificate)) return false;
  const { authorityKeyId, subjectKeyId } = certificate;
  const issuerKey = authorityKeyId?.keyId;
  return issuerKey === undefined || (subjectKeyId !== undefined && equalBytes(issuerKey, subjectKeyId));
}

function bySubject(certificates: readonly Certificate[]): ReadonlyMap<string, readonly Certificate[]> {
  const map = new Map<string, Certificate[]>();
  for (const certificate of certificates) {
    const list = map.get(certificate.subject.key);
    if (list === undefined) map.set(certificate.subject.key, [certificate]);
    else if (!list.some((other) => equalBytes(other.der, certificate.der))) list.push(certificate);
  }
  return map;
}

/** RFC 5280 §4.2.1.9: the intermediates under a CA, self-issued ones not counted, against its path length. */
export function pathLengthProblem(path: readonly Certificate[]): Problem | undefined {
  let below = 0;
  for (let i = 1; i < path.length; i++) {
    const certificate = path[i] as Certificate;
    const limit = certificate.basicConstraints?.pathLength;
    if (limit !== undefined && below > limit) {
      return problem(
        'path-too-long',
        `more intermediates under it than its path length of ${limit}`,
        certificate,
      );
    }
    if (!isSelfIssued(certificate)) below++;
  }
  return undefined;
}
