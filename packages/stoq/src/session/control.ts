import type { CloseReason } from '../events.ts';

const GOODBYE = 1;
const REASONS = ['done', 'node-closing', 'idle', 'key-limit', 'protocol'] as const;

export type GoodbyeReason = (typeof REASONS)[number];

/** The last message of a session: `u8 1`, `u8 reason`. */
export function encodeGoodbye(reason: GoodbyeReason): Uint8Array {
  return Uint8Array.of(GOODBYE, REASONS.indexOf(reason) + 1);
}

/** What a control message says; undefined for one that this version does not know. */
export function decodeGoodbye(message: Uint8Array): CloseReason | undefined {
  const reason = REASONS[(message[1] ?? 0) - 1];
  return message.length === 2 && message[0] === GOODBYE && reason !== undefined
    ? { by: 'peer', reason }
    : undefined;
}
