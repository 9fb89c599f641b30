import { fromHex, type NodeId } from '@hypermesh/core';
import { NodeError } from '../../errors.ts';
import type { MeshServices } from '../../services.ts';

/** Parameters of a control call as they came: from a process of the same owner, and checked all the same. */
export type Params = Readonly<Record<string, unknown>>;

/** A text of 1 to 4096 characters. Throws `node/bad-flag`. */
export function text(params: Params, name: string): string {
  const value = params[name];
  if (typeof value === 'string' && value.length > 0 && value.length <= 4096) return value;
  throw badParameter(name, 'a text');
}

/** Bytes that came as hex. Throws `node/bad-flag`. */
export function bytes(params: Params, name: string): Uint8Array {
  const value = params[name];
  const decoded = typeof value === 'string' ? fromHex(value) : undefined;
  if (decoded?.ok) return decoded.bytes;
  throw badParameter(name, 'bytes in hex');
}

/** A whole number above 0, of at most 18 digits. Throws `node/bad-flag`. */
export function integer(params: Params, name: string, fallback?: bigint): bigint {
  const value = params[name] ?? fallback;
  const digits =
    typeof value === 'bigint' || typeof value === 'number' || typeof value === 'string' ? String(value) : '';
  if (/^\d{1,18}$/.test(digits) && BigInt(digits) > 0n) return BigInt(digits);
  throw badParameter(name, 'a whole number above 0');
}

/** The member that a name or an id means. Throws `node/not-found` with the names that there are. */
export function memberOf({ members }: MeshServices, nameOrId: string): NodeId {
  for (const [node, { name }] of members) if (name === nameOrId || node === nameOrId) return node;
  throw new NodeError(
    {
      code: 'node/not-found',
      what: nameOrId,
      next: `members: ${[...members.values()].map(({ name }) => name).join(', ')}`,
    },
    `No member is called ${nameOrId}`,
  );
}

/** A list of texts. Throws `node/bad-flag`. */
export function texts(params: Params, name: string): readonly string[] {
  const value = params[name];
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value;
  throw badParameter(name, 'a list of texts');
}

/** The error for a parameter that cannot be used. */
export function badParameter(name: string, expected: string): NodeError {
  return new NodeError(
    { code: 'node/bad-flag', flag: name, next: `give ${expected}` },
    `${name} must be ${expected}`,
  );
}
