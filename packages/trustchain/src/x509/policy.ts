import type { Budget } from './budget.ts';
import type { Certificate } from './certificate.ts';
import { isSelfIssued } from './certificate-rules.ts';
import { Oid } from './oids.ts';
import { type Problem, problem } from './reason.ts';

/**
 * A policy that is valid down to here: `expected` is what the next certificate may call it, `origins` the policies
 * of the anchor's own domain that it stems from.
 */
interface PolicyNode {
  readonly expected: ReadonlySet<string>;
  readonly origins: ReadonlySet<string>;
}
type Level = Map<string, PolicyNode>;

/**
 * Certificate policies of RFC 5280 §6.1, kept as one graph level at a time as RFC 9618 advises, so that the work
 * grows with the number of policies and not with their combinations. `path` is leaf first, trust anchor last.
 * `acceptable` are the caller's policies; undefined means any, and then only what the CAs demand counts.
 */
export function policyProblem(
  path: readonly Certificate[],
  acceptable: readonly string[] | undefined,
  budget: Budget,
): Problem | undefined {
  const n = path.length - 1;
  let explicit = acceptable === undefined ? n + 1 : 0;
  let mapping = n + 1;
  let inhibitAny = n + 1;
  let level: Level = new Map([
    [Oid.anyPolicy, { expected: new Set([Oid.anyPolicy]), origins: new Set<string>() }],
  ]);
  for (let i = 1; i <= n; i++) {
    const certificate = path[n - i] as Certificate;
    const isLeaf = i === n;
    const selfIssued = isSelfIssued(certificate);
    level = nextLevel(level, certificate, inhibitAny > 0 || (!isLeaf && selfIssued), budget);
    if (explicit === 0 && level.size === 0)
      return problem('policy', 'no policy is left that is required', certificate);
    const constraints = certificate.policyConstraints;
    if (isLeaf) {
      if (explicit > 0) explicit--;
      if (constraints?.requireExplicitPolicy === 0) explicit = 0;
      break;
    }
    const problemOfMapping = applyMappings(level, certificate, mapping > 0, budget);
    if (problemOfMapping !== undefined) return problemOfMapping;
    if (!selfIssued) {
      if (explicit > 0) explicit--;
      if (mapping > 0) mapping--;
      if (inhibitAny > 0) inhibitAny--;
    }
    explicit = Math.min(explicit, constraints?.requireExplicitPolicy ?? explicit);
    mapping = Math.min(mapping, constraints?.inhibitPolicyMapping ?? mapping);
    inhibitAny = Math.min(inhibitAny, certificate.inhibitAnyPolicy ?? inhibitAny);
  }
  if (explicit > 0 || isAcceptable(level, acceptable)) return undefined;
  return problem('policy', 'not issued under an acceptable policy', path[0]);
}

/** RFC 5280 §6.1.3 (d) and (e). */
function nextLevel(previous: Level, certificate: Certificate, mayUseAny: boolean, budget: Budget): Level {
  const level: Level = new Map();
  const policies = certificate.certificatePolicies;
  if (policies === undefined || previous.size === 0) return level;
  const parentsOf = (policy: string): ReadonlySet<string> | undefined => {
    const origins = new Set<string>();
    let found = false;
    for (const [parent, node] of previous) {
      budget.spend('comparisons', 1 + node.origins.size);
      if (parent === Oid.anyPolicy || !node.expected.has(policy)) continue;
      found = true;
      for (const origin of node.origins) origins.add(origin);
    }
    return found ? origins : undefined;
  };
  for (const policy of policies) {
    if (policy === Oid.anyPolicy) continue;
    const origins = parentsOf(policy) ?? (previous.has(Oid.anyPolicy) ? new Set([policy]) : undefined);
    if (origins !== undefined) level.set(policy, { expected: new Set([policy]), origins });
  }
  if (policies.includes(Oid.anyPolicy) && mayUseAny) {
    for (const node of previous.values()) {
      for (const policy of node.expected) {
        if (level.has(policy)) continue;
        level.set(policy, { expected: new Set([policy]), origins: parentsOf(policy) ?? new Set<string>() });
      }
    }
  }
  return level;
}

/** RFC 5280 §6.1.4 (a) and (b). */
function applyMappings(
  level: Level,
  certificate: Certificate,
  isAllowed: boolean,
  budget: Budget,
): Problem | undefined {
  const targets = new Map<string, Set<string>>();
  for (const [issuer, subject] of certificate.policyMappings ?? []) {
    budget.spend('comparisons');
    if (issuer === Oid.anyPolicy || subject === Oid.anyPolicy) {
      return problem('policy', 'anyPolicy is mapped', certificate);
    }
    targets.set(issuer, (targets.get(issuer) ?? new Set()).add(subject));
  }
  for (const [issuer, subjects] of targets) {
    const node = level.get(issuer);
    if (!isAllowed) level.delete(issuer);
    else if (node !== undefined) level.set(issuer, { expected: subjects, origins: node.origins });
    else if (level.has(Oid.anyPolicy)) level.set(issuer, { expected: subjects, origins: new Set([issuer]) });
  }
  return undefined;
}

function isAcceptable(level: Level, acceptable: readonly string[] | undefined): boolean {
  if (acceptable === undefined || acceptable.includes(Oid.anyPolicy)) return level.size > 0;
  if (level.has(Oid.anyPolicy)) return true;
  return acceptable.some((policy) => [...level.values()].some(({ origins }) => origins.has(policy)));
}
