import type { OperationRule } from '@hypermesh/consensus';
import { toHex } from '@hypermesh/core';

/** Kind of the operation by which a restored validator comes back: it shows a quorum at work since the restore. */
export const returnKind = 'validator.return';

const nonceBytes = 32;

/** Notes that a member came back; each shows once more, and nothing hangs on it but what the member makes of it. */
const comeBack: OperationRule = (view, { operation, id, height }) => {
  const { body, actor } = operation;
  if (typeof body !== 'object' || body === null || Array.isArray(body) || body instanceof Uint8Array)
    return 'bad-body';
  const { nonce, ...rest } = body as Readonly<Record<string, unknown>>;
  if (Object.keys(rest).length > 0 || !(nonce instanceof Uint8Array) || nonce.length !== nonceBytes)
    return 'bad-body';
  view.set(`return/${toHex(actor)}`, {
    v: 1,
    kind: operation.kind,
    owner: actor,
    operation: id,
    height,
    value: nonce,
  });
  return 'ok';
};

/** The rule of returning validators. The same on all validators. */
export const returnRules: Readonly<Record<string, OperationRule>> = { [returnKind]: comeBack };
