import { route } from '../table/route.ts';
import {
  count,
  decimal,
  flag,
  hex,
  list,
  nullable,
  number,
  object,
  oneOf,
  optional,
  text,
  words,
} from '../table/shapes.ts';
import { height, operationStatus, refusal, transaction } from './chain.ts';

/** The ledger itself. */
export const ledgerRoutes = {
  final: route({
    method: 'GET',
    path: '/v1/blocks/{height}/finality',
    summary: 'Wait until a block is final and applied here; says who signed for it',
    input: object({ height }),
    output: object({
      chain: words(),
      height: count(),
      hash: hex(),
      signers: list(count(), { description: 'Places in the list of validators' }),
      validators: list(words()),
    }),
    progress: true,
  }),
  'proof-terms': route({
    method: 'GET',
    path: '/v1/proof-terms',
    summary: 'What each operation of this mesh has to prove, and who can',
    input: object({}),
    output: object({
      profile: object({
        name: oneOf(['localhost', 'default', 'production']),
        minimumPower: decimal(),
        maxBondAgeMs: count(),
        maxOffsetMs: count(),
        minimumSpaceBytes: decimal(),
        minimumK: count(),
        regenerationSpeedup: nullable(
          count({ description: 'Null where making a plot again is not checked' }),
        ),
        regenerationMs: number({ description: 'One core, one plot of the least size' }),
        challenges: count(),
        minimumAnswers: count(),
        memoryKib: count(),
        difficulty: count(),
        iterations: count(),
        minimumFaults: count(),
      }),
      validators: count(),
      faultsTolerated: count(),
      members: list(
        object({
          name: words(),
          power: decimal(),
          bond: oneOf(['bonded', 'unbonding', 'unbonded', 'slashed']),
          renewedMs: count(),
          spaceBytes: decimal(),
          plots: list(object({ k: count(), count: count() })),
        }),
      ),
    }),
  }),
  submit: route({
    method: 'POST',
    path: '/v1/operations',
    summary: 'Have an operation ordered that carries its four proofs; with `wait: false` only handed in',
    input: object({
      transaction,
      wait: optional(flag({ description: 'Whether to wait until it is final; default true' })),
    }),
    output: object({
      id: words(),
      height: optional(count()),
      status: operationStatus,
      ...refusal,
    }),
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
