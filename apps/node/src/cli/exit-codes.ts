import type { Fault } from '@hypermesh/proxy-nat';

/** What each exit code says; the reference is made from it. */
export const exitCodes: readonly {
  readonly code: number;
  readonly name: string;
  readonly meaning: string;
  /** Failures that end with it. */
  readonly of: readonly string[];
}[] = [
  { code: 0, name: 'done', meaning: 'what was asked for is done', of: [] },
  {
    code: 1,
    name: 'not done',
    meaning: 'it could not be done, or a check that was asked for fails',
    of: ['every failure that is not named below'],
  },
  {
    code: 2,
    name: 'wrong use',
    meaning: 'the command line cannot be meant like this; nothing was tried',
    of: ['node/bad-flag', 'node/unknown-command', 'node/bad-invitation', 'catalog/bad-argument'],
  },
  {
    code: 3,
    name: 'no node',
    meaning: 'no node runs here, or none was made yet',
    of: ['node/not-running', 'node/not-initialized'],
  },
  {
    code: 4,
    name: 'refused',
    meaning: 'somebody who was asked does not allow it: a member, a policy, a proof, a grant',
    of: [
      'node/refused',
      'node/extension-denied',
      'node/operation-refused',
      'node/memory-fault',
      'catalog/refused',
      'catalog/proof-refused',
      'catalog/name-taken',
    ],
  },
  {
    code: 5,
    name: 'not found',
    meaning: 'what was named is not there',
    of: ['node/not-found', 'catalog/not-found', 'catalog/not-installed'],
  },
  {
    code: 6,
    name: 'try again',
    meaning:
      'what is needed is not there now: other members, memory or disk; the same line may succeed later',
    of: [
      'node/no-room',
      'node/unreachable',
      'node/too-few-copies',
      'node/wrong-phase',
      'node/busy',
      'node/rate-limited',
      'catalog/too-few-copies',
      'catalog/content-missing',
    ],
  },
  {
    code: 130,
    name: 'interrupted',
    meaning: 'stopped by SIGINT or SIGTERM',
    of: ['node/cancelled', 'catalog/cancelled'],
  },
];

/** Faults of remote memory that say "not now", as against "you may not". */
const passing: readonly Fault[] = ['Busy', 'Moved', 'Unreachable'];

/** The exit code of a failure. */
export function exitCodeOf(failure: object | undefined): number {
  if (failure === undefined || !('code' in failure)) return 1;
  const { code } = failure;
  if (code === 'node/memory-fault' && 'fault' in failure && passing.includes(failure.fault as Fault))
    return 6;
  return exitCodes.find(({ of }) => of.includes(String(code)))?.code ?? 1;
}
