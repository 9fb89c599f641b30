import type { RefusalReason } from '../errors.ts';

/** Numbers of refusal reasons on the wire; a number is never given to another reason. */
const NUMBERS: Readonly<Record<RefusalReason, number>> = {
  'bad-frame': 1,
  'bad-version': 2,
  'bad-share': 3,
  'bad-auth': 4,
  'bad-mac': 5,
  'decrypt-failed': 6,
  'early-data': 7,
  'no-common-suite': 8,
  'pq-required': 9,
  timeout: 10,
  truncated: 11,
  unauthenticated: 12,
  'unexpected-peer': 13,
  'too-many-connections': 14,
  'too-many-handshakes': 15,
  closing: 16,
};

/** The number of a reason on the wire. */
export function refusalNumber(reason: RefusalReason): number {
  return NUMBERS[reason];
}

/** The reason of a number; `unknown` for one that this version does not know. */
export function refusalReason(number: number): RefusalReason | 'unknown' {
  const found = Object.entries(NUMBERS).find(([, candidate]) => candidate === number);
  return found === undefined ? 'unknown' : (found[0] as RefusalReason);
}
