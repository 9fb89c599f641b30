import type { NodeId, Verdict } from '@hypermesh/core';

/**
 * Whose signatures packages of some names need. `names` is a name, a prefix that ends in `*`, or `*`. `threshold` of the
 * `signers` must have signed; where no signers are listed, that many different nodes.
 */
export interface SigningRule {
  readonly names: string;
  readonly threshold: number;
  readonly signers?: readonly NodeId[];
}

/** The first rule that fits a name decides; without one the package needs the signature of its owner alone. */
export interface SigningPolicy {
  readonly rules: readonly SigningRule[];
}

/** Why the signatures under a package do not suffice. Closed. */
export type SigningReason = 'unsigned' | 'owner-did-not-sign' | 'too-few-signers';

/**
 * Whether a package may be used: its owner signed it, and as many of the allowed signers as the rule asks for. A policy
 * can ask for more than the owner's signature, never for less. Signers that count twice count once.
 */
export function judgeSigners(
  policy: SigningPolicy,
  name: string,
  owner: NodeId,
  signedBy: readonly NodeId[],
): Verdict<{ readonly rule: SigningRule | undefined }, SigningReason> & { readonly detail?: string } {
  const nodes = new Set(signedBy);
  if (nodes.size === 0) return { ok: false, reason: 'unsigned' };
  if (!nodes.has(owner)) return { ok: false, reason: 'owner-did-not-sign', detail: `its owner is ${owner}` };
  const rule = policy.rules.find((each) => fits(each.names, name));
  if (rule === undefined) return { ok: true, rule };
  const { signers, threshold } = rule;
  const counted = signers === undefined ? [...nodes] : signers.filter((signer) => nodes.has(signer));
  const count = new Set(counted).size;
  if (count >= Math.max(1, threshold)) return { ok: true, rule };
  const detail = `${count} of the ${threshold} that the rule for ${rule.names} asks for`;
  return { ok: false, reason: 'too-few-signers', detail };
}

function fits(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}
