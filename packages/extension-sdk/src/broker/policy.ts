import type { Capability } from '../capabilities.ts';
import type { JsonObject } from '../json.ts';
import type { Limits } from './quotas.ts';
import type { RateLimit } from './rate.ts';

/** What an operator allows, read anew for each decision. Nothing is allowed that is not written here. Patterns are an id, `prefix.*`, or `*`. */
export interface ExtensionPolicy {
  /** Ids of the signers whose extensions may run in the tier `trusted`. */
  readonly pinned: readonly string[];
  readonly grants: readonly {
    readonly extension: string;
    /** Only for packages of this signer: an id alone is nobody's property. Any signer where it is absent. */
    readonly signer?: string;
    readonly capabilities: readonly Capability[];
    readonly scope?: JsonObject;
  }[];
  /** Who may call which methods. */
  readonly callers: readonly { readonly client: string; readonly method: string }[];
  /** Of one client, over all extensions; 50 a second, 100 at once by default. */
  readonly rate?: RateLimit;
  /** Ceilings of every extension; a manifest can only ask for less. */
  readonly limits?: Partial<Limits> | ((package_: PackageIdentity) => Partial<Limits>);
}

/** Which package, by whom. */
export interface PackageIdentity {
  readonly id: string;
  readonly signer: string;
}

/** The ceilings that a policy sets for a package. */
export function ceilingOf({ limits = {} }: ExtensionPolicy, package_: PackageIdentity): Partial<Limits> {
  return typeof limits === 'function' ? limits(package_) : limits;
}

/** Whether a name is meant by a pattern. */
function matches(pattern: string, name: string): boolean {
  if (pattern === '*' || pattern === name) return true;
  return pattern.endsWith('.*') && name.startsWith(pattern.slice(0, -1)) && name.length > pattern.length - 1;
}

/** The scope under which a policy grants a capability; undefined where it does not. The first line that does counts. */
export function scopeFor(
  policy: ExtensionPolicy,
  { id, signer }: PackageIdentity,
  capability: Capability,
): JsonObject | undefined {
  const found = policy.grants.find(
    (each) =>
      matches(each.extension, id) &&
      (each.signer ?? signer) === signer &&
      each.capabilities.includes(capability),
  );
  return found === undefined ? undefined : (found.scope ?? {});
}

/** Whether a policy lets a client call a method. */
export function mayCall(policy: ExtensionPolicy, client: string, method: string): boolean {
  return policy.callers.some((each) => matches(each.client, client) && matches(each.method, method));
}
