import { StoqError } from './errors.ts';

/** The bounds that one node keeps to, whatever its peers do. */
export interface Limits {
  /** Sessions at once, both directions. The next inbound one is refused with `too-many-connections`. */
  readonly connections: number;
  /** Sessions that one peer may have at once, both directions; its next inbound one is refused like that. */
  readonly connectionsPerPeer: number;
  /** Inbound connections that are not authenticated yet. */
  readonly handshakes: number;
  /** Of these, how many may come from one block of addresses: 48 bits of IPv6, 24 of IPv4. */
  readonly handshakesPerBlock: number;
  /** From the carrier's connection to an authenticated session, milliseconds. */
  readonly handshakeMs: number;
  /** A session without an open stream is closed after this many milliseconds; 0 never. */
  readonly idleMs: number;
  /** Streams that one peer may have open at once, over all its sessions. */
  readonly streamsPerPeer: number;
  /** Bytes of request bodies, and of answers that are not sent yet, that are held for one peer at once, over all its sessions. */
  readonly bytesPerPeer: number;
  /** Largest request body and largest answer. */
  readonly requestBytes: number;
  /** Largest message of a message stream. */
  readonly messageBytes: number;
  /** From a stream's opening to its whole header, milliseconds. */
  readonly headerMs: number;
  /** Plain bytes that one session may seal and open with its keys; then it closes with `key-limit`. */
  readonly sessionBytes: number;
}

/** The limits of a node that is told nothing else. */
export const DEFAULT_LIMITS: Limits = {
  connections: 100,
  connectionsPerPeer: 10,
  handshakes: 32,
  handshakesPerBlock: 16,
  handshakeMs: 5_000,
  idleMs: 300_000,
  streamsPerPeer: 200,
  bytesPerPeer: 64 * 2 ** 20,
  requestBytes: 10_000_000,
  messageBytes: 2 ** 20,
  headerMs: 10_000,
  sessionBytes: 2 ** 40,
};

/** Fills in defaults; every limit is a non-negative safe integer, and requests stay within 10 MB. */
export function completeLimits(given: Partial<Limits> = {}): Limits {
  const limits = { ...DEFAULT_LIMITS, ...given };
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new StoqError({
        code: 'stoq/bad-argument',
        argument: `limits.${name}`,
        expected: 'a non-negative integer',
      });
    }
  }
  if (limits.requestBytes > DEFAULT_LIMITS.requestBytes) {
    throw new StoqError({
      code: 'stoq/bad-argument',
      argument: 'limits.requestBytes',
      expected: `at most ${DEFAULT_LIMITS.requestBytes}`,
    });
  }
  return limits;
}
