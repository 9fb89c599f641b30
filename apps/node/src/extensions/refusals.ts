import type { Capability, LoadOutcome } from '@hypermesh/extension-sdk/host';
import { capabilitiesOf } from '@hypermesh/extension-sdk/manifest';
import { NodeError } from '../errors.ts';

/** An extension that is on disk and was not loaded. */
export type RefusedExtension = LoadOutcome & { readonly ok: false };

/** A refusal in words. */
export function inWords({ code, path, detail }: Pick<RefusedExtension, 'code' | 'detail' | 'path'>): string {
  return `${code}${path === undefined || path === '' ? '' : ` at ${path}`}: ${detail}`;
}

/** What was not loaded, and why, as the host says such things. */
export function refusalOf(
  id: string,
  { code, detail, path }: Pick<RefusedExtension, 'code' | 'detail' | 'path'>,
): RefusedExtension {
  return { ok: false, id, code, detail, ...(path === undefined ? {} : { path }) };
}

/** What an operator asked for and does not get. */
export function refused(id: string, reason: string, next: string): NodeError {
  return new NodeError({ code: 'node/refused', by: id, reason, next }, `${id}: ${reason}`);
}

/** The host refused to begin it: nothing was changed. */
export function notStarted(id: string, outcome: LoadOutcome | undefined): NodeError {
  const reason = outcome?.ok === false ? inWords(outcome) : 'it was not loaded';
  return refused(id, reason, 'nothing was changed; hypermesh extension audit shows the records');
}

/** Nobody said on purpose that this signer's extensions are wanted. */
export function notPinned(id: string, signer: string): NodeError {
  const next = `find out whose id that is, and if you trust it: hypermesh extension pin ${signer}`;
  return refused(id, `its signer ${signer} is not pinned`, next);
}

/** It may ask for that, but this node has nothing of the kind for it. */
export function notOffered(id: string, name: Capability, offered: ReadonlySet<Capability>): NodeError {
  const next = `this node offers extensions: ${[...offered].sort().join(', ')}`;
  return refused(id, `there is nothing behind ${name} for it here`, next);
}

/** Nothing is granted that the signed manifest does not ask for. */
export function notAsked(id: string, name: Capability): NodeError {
  return refused(id, `it does not ask for ${name}`, `hypermesh extension info ${id} shows what it asks for`);
}

/** A folder that is no package, or whose signature does not hold. */
export function badPackage(folder: string, reason: string): NodeError {
  const next = 'nothing of it was run or kept; ask its author for a package that is signed and whole';
  return new NodeError({ code: 'node/bad-package', reason, next }, `${folder} is not loaded: ${reason}`);
}

/** A capability by its fine name. Throws `node/bad-flag`. */
export function oneCapability(name: string): Capability {
  const [first, ...more] = capabilitiesOf(name);
  if (first === name) return first;
  const next = more.length > 0 ? `${name} stands for ${[first, ...more].join(', ')}` : 'see what it asks for';
  throw new NodeError(
    { code: 'node/bad-flag', flag: 'CAPABILITY', next },
    `${JSON.stringify(name)} is no single capability`,
  );
}
