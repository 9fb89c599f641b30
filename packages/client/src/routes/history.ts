import { route } from '../table/route.ts';
import {
  count,
  decimal,
  flag,
  hex,
  list,
  nullable,
  object,
  oneOf,
  optional,
  text,
  words,
} from '../table/shapes.ts';
import { Type } from '../table/type.ts';

const ms = (description?: string) => Type.Number(description === undefined ? {} : { description });
const limit = optional(Type.Integer({ minimum: 1, maximum: 200, description: 'Default 50' }));
const height = Type.Integer({ minimum: 1 });

const block = {
  height: count(),
  hash: hex(),
  timeMs: count({ description: "Proposer's Unix time" }),
  view: count(),
  proposer: words(),
  signers: list(words(), { description: 'Members whose votes finalized it: exactly a quorum' }),
  operations: count(),
  bytes: count(),
};

const operation = {
  id: words(),
  kind: words(),
  by: words(),
  account: words({ description: 'NodeId' }),
  sequence: count(),
  height: count(),
  index: count({ description: 'Place in its block' }),
  timeMs: count(),
  code: words({ description: '`ok`, or why it changed nothing' }),
  bytes: count(),
};

const leg = {
  ok: flag(),
  reason: optional(words()),
  costMs: ms('What checking it took here'),
  bytes: count(),
};

const legs = object({
  space: object({
    ...leg,
    scheme: words(),
    committedBytes: decimal(),
    minimumBytes: decimal(),
    challenges: count(),
    needed: count(),
    answers: list(object({ j: count(), k: count(), plotId: hex(), challenge: hex(), quality: hex() })),
    stateHeight: count(),
  }),
  stake: object({
    ...leg,
    power: decimal(),
    minimumPower: decimal(),
    status: words(),
    renewedMs: count(),
    ageMs: ms(),
    maxAgeMs: count(),
    stateHeight: count(),
    stateRoot: hex(),
    vrf: hex(),
  }),
  work: object({
    ...leg,
    puzzle: words(),
    memoryKib: count(),
    difficulty: count({ description: 'Leading zero bits that are asked for' }),
    zeros: count({ description: 'Leading zero bits that were found' }),
    nonce: hex(),
    binds: object({ operation: words(), context: hex(), delay: hex() }),
    receipt: optional(
      object({ module: hex(), input: hex(), output: hex(), fuel: decimal(), profile: words() }),
    ),
  }),
  time: object({
    ...leg,
    group: words(),
    iterations: count({ description: 'Sequential squarings' }),
    minimumIterations: count(),
    anchor: object({ height: count(), hash: hex(), timeMs: count() }),
    claimedMs: count(),
    anchorAgeMs: ms('At the time of the block'),
    maxAgeMs: count(),
  }),
});

/** What happened on the ledger. */
export const historyRoutes = {
  ledger: route({
    method: 'GET',
    path: '/v1/ledger',
    summary: 'The ledger at a glance',
    input: object({}),
    output: object({
      chain: words(),
      profile: words(),
      profileMeaning: words(),
      height: count(),
      appliedHeight: count(),
      indexedHeight: count({ description: 'Up to here blocks and operations can be listed' }),
      view: count(),
      leader: words(),
      validators: count(),
      quorum: count(),
      faultsTolerated: count(),
      members: count(),
      operations: count(),
      pending: count({ description: 'Operations that wait for a block' }),
      isCatchingUp: flag(),
      genesisMs: count(),
      blockIntervalMs: count(),
      heartbeatMs: count(),
      secondVotesSeen: count(),
      last: nullable(object({ height: count(), hash: hex(), timeMs: count() })),
      finality: nullable(
        object(
          { samples: count(), lastMs: ms(), p50Ms: ms(), p90Ms: ms(), p99Ms: ms(), maxMs: ms() },
          {
            description: 'From the first sight of a block here to its finality; the last 512 since the start',
          },
        ),
      ),
    }),
  }),
  validators: route({
    method: 'GET',
    path: '/v1/validators',
    summary: 'The validators, their stakes, and what they did in the last blocks',
    input: object({}),
    output: object({
      quorum: count(),
      faultsTolerated: count(),
      window: count({ description: 'Blocks that `proposed` and `signed` are counted in' }),
      validators: list(
        object({
          index: count(),
          name: words(),
          nodeId: words(),
          key: hex(),
          power: decimal(),
          bond: words(),
          renewedMs: count(),
          sequence: count(),
          spaceBytes: count(),
          plots: list(object({ id: count(), k: count(), count: count() })),
          self: flag(),
          connected: flag(),
          leads: flag(),
          proposed: count(),
          signed: count(),
          lastSignedHeight: nullable(count()),
        }),
      ),
    }),
  }),
  blocks: route({
    method: 'GET',
    path: '/v1/blocks',
    summary: 'Final blocks, newest first',
    input: object({ before: optional(height), limit }),
    output: object({
      blocks: list(object(block)),
      height: count(),
      next: nullable(count({ description: '`before` of the next page' })),
    }),
  }),
  block: route({
    method: 'GET',
    path: '/v1/blocks/{height}',
    summary: 'One block with what its header binds and its operations',
    input: object({ height }),
    output: object({
      ...block,
      parent: hex(),
      stateHeight: count(),
      stateRoot: hex(),
      txRoot: hex(),
      certifiedBy: object({ height: count(), view: count() }),
      entries: list(object(operation)),
    }),
  }),
  proof: route({
    method: 'GET',
    path: '/v1/blocks/{height}/proof',
    summary: 'The proof that a block, and an operation in it, is final: to be checked without any node',
    input: object({ height, index: optional(count()) }),
    output: object({ height: count(), proof: hex() }),
  }),
  operations: route({
    method: 'GET',
    path: '/v1/operations',
    summary: 'Final operations, newest first',
    input: object({
      kind: optional(text({ maxLength: 64 })),
      account: optional(text({ maxLength: 128, description: 'A member, by name or NodeId' })),
      before: optional(text({ maxLength: 32, description: 'The `next` of the page before' })),
      limit,
    }),
    output: object({
      operations: list(object(operation)),
      next: nullable(words()),
      kinds: list(object({ kind: words(), count: count() })),
    }),
  }),
  operation: route({
    method: 'GET',
    path: '/v1/operations/{id}',
    summary: 'One operation with what each leg of its proof shows, verified again',
    input: object({ id: text({ maxLength: 128 }) }),
    output: object({
      ...operation,
      hash: hex({ description: 'Of its block' }),
      body: words({ description: 'JSON, at most 16 KiB of it' }),
      bodyBytes: count(),
      needs: object({ spaceBytes: decimal(), power: decimal(), workBits: count() }),
      finality: object({ height: count(), signers: count(), proofBytes: count() }),
      proof: object({
        ok: flag(),
        bytes: count(),
        costMs: ms(),
        refused: optional(object({ leg: words(), reason: words() })),
        signature: words({ description: '`valid`, or what is wrong with the binding' }),
        legs: nullable(legs),
      }),
    }),
  }),
  'operation-status': route({
    method: 'GET',
    path: '/v1/operations/{id}/status',
    summary: 'Where an operation is: pending, valid, or invalid with the leg and why',
    input: object({ id: text({ maxLength: 128 }) }),
    output: object({
      id: words(),
      status: oneOf(['pending', 'valid', 'invalid']),
      kind: words(),
      submittedMs: optional(count()),
      decidedMs: optional(count()),
      height: optional(count()),
      leg: optional(words()),
      reason: optional(words()),
    }),
  }),
};
