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
import { before, limit } from './paging.ts';
import { executor, legs } from './run.ts';

const role = oneOf(['asked', 'executed']);
const status = oneOf(['running', 'ended', 'failed', 'interrupted']);
const lease = text({ maxLength: 128 });

/** A run as lists and events tell it. */
export const run = {
  lease: words(),
  role,
  status,
  package: words(),
  with: words({ description: 'The other member: who executes, or who asked' }),
  startedMs: count(),
  tookMs: nullable(count()),
  exit: nullable(words()),
  detail: words(),
  fuel: nullable(decimal()),
  memoryPages: nullable(count()),
  charge: nullable(decimal()),
  reexecutedBy: nullable(words()),
  matches: nullable(flag()),
};

/** Runs that this node asked for and those it executed. */
export const runsRoutes = {
  runs: route({
    method: 'GET',
    path: '/v1/runs',
    summary: 'Runs that this node asked for and those it executed, newest first; the last thousand of each',
    input: object({
      role: optional(role),
      status: optional(status),
      before: before(160),
      limit: limit(200),
    }),
    output: object({ runs: list(object(run)), running: count(), next: nullable(words()) }),
  }),
  'run-record': route({
    method: 'GET',
    path: '/v1/runs/{lease}',
    summary: 'One run with its log, receipt, output, cost and second execution',
    input: object({ lease, role: optional(role) }),
    output: object({
      ...run,
      fuelLimit: decimal(),
      memoryPagesLimit: count(),
      deadlineMs: count(),
      price: decimal({ description: 'Base units per 1,000,000 fuel' }),
      log: list(words()),
      limits: list(object({ name: words(), enforcement: words(), how: words() })),
      proofs: nullable(legs),
      height: nullable(count()),
      timings: nullable(object({ provingMs: count(), finalityMs: count(), executionMs: count() })),
      output: nullable(
        object({
          bytes: count(),
          digest: hex({ description: 'SHA-256' }),
          text: optional(words({ description: 'At most 64 KiB of it' })),
          hex: optional(hex({ description: 'At most 4 KiB of it' })),
          isCut: flag(),
        }),
      ),
      receipt: nullable(
        object(
          {
            type: words(),
            exit: words(),
            fuel: decimal(),
            isFuelExact: flag(),
            output: hex(),
            bytes: count(),
            digest: nullable(hex()),
            memoryPages: nullable(count()),
            clockMs: nullable(count()),
            randomSeed: nullable(hex()),
            outputCid: nullable(words()),
          },
          { description: 'What the executing node signed' },
        ),
      ),
      settlement: object({
        status: oneOf(['held', 'settled', 'expired', 'none']),
        held: optional(decimal()),
        charged: optional(decimal()),
        fee: optional(decimal()),
        returned: optional(decimal()),
      }),
      reexecution: nullable(object({ by: nullable(words()), matches: nullable(flag()), detail: words() })),
      canRerun: flag(),
      rerunNote: optional(words()),
    }),
  }),
  rerun: route({
    method: 'POST',
    path: '/v1/runs/{lease}/again',
    summary: 'Have another member execute a run again from what was kept of it, and compare',
    input: object({ lease, on: executor }),
    output: object({ lease: words(), by: words(), matches: flag(), detail: words(), tookMs: count() }),
    progress: true,
  }),
};
