import type { CloseReason } from './events.ts';
import type { PeerIdentity } from './ports.ts';
import type { Traffic } from './session/traffic.ts';
import type { ByteStream } from './streams/byte-stream.ts';
import type { MessageStream } from './streams/message-stream.ts';
import type { RequestOptions, RequestResult } from './streams/request.ts';

/** What a session is protected with, as it was negotiated. */
export interface Security {
  /** Kind of the carrier, such as `quic`. */
  readonly carrier: string;
  readonly kem: 'X25519+ML-KEM-768' | 'X25519';
  /** How the peer proved itself, by its authenticator's word. */
  readonly sig: string;
  readonly aead: 'AES-256-GCM';
  /** Whether the key agreement holds against a quantum computer. */
  readonly pq: boolean;
}

/** An authenticated session with another node. Its streams end with it. */
export interface Peer {
  /** The peer's id, as the authenticator names it; two sessions may have the same. */
  readonly id: string;
  readonly identity: PeerIdentity;
  /** The carrier's address of the other end; of an inbound session not one that can be dialled. */
  readonly address: string;
  readonly direction: 'inbound' | 'outbound';
  readonly security: Security;
  /** Hex of 32 bytes, equal on both ends, different for each session. */
  readonly sessionId: string;
  /** Asks the peer's handler `name`. Never rejects but for misuse; a missing answer has a `reason`. */
  request(name: string, body?: Uint8Array, options?: RequestOptions): Promise<RequestResult>;
  /** Opens a message stream to the peer's handler `name`. Throws StoqError, `stoq/stream-refused` with the peer's reason. */
  openMessages(name: string, options?: { readonly signal?: AbortSignal }): Promise<MessageStream<Peer>>;
  /** Opens a byte stream to the peer's handler `name`. Throws as `openMessages` does. */
  openStream(name: string, options?: { readonly signal?: AbortSignal }): Promise<ByteStream<Peer>>;
  /** Smoothed round trip of the carrier, milliseconds. */
  rttMs(): number | undefined;
  /** What this session has moved until now, also after its end. */
  traffic(): Traffic;
  /** Ends the session and all its streams, whatever is still on its way; the peer is told. */
  close(): Promise<void>;
  /** Resolves when the session has ended. Never rejects. */
  readonly closed: Promise<CloseReason>;
}
