import { route } from '../table/route.ts';
import {
  count,
  decimal,
  flag,
  hex,
  list,
  memberName,
  nullable,
  object,
  oneOf,
  optional,
  text,
  whole,
  words,
} from '../table/shapes.ts';
import { Type } from '../table/type.ts';
import { allocations } from './assets.ts';
import { spec } from './catalog.ts';
import { transaction } from './chain.ts';

/** Who is to execute; whoever can, unless told. */
export const executor = optional(memberName({ description: 'The member that executes' }));

/** What is asked of a run. */
const request = {
  spec,
  on: executor,
  audit: optional(memberName({ description: 'The member that executes it again' })),
  input: optional(
    Type.String({ maxLength: 262_144, description: 'Text that the program gets as its input' }),
  ),
  inputFile: optional(text({ description: "Absolute path of a file of the node's machine" })),
  outputFile: optional(
    text({
      description:
        "Absolute path of a file of the node's machine that the output is written to; one that is there is replaced",
    }),
  ),
  operation: optional(text()),
  fuel: optional(whole()),
  memoryPages: optional(whole()),
  deadlineMs: optional(whole()),
  price: optional(
    Type.Union([count(), Type.String({ pattern: '^[0-9]{1,18}$' })], {
      description: 'Base units per 1,000,000 fuel',
    }),
  ),
  allocation: optional(oneOf(allocations)),
  clockMs: optional(whole()),
  randomSeed: optional(hex({ maxLength: 64 })),
};

/** How a program ended. */
const exit = oneOf(['ok', 'out-of-fuel', 'memory', 'deadline', 'denied', 'error']);

/** What a node found of each leg. */
export const legs = object({ space: words(), stake: words(), work: words(), time: words() });

const limit = object({
  name: words(),
  enforcement: oneOf(['hard', 'reactive', 'advisory']),
  how: words(),
});

const outcome = object({
  package: words(),
  node: words(),
  exit,
  detail: words(),
  outputDigest: nullable(hex()),
  outputBytes: count(),
  outputText: optional(words({ description: 'The output where it is UTF-8 of at most 256 KiB' })),
  outputFile: optional(words()),
  fuel: decimal(),
  charge: decimal({ description: 'Base units' }),
  escrow: decimal(),
  memoryPages: count(),
  reexecutedBy: nullable(words()),
  reexecution: optional(words({ description: 'Why nobody executed it again' })),
  matches: flag(),
  proofs: legs,
  limits: list(limit),
  log: list(words()),
  lease: words(),
  height: count(),
  provingMs: count(),
  finalityMs: count(),
  executionMs: count(),
  lost: list(words(), { description: 'Members that were lost while they ran it' }),
});

const requirements = object({
  type: words(),
  cpu: optional(object({ millicores: optional(count()), architecture: optional(words()) })),
  memory: optional(object({ bytes: optional(count()) })),
  storage: optional(object({ bytes: optional(count()), persistent: optional(flag()) })),
  network: optional(object({ bitsPerSecond: optional(count()) })),
  gpu: optional(object({ memoryBytes: optional(count()), type: optional(words()) })),
  nodes: optional(object({ min: count(), max: count() })),
  timeoutMs: optional(count()),
  fuel: optional(Type.Union([count(), decimal()])),
  grants: optional(list(oneOf(['clock', 'randomness']))),
});

/** Having packages executed by other members. */
export const runRoutes = {
  run: route({
    method: 'POST',
    path: '/v1/runs',
    summary: 'Have a package executed by another member, and again by a second one',
    input: object(request),
    output: outcome,
    progress: true,
  }),
  'prepare-lease': route({
    method: 'POST',
    path: '/v1/leases/prepared',
    summary: 'The operation of such a run with its four proofs, not submitted',
    input: object(request),
    output: object({ transaction: hex() }),
  }),
  execute: route({
    method: 'POST',
    path: '/v1/leases/executions',
    summary: 'Ask a member to run what an operation leases',
    input: object({ on: memberName(), transaction }),
    output: object({ exit, detail: words(), fuel: decimal(), proofs: legs }),
  }),
  explain: route({
    method: 'GET',
    path: '/v1/packages/{spec}/runners',
    summary: 'Who can run a package and who cannot, with every requirement',
    input: object({
      spec,
      fuel: optional(whole()),
      memoryPages: optional(whole()),
      deadlineMs: optional(whole()),
    }),
    output: object({
      package: words(),
      requirements,
      nodes: list(
        object({
          node: words(),
          name: words(),
          canRun: flag(),
          findings: list(
            object({
              requirement: words(),
              ok: flag(),
              asked: words(),
              offered: words(),
              remedy: optional(words()),
            }),
          ),
        }),
      ),
      silent: list(object({ name: words(), reason: words() })),
    }),
    progress: true,
    heavy: true,
  }),
};
