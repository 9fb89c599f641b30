import { isBytes } from '@hypermesh/core';
import { type AlternativeResult, checkAlternative, demandsAlternative } from './alternative.ts';
import { Budget, BudgetExhausted, type WorkDone, type WorkLimits } from './budget.ts';
import { type Certificate, type CertificateSource, certificateFromDer } from './certificate.ts';
import type { RuleContext } from './certificate-rules.ts';
import { type RevocationListHead, type RevocationListSource, readRevocationLists } from './crl.ts';
import { Malformed } from './der/malformed.ts';
import { isMailbox, readHost } from './host.ts';
import { type ExpectedNames, leafProblem } from './leaf-rules.ts';
import { nameConstraintsProblem } from './name-constraints.ts';
import { PathBuilder, pathLengthProblem } from './path.ts';
import { readPem } from './pem.ts';
import { policyProblem } from './policy.ts';
import { type Profile, type Purpose, purposeOids } from './purpose.ts';
import { type Problem, problem } from './reason.ts';
import { Revocation } from './revocation.ts';

/** What `verifyChain` is asked. */
export interface VerifyChainOptions {
  /** Trust anchors. They are checked too: validity, CA rules, name constraints. */
  readonly roots: readonly CertificateSource[];
  /** Untrusted certificates in any order; strangers, duplicates and unreadable ones are passed over. */
  readonly intermediates?: readonly CertificateSource[] | undefined;
  /** A DNS name, or an address (`192.0.2.1`, `::1`, `[::1]`), that the leaf must be issued for. */
  readonly host?: string | null | undefined;
  /** Mailboxes that the leaf must be issued for, all of them. */
  readonly email?: string | readonly string[] | null | undefined;
  /** A URI name that the leaf must have, letter by letter. */
  readonly uri?: string | null | undefined;
  /** Unix milliseconds, cut to whole seconds. Now where absent. */
  readonly timeMs?: number | null | undefined;
  /** All of them must be allowed by the leaf and by each CA that restricts itself. Default `serverAuth`. */
  readonly purpose?: Purpose | (string & {}) | readonly (Purpose | (string & {}))[] | null | undefined;
  readonly crls?: readonly RevocationListSource[] | null | undefined;
  /** `required`: every certificate under the anchor must be covered by a revocation list. Default `if-present`. */
  readonly revocation?: 'if-present' | 'required' | undefined;
  /** Intermediates in a path, self-issued ones not counted. Default 8. */
  readonly maxDepth?: number | null | undefined;
  /** Refuse unless every certificate under the anchor has a good alternative (post-quantum) signature. */
  readonly requirePq?: boolean | undefined;
  /** Dotted OIDs of certificate policies, one of which the path must be issued under. Default: any. */
  readonly policies?: readonly string[] | undefined;
  /**
   * `common` (default): RFC 5280 and what the CA/Browser Forum adds, except where one of them alone would refuse what
   * is in wide and harmless use (no extended key usage, a CA as leaf, name constraints that are not critical).
   */
  readonly profile?: Profile | undefined;
  readonly budget?: WorkLimits | undefined;
}

/** What `verifyChain` answers. `chain` is leaf first, trust anchor last. */
export type ChainVerdict =
  | {
      readonly ok: true;
      readonly chain: readonly Certificate[];
      readonly classical: 'ok';
      readonly pq: AlternativeResult;
      readonly work: WorkDone;
    }
  | ({ readonly ok: false; readonly work: WorkDone } & Problem);

/** Default of `maxDepth`. */
export const DEFAULT_MAX_DEPTH = 8;

/**
 * Finds a path from a leaf to one of the roots and checks all of it: RFC 5280 with RFC 9525 host names. Synchronous;
 * never throws; the work is bounded by `budget` and a spent budget is a refusal.
 */
export function verifyChain(leaf: CertificateSource, options: VerifyChainOptions): ChainVerdict {
  let budget = new Budget();
  const refuse = (broken: Problem): ChainVerdict => ({ ok: false, ...broken, work: budget.done });
  try {
    budget = new Budget(options.budget ?? {});
    const request = readRequest(options);
    if ('reason' in request) return refuse(request);
    const result = check(readLeaf(leaf, budget), request, budget);
    return 'reason' in result ? refuse(result) : { ok: true, classical: 'ok', ...result, work: budget.done };
  } catch (error) {
    if (error instanceof BudgetExhausted) return refuse(problem('budget-exhausted', error.message));
    if (error instanceof Malformed) return refuse(problem('malformed', error.message));
    return refuse(problem('bad-input', error instanceof Error ? error.message : 'not the expected shape'));
  }
}

interface Request {
  readonly options: VerifyChainOptions;
  readonly context: RuleContext;
  readonly expected: ExpectedNames;
  readonly maxDepth: number;
}

function readRequest(options: VerifyChainOptions): Request | Problem {
  for (const pool of [options.roots, options.intermediates ?? [], options.crls ?? []]) {
    if (!Array.isArray(pool)) return problem('bad-input', 'roots, intermediates and crls are arrays');
  }
  const timeMs = options.timeMs ?? Date.now();
  if (!Number.isFinite(timeMs)) return problem('bad-input', 'timeMs is not a number');
  const purposes = purposeOids(options.purpose ?? 'serverAuth');
  if (purposes === undefined) return problem('bad-input', 'purpose is not known');
  const host = options.host == null ? undefined : readHost(options.host);
  if (options.host != null && host === undefined)
    return problem('bad-input', 'host is no DNS name and no address');
  const emails = typeof options.email === 'string' ? [options.email] : (options.email ?? []);
  if (!emails.every(isMailbox)) return problem('bad-input', 'email is not a mailbox');
  const switches = problemOfSwitches(options);
  if (switches !== undefined) return switches;
  const maxDepth = options.maxDepth ?? DEFAULT_MAX_DEPTH;
  if (!Number.isInteger(maxDepth) || maxDepth < 0) return problem('bad-input', 'maxDepth is not a count');
  return {
    options,
    context: { timeMs: Math.floor(timeMs / 1000) * 1000, purposes, profile: options.profile ?? 'common' },
    expected: {
      emails,
      ...(host === undefined ? {} : { host }),
      ...(options.uri == null ? {} : { uri: options.uri }),
    },
    maxDepth,
  };
}

/** A switch that was misspelt must not count as one that is off. */
function problemOfSwitches({ revocation, requirePq, profile }: VerifyChainOptions): Problem | undefined {
  if (![undefined, null, 'if-present', 'required'].includes(revocation))
    return problem('bad-input', 'revocation is if-present or required');
  if (![undefined, null, false, true].includes(requirePq))
    return problem('bad-input', 'requirePq is true or false');
  return [undefined, null, 'common', 'rfc5280', 'webpki'].includes(profile)
    ? undefined
    : problem('bad-input', 'profile is common, rfc5280 or webpki');
}

function check(
  leaf: Certificate,
  { options, context, expected, maxDepth }: Request,
  budget: Budget,
): Problem | { readonly chain: readonly Certificate[]; readonly pq: AlternativeResult } {
  const unreadable: string[] = [];
  const roots = readPool(options.roots, budget, 'roots', unreadable);
  const intermediates = readPool(options.intermediates ?? [], budget, 'intermediates', unreadable);
  const lists = readLists(options.crls ?? [], budget);
  if ('reason' in lists) return lists;
  const revocation = new Revocation(lists, options.revocation === 'required', context.timeMs, budget);
  const builder = new PathBuilder({ roots, intermediates }, context, maxDepth, budget);
  const ofLeaf = leafProblem(leaf, builder.isAnchor(leaf), expected, context);
  if (ofLeaf !== undefined) return ofLeaf;
  let pq: AlternativeResult = 'absent';
  const result = builder.build(leaf, (path) => {
    const broken =
      pathLengthProblem(path) ??
      nameConstraintsProblem(path, budget) ??
      policyProblem(path, options.policies, budget) ??
      revocation.problem(path);
    if (broken !== undefined) return broken;
    pq = checkAlternative(path, budget);
    if (pq === 'ok' || !(options.requirePq === true || path.some(demandsAlternative))) return undefined;
    return pq === 'bad'
      ? problem('pq-bad', 'an alternative signature is not good', leaf)
      : problem('pq-absent', 'a certificate has no alternative signature that could be checked', leaf);
  });
  if (!('reason' in result)) return { chain: result.path, pq };
  if (result.reason !== 'unknown-issuer' || unreadable.length === 0) return result;
  return { ...result, detail: `${result.detail}; ${unreadable.slice(0, 3).join('; ')}` };
}

function readLeaf(source: CertificateSource, budget: Budget): Certificate {
  budget.spend('certificates');
  if (typeof source !== 'string') return isBytes(source) ? certificateFromDer(source) : source;
  budget.spend('bytes', source.length);
  const [der] = readPem(source, 'CERTIFICATE');
  if (der === undefined) throw new Malformed('not-pem', 'no certificate block');
  return certificateFromDer(der);
}

/**
 * The readable certificates of a pool. What cannot be read issues nothing, and need not stop the others; `unreadable`
 * tells the caller of it where no path was found.
 */
function readPool(
  sources: readonly CertificateSource[],
  budget: Budget,
  kind: 'roots' | 'intermediates',
  unreadable: string[],
): readonly Certificate[] {
  const pool: Certificate[] = [];
  const attempt = (read: () => void): void => {
    try {
      read();
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      unreadable.push(`one of the ${kind} cannot be read (${error.message})`);
    }
  };
  for (const source of sources) {
    if (typeof source === 'string' && kind === 'intermediates') budget.spend('bytes', source.length);
    let items: readonly (Uint8Array | Certificate)[] = [];
    attempt(() => {
      items = typeof source === 'string' ? readPem(source, 'CERTIFICATE') : [source];
    });
    for (const item of items) {
      budget.spend('certificates');
      if (!isBytes(item)) {
        pool.push(item);
        continue;
      }
      if (kind === 'intermediates' && typeof source !== 'string') budget.spend('bytes', item.length);
      attempt(() => pool.push(certificateFromDer(item)));
    }
  }
  return pool;
}

/** A revocation list that cannot be read refuses the check: it may be the one that matters. */
function readLists(
  sources: readonly RevocationListSource[],
  budget: Budget,
): readonly RevocationListHead[] | Problem {
  try {
    return sources.flatMap((source) => {
      const lists = readRevocationLists(source);
      if (lists.length === 0) throw new Malformed('not-pem', 'no X509 CRL block');
      budget.spend('certificates', lists.length);
      return lists;
    });
  } catch (error) {
    if (error instanceof Malformed)
      return problem('bad-crl', `a revocation list cannot be read: ${error.message}`);
    throw error;
  }
}
