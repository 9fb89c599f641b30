import { route } from '../table/route.ts';
import { count, hex, list, object, text, words } from '../table/shapes.ts';
import { Type } from '../table/type.ts';

/** An operation that is final: its id and its block. */
export const finalOperation = object({ id: words(), height: count() });

/** The ledger itself. */
export const ledgerRoutes = {
  final: route({
    method: 'GET',
    path: '/v1/blocks/{height}/finality',
    summary: 'Wait until a block is final and applied here; says who signed for it',
    input: object({ height: Type.Integer({ minimum: 1 }) }),
    output: object({
      chain: words(),
      height: count(),
      hash: hex(),
      signers: list(count(), { description: 'Places in the list of validators' }),
      validators: list(words()),
    }),
    progress: true,
  }),
  submit: route({
    method: 'POST',
    path: '/v1/operations',
    summary: 'Have an operation ordered that carries its four proofs',
    input: object({ transaction: hex({ maxLength: 1_000_000 }) }),
    output: finalOperation,
  }),
  missing: route({
    method: 'POST',
    path: '/v1/operations/missing',
    summary: 'Which of some operations are not final here',
    input: object({ operations: list(text({ maxLength: 256 }), { maxItems: 10_000 }) }),
    output: object({ missing: list(words()) }),
    reads: true,
  }),
  evidence: route({
    method: 'POST',
    path: '/v1/evidence',
    summary: "Write what shows this mesh to outsiders into a folder of the node's machine",
    input: object({ folder: text() }),
    output: object({
      folder: words(),
      height: count(),
      blocks: count(),
      entries: count(),
      packages: count(),
      runs: count(),
    }),
  }),
};
