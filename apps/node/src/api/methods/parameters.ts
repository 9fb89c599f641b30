import { fromHex, type NodeId } from '@hypermesh/core';
import { NodeError } from '../../errors.ts';
import type { MeshServices } from '../../services.ts';

/** Bytes of a parameter that its schema knows to be hex. Throws `node/bad-flag`. */
export function bytes(name: string, value: string): Uint8Array {
  const decoded = fromHex(value);
  if (decoded.ok) return decoded.bytes;
  throw badParameter(name, 'bytes in hex');
}

/** A whole number that came as a number or as decimal text. */
export const integer = (value: number | string): bigint => BigInt(value);

/** The member that a name or an id means. Throws `node/not-found` with the names that there are. */
export function memberOf({ members }: Pick<MeshServices, 'members'>, nameOrId: string): NodeId {
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

/** The error for a parameter that cannot be used. */
export function badParameter(name: string, expected: string): NodeError {
  return new NodeError(
    { code: 'node/bad-flag', flag: name, next: `give ${expected}` },
    `${name} must be ${expected}`,
  );
}
