import { isAbsolute, resolve } from 'node:path';
import type { Capability } from '@hypermesh/extension-sdk/host';
import type { VerifiedPackage } from '@hypermesh/extension-sdk/sign';
import { NodeError } from '../errors.ts';
import type { Decision, Pin } from './decisions.ts';
import { notAsked, notOffered, notPinned, oneCapability, refused } from './refusals.ts';
import type { LoadReport } from './view.ts';

/** What loading and reloading is told. */
export interface LoadChoice {
  readonly grants?: readonly string[];
  /** Lets it into this process, where its manifest asks for that. */
  readonly trusted?: boolean;
  /** Only says what it would get. */
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
}

/** A folder that somebody named: absolute, without tricks in its name. Throws `node/bad-flag`. */
export function folderOf(folder: string): string {
  if (isAbsolute(folder) && !folder.includes('\0')) return resolve(folder);
  throw new NodeError(
    { code: 'node/bad-flag', flag: 'FOLDER', next: 'give an absolute path' },
    `${JSON.stringify(folder)} is not the absolute path of a folder`,
  );
}

/** Whether a manifest asks for a capability. */
export function asksFor(
  { required, optional }: VerifiedPackage['manifest']['capabilities'],
  name: Capability,
): boolean {
  return required.includes(name) || optional.includes(name);
}

/**
 * Whether a verified package may be loaded as its operator chose, and with which capabilities: those that were granted
 * before and are still asked for, and those that are granted now. Throws `node/refused` with what would let it in.
 */
export function judge(
  { manifest, signer }: VerifiedPackage,
  choice: LoadChoice & {
    readonly from: string;
    readonly before: Decision | undefined;
    readonly standing: Pick<Pin, 'trusted'> | undefined;
    readonly offered: ReadonlySet<Capability>;
  },
): { readonly grants: readonly Capability[]; readonly report: LoadReport } {
  const { from, before, standing, offered } = choice;
  const { id, version, capabilities } = manifest;
  const tier = manifest.security.sandboxPolicy;
  const command = `hypermesh extension ${before === undefined ? `load ${from}` : `reload ${id} --from ${from}`}`;
  if (standing === undefined) throw notPinned(id, signer.signer);
  if (tier === 'trusted' && !standing.trusted) {
    const next = `if you would run anything of theirs: hypermesh extension pin ${signer.signer} --trusted`;
    throw refused(id, `${signer.signer} is not pinned for this node's own process`, next);
  }
  if (tier === 'trusted' && choice.trusted !== true) {
    const reason = "it runs in this node's own process, where nothing holds it";
    throw refused(id, reason, `if you want that: ${command} --trusted`);
  }
  const chosen = (choice.grants ?? []).map(oneCapability);
  const strange = chosen.find((name) => !asksFor(capabilities, name));
  if (strange !== undefined) throw notAsked(id, strange);
  const kept = before?.grants.filter((name) => asksFor(capabilities, name)) ?? [];
  const grants = [...new Set([...kept, ...chosen])].sort();
  const missing = capabilities.required.filter((name) => !grants.includes(name));
  const impossible = [...grants, ...missing].find((name) => !offered.has(name));
  if (impossible !== undefined) throw notOffered(id, impossible, offered);
  if (missing.length > 0) {
    const more = `--grant ${[...(choice.grants ?? []), ...missing].join(',')}`;
    const reason = `it asks for ${before === undefined ? '' : 'more: '}${missing.join(', ')}`;
    throw refused(id, reason, `if it shall have that: ${command} ${more}`);
  }
  const asked = [...capabilities.required, ...capabilities.optional];
  return {
    grants,
    report: {
      id,
      version,
      ...(before === undefined ? {} : { replaces: before.version }),
      tier,
      signer: signer.signer,
      granted: grants,
      withheld: capabilities.optional.filter((name) => !grants.includes(name)),
      asksAnew: asked.filter((name) => before?.grants.includes(name) !== true),
      operations: Object.keys(manifest.operations),
      isDryRun: choice.dryRun === true,
    },
  };
}
