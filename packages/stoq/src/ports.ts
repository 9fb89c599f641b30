import type { Verdict } from '@hypermesh/core';

/** A stream of a carrier: ordered bytes, both directions, flow controlled. One reader and one writer at a time. */
export interface CarrierStream {
  /** The next bytes, as they came, now the caller's; undefined after the other end closed its write side. Rejects when reset. */
  read(): Promise<Uint8Array | undefined>;
  /** Resolves when the carrier took the bytes, which waits while the other end does not read. The bytes are the carrier's until then. */
  write(bytes: Uint8Array): Promise<void>;
  /** Ends the write side after all that was written. */
  closeWrite(): Promise<void>;
  /** Gives up both directions at once; the other end's reads and writes fail. Idempotent, never throws. */
  reset(): void;
}

/** One connection to one other end, with many streams. */
export interface CarrierConnection {
  /** The carrier's kind, such as `quic`. */
  readonly carrier: string;
  readonly remoteAddress: string;
  /**
   * Bytes that both ends compute alike and that no third party that terminates the carrier in between can bring about
   * on both sides: a session signs them.
   */
  readonly binding: Uint8Array;
  openStream(): Promise<CarrierStream>;
  /** The next stream that the other end opened; undefined once the connection is closed. One caller at a time. */
  acceptStream(): Promise<CarrierStream | undefined>;
  /** Smoothed round trip, or undefined where the carrier does not know it. */
  rttMs(): number | undefined;
  /** Ends the connection now, all streams with it. Idempotent. */
  close(): void;
  /** Resolves when the connection has ended, whoever ended it. Never rejects. */
  readonly closed: Promise<void>;
}

/** A bound address that hands out connections. */
export interface CarrierListener {
  /** The address with its real port, to be dialled by others. */
  readonly address: string;
  /** The next connection; undefined once the listener is closed. */
  accept(): Promise<CarrierConnection | undefined>;
  /** Releases the address and ends the connections that came through it. Idempotent. */
  close(): Promise<void>;
}

/** What moves bytes between two ends. Addresses begin with `<kind>://`. */
export interface Carrier {
  readonly kind: string;
  /** Binds an address. Throws StoqError `stoq/bad-address`, `stoq/ipv4-disabled`, `stoq/carrier-unavailable`, `stoq/unreachable`. */
  listen(address: string): Promise<CarrierListener>;
  /** Connects; an aborted `signal` ends the attempt with `stoq/cancelled`. Otherwise throws as `listen` does. */
  dial(address: string, options?: { readonly signal?: AbortSignal }): Promise<CarrierConnection>;
}

/** Who the other end is, as the authenticator found it. */
export interface PeerIdentity {
  /** The name that the application knows it by; equal ids are the same peer. */
  readonly id: string;
  /** The signature algorithms that it proved itself with, for people, such as `P-256+ML-DSA-65`. */
  readonly sig: string;
  /** What else the authenticator learned, plain JSON. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** Which side of a session signs: part of the signed bytes, so that no signature serves for the other side. */
export type SessionRole = 'dialer' | 'listener';

/**
 * Proves this node to others and checks theirs. Asked once per handshake, so that certificates may rotate under load.
 * Bounds: at most 16 certificates of 32 KiB together, a signature of at most 8 KiB.
 */
export interface Authenticator {
  /** This node's certificate chain, leaf first. */
  certificate(): readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  /** A signature over `transcript`, at most 256 bytes long, which already names protocol, role and session. */
  sign(transcript: Uint8Array, role: SessionRole): Uint8Array | Promise<Uint8Array>;
  /**
   * Whether `chain` is to be trusted and `signature` is its leaf's over `transcript`. Any bytes may come. Must not throw;
   * what it throws counts as a refusal. `reason` stays on this side.
   */
  verify(
    chain: readonly Uint8Array[],
    transcript: Uint8Array,
    signature: Uint8Array,
  ): Promise<Verdict<{ readonly peer: PeerIdentity }>>;
}
