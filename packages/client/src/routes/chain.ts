import { count, hex, object, oneOf, optional, words } from '../table/shapes.ts';

/** Which block somebody means. */
export const height = count({ minimum: 1 });

/** An operation with its proofs, as its bytes. */
export const transaction = hex({ maxLength: 1_000_000 });

/** An operation that is final: its id and its block. */
export const finalOperation = object({ id: words(), height: count() });

/** Where an operation is. */
export const operationStatus = oneOf(['pending', 'valid', 'invalid']);

/** Why an operation is invalid: the leg of its proof where it is one, and the reason. */
export const refusal = { leg: optional(words()), reason: optional(words()) };

/** How an operation stands that was handed in at a node. */
export const submission = {
  id: words(),
  status: operationStatus,
  kind: words(),
  submittedMs: optional(count()),
  decidedMs: optional(count()),
  height: optional(count()),
  ...refusal,
};
