import { equalBytes, sha256, toHex } from '@hypermesh/core';
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
  readonly #reachable: ReadonlySet<string>;
  readonly #rules = new Map<Certificate, Problem | undefined>();
  readonly #links = new Map<Certificate, Map<Certificate, Problem | undefined>>();
  #closest: { readonly rank: number; readonly problem: Problem } | undefined;

  constructor(pool: Pool, context: RuleContext, maxDepth: number, budget: Budget) {
    this.#roots = bySubject(pool.roots);
    this.#intermediates = bySubject(pool.intermediates);
    this.#reachable = namesUnder(this.#roots, this.#intermediates);
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
    const damaged = isPinned ? damagedRootProblem(leaf, () => this.#ownSignature(leaf)) : undefined;
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
      if (path.some((earlier) => isSameCa(earlier, issuer))) continue;
      if (!isAnchor && (endsInItself(issuer) || !this.#reachable.has(issuer.issuer.key))) continue;
      const nextDepth = depth + (isAnchor || isSelfIssued(issuer) ? 0 : 1);
      const broken =
        this.#ruleProblem(issuer, isAnchor) ??
        (nextDepth > this.#maxDepth
          ? problem('path-too-long', `more than ${this.#maxDepth} intermediates`, issuer)
          : undefined) ??
        this.#linkProblem(certificate, issuer);
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

  #ruleProblem(issuer: Certificate, isAnchor: boolean): Problem | undefined {
    if (isAnchor) return anchorProblem(issuer, this.#context, () => this.#ownSignature(issuer));
    if (!this.#rules.has(issuer)) this.#rules.set(issuer, intermediateProblem(issuer, this.#context));
    return this.#rules.get(issuer);
  }

  #linkProblem(certificate: Certificate, issuer: Certificate): Problem | undefined {
    let links = this.#links.get(certificate);
    if (links === undefined) {
      links = new Map();
      this.#links.set(certificate, links);
    }
    if (!links.has(issuer)) {
      this.#budget.spend('signatures');
      links.set(issuer, linkProblem(certificate, signatureOf(certificate, issuer)));
    }
    return links.get(issuer);
  }

  #ownSignature(certificate: Certificate): SignatureResult {
    this.#budget.spend('signatures');
    return ownSignature(certificate);
  }
}

function linkProblem(certificate: Certificate, result: SignatureResult): Problem | undefined {
  if (result === 'good') return undefined;
  if (result === 'bad') return problem('bad-signature', 'the issuer did not sign it', certificate);
  const { oid } = certificate.signatureAlgorithm;
  return problem('unsupported-algorithm', `algorithm ${oid} with this key`, certificate);
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
  return a === b || (a.subject.key === b.subject.key && keyDigest(a) === keyDigest(b));
}

const keyDigests = new WeakMap<Certificate, string>();

function keyDigest(certificate: Certificate): string {
  const known = keyDigests.get(certificate);
  if (known !== undefined) return known;
  const digest = toHex(sha256(certificate.publicKey.der));
  keyDigests.set(certificate, digest);
  return digest;
}

/** Names from which some chain of names leads to a root: what has another issuer need not be looked at. */
function namesUnder(
  roots: ReadonlyMap<string, readonly Certificate[]>,
  intermediates: ReadonlyMap<string, readonly Certificate[]>,
): ReadonlySet<string> {
  const issued = Map.groupBy([...intermediates.values()].flat(), ({ issuer }) => issuer.key);
  const names = new Set(roots.keys());
  for (const name of names) for (const { subject } of issued.get(name) ?? []) names.add(subject.key);
  return names;
}

/** A self-signed certificate that is not trusted: nothing leads on from it. */
function endsInItself(certificate: Certificate): boolean {
  if (!isSelfIssued(certificate)) return false;
  const { authorityKeyId, subjectKeyId } = certificate;
  const issuerKey = authorityKeyId?.keyId;
  return issuerKey === undefined || (subjectKeyId !== undefined && equalBytes(issuerKey, subjectKeyId));
}

/** By subject, without duplicates: the same bytes again would only use up the budget again. */
function bySubject(certificates: readonly Certificate[]): ReadonlyMap<string, readonly Certificate[]> {
  const map = new Map<string, Certificate[]>();
  const seen = new Set<string>();
  for (const certificate of certificates) {
    const digest = toHex(sha256(certificate.der));
    if (seen.has(digest)) continue;
    seen.add(digest);
    const list = map.get(certificate.subject.key);
    if (list === undefined) map.set(certificate.subject.key, [certificate]);
    else list.push(certificate);
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
