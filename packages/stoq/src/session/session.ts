import type { Clock, Metrics } from '@hypermesh/core';
import { asStreamError, StoqError } from '../errors.ts';
import type { CloseReason, StoqEvent } from '../events.ts';
import type { Handlers } from '../handlers.ts';
import type { Limits } from '../limits.ts';
import type { Peer, Security } from '../peer.ts';
import type { CarrierConnection, CarrierStream } from '../ports.ts';
import type { ByteStream } from '../streams/byte-stream.ts';
import type { MessageStream } from '../streams/message-stream.ts';
import { openByteStream, openMessageStream } from '../streams/open-named.ts';
import { type RequestOptions, type RequestResult, sendRequest } from '../streams/request.ts';
import { SealedStream } from '../streams/sealed-stream.ts';
import { serveStream } from '../streams/serve-stream.ts';
import { decodeGoodbye, encodeGoodbye, type GoodbyeReason } from './control.ts';
import type { EstablishedSession } from './handshake.ts';
import type { PeerShare } from './peer-shares.ts';
import { RecordOpener, RecordSealer } from './record.ts';
import { streamKey } from './schedule.ts';
import { StreamNumbers } from './stream-numbers.ts';
import { SUITES } from './suites.ts';
import { type Traffic, TrafficCounter } from './traffic.ts';

/** What a session shares with its node. */
export interface SessionSetting {
  readonly connection: CarrierConnection;
  readonly established: EstablishedSession;
  /** What the peer holds, this session and others of it. */
  readonly share: PeerShare;
  readonly handlers: Handlers;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly onEvent: (event: StoqEvent) => void;
}

/** Of more streams than this each holds little: 64 times two whole records are 32 MiB. */
const CROWD = 64;
/** Labels that are the same for each of many counts. */
const [answered, outbound, inbound] = [{ reason: 'ok' }, { direction: 'outbound' }, { direction: 'inbound' }];
/** How long a goodbye waits for the other end to hang up. */
const GOODBYE_MS = 300;

/** An authenticated session: hands out and serves streams, counts what its peer holds, and ends with a reason. */
export class Session implements Peer {
  readonly id: string;
  readonly identity: Peer['identity'];
  readonly address: string;
  readonly direction: Peer['direction'];
  readonly security: Security;
  readonly sessionId: string;
  readonly closed: Promise<CloseReason>;
  readonly #setting: SessionSetting;
  readonly #control: SealedStream;
  readonly #traffic = new TrafficCounter({ spend: (bytes) => this.#spend(bytes) });
  readonly #ended = Promise.withResolvers<CloseReason>();
  readonly #streams = new Set<SealedStream>();
  readonly #numbers = new StreamNumbers();
  #nextNumber = 1n;
  #keyBytes: number;
  #lastActivityMs: number;
  #closing: Promise<void> | undefined;
  #isOver = false;

  constructor(setting: SessionSetting) {
    const { connection, established, clock, limits } = setting;
    const { peer, suite, role, control, leftover } = established;
    this.#setting = setting;
    this.id = peer.id;
    this.identity = peer;
    this.address = connection.remoteAddress;
    this.direction = role === 'dialer' ? 'outbound' : 'inbound';
    const { kem, pq } = SUITES[suite];
    this.security = { carrier: connection.carrier, kem, sig: peer.sig, aead: 'AES-256-GCM', pq };
    this.sessionId = Buffer.from(established.sessionId).toString('hex');
    this.closed = this.#ended.promise;
    this.#keyBytes = limits.sessionBytes;
    this.#lastActivityMs = clock.monotonicMs();
    this.#control = new SealedStream(control, this.#keys('dialer', 0n, leftover));
    void connection.closed.then(() => this.#end({ by: 'carrier', reason: 'lost' }));
  }

  /** Begins to serve the peer's streams; `first` is an accept that is already under way. */
  serve(first: Promise<CarrierStream | undefined>): void {
    void this.#acceptStreams(first);
    void this.#watchControl();
  }

  /** Milliseconds since something moved; 0 while a stream is open. */
  idleMs(): number {
    return this.#streams.size > 0 ? 0 : this.#setting.clock.monotonicMs() - this.#lastActivityMs;
  }

  async request(
    name: string,
    body: Uint8Array = new Uint8Array(),
    options?: RequestOptions,
  ): Promise<RequestResult> {
    const { clock, limits, metrics } = this.#setting;
    const startedMs = clock.monotonicMs();
    const setting = { open: () => this.#open(), clock, capBytes: limits.requestBytes };
    const result = await sendRequest(setting, { name, body }, options);
    metrics.observe('stoq_request_seconds', (clock.monotonicMs() - startedMs) / 1000);
    metrics.count('stoq_requests_total', 1, result.ok ? answered : { reason: result.reason });
    return result;
  }

  openMessages(
    name: string,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<MessageStream<Peer>> {
    return openMessageStream(this, {
      name,
      signal,
      open: () => this.#open(),
      maxBytes: this.#setting.limits.messageBytes,
    });
  }

  openStream(name: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<ByteStream<Peer>> {
    return openByteStream(this, { name, signal, open: () => this.#open() });
  }

  rttMs(): number | undefined {
    return this.#setting.connection.rttMs();
  }

  traffic(): Traffic {
    const { bytesIn, bytesOut } = this.#traffic;
    return { bytesIn, bytesOut };
  }

  close(): Promise<void> {
    return this.closeWith('done');
  }

  /** Says goodbye with a reason, waits a moment for the other end to hang up, then hangs up. */
  closeWith(reason: GoodbyeReason): Promise<void> {
    this.#closing ??= this.#sayGoodbye(reason);
    return this.#closing;
  }

  async #sayGoodbye(reason: GoodbyeReason): Promise<void> {
    const { connection, clock } = this.#setting;
    const waited = Promise.withResolvers<void>();
    const stop = clock.schedule(GOODBYE_MS, waited.resolve);
    this.#end({ by: 'us', reason });
    // A goodbye cannot be sent where the carrier is gone or stuck; hanging up follows in any case.
    this.#control.write(encodeGoodbye(reason), true).catch(() => {});
    await Promise.race([connection.closed, waited.promise]);
    stop();
    connection.close();
    await connection.closed;
  }

  #end(reason: CloseReason): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#ended.resolve(reason);
    for (const stream of this.#streams) stream.reset();
    this.#setting.onEvent({ type: 'peer-close', peer: this.id, address: this.address, reason });
  }

  readonly #isCrowded = (): boolean => this.#streams.size > CROWD;

  /** The keys' last bytes are kept for the goodbye. */
  #spend(bytes: number): void {
    this.#keyBytes -= bytes;
    if (this.#keyBytes >= 0 || this.#isOver) return;
    void this.closeWith('key-limit');
    throw new StoqError({ code: 'stoq/closed', what: 'peer' });
  }

  #keys(opener: 'dialer' | 'listener', number: bigint, input?: Uint8Array) {
    const { sendSecret, receiveSecret } = this.#setting.established;
    const opening = new RecordOpener(streamKey(receiveSecret, opener, number), this.#traffic.opening);
    if (input !== undefined && input.length > 0) opening.push(input);
    const sealer = new RecordSealer(streamKey(sendSecret, opener, number), this.#traffic.sealing);
    return { sealer, opener: opening };
  }

  async #open(): Promise<SealedStream> {
    if (this.#isOver) throw new StoqError({ code: 'stoq/closed', what: 'peer' });
    const carrier = await this.#setting.connection.openStream();
    const number = this.#nextNumber;
    this.#nextNumber += 1n;
    const prefix = Buffer.alloc(8);
    prefix.writeBigUInt64BE(number);
    const stream = new SealedStream(carrier, {
      ...this.#keys(this.#setting.established.role, number),
      isCrowded: this.#isCrowded,
      prefix,
    });
    this.#track(stream);
    this.#setting.metrics.count('stoq_streams_total', 1, outbound);
    return stream;
  }

  #track(stream: SealedStream): void {
    const { clock } = this.#setting;
    this.#streams.add(stream);
    void stream.done.then(() => {
      this.#streams.delete(stream);
      this.#lastActivityMs = clock.monotonicMs();
    });
    if (this.#isOver) stream.reset();
  }

  async #acceptStreams(first: Promise<CarrierStream | undefined>): Promise<void> {
    const { limits, share } = this.#setting;
    for (let next = first; ; next = this.#setting.connection.acceptStream()) {
      // A carrier that fails here instead of saying that it has ended is as much at its end.
      const carrier = await next.catch(() => undefined);
      if (carrier === undefined) return;
      if (this.#isOver || share.streams >= 2 * limits.streamsPerPeer) carrier.reset();
      else void this.#serve(carrier);
    }
  }

  async #serve(carrier: CarrierStream): Promise<void> {
    const { limits, clock, handlers, established, metrics, onEvent, share } = this.#setting;
    metrics.count('stoq_streams_total', 1, inbound);
    const isBusy = share.streams >= limits.streamsPerPeer;
    share.streams += 1;
    try {
      await serveStream(carrier, {
        peer: this,
        clock,
        limits,
        handlers,
        isBusy,
        reserve: (bytes) => {
          if (share.bytes + bytes > limits.bytesPerPeer) return false;
          share.bytes += bytes;
          return true;
        },
        release: (bytes) => {
          share.bytes -= bytes;
        },
        outlived: (handler) => {
          share.streams += 1;
          void handler.then(() => {
            share.streams -= 1;
          });
        },
        unseal: (number, input) => {
          if (!this.#numbers.take(number)) return undefined;
          const opener = established.role === 'dialer' ? 'listener' : 'dialer';
          const isCrowded = this.#isCrowded;
          const stream = new SealedStream(carrier, { ...this.#keys(opener, number, input), isCrowded });
          this.#track(stream);
          return stream;
        },
        fault: (fault, name) =>
          onEvent({ type: 'stream-fault', peer: this.id, fault, ...(name === undefined ? {} : { name }) }),
      });
    } finally {
      share.streams -= 1;
    }
  }

  async #watchControl(): Promise<void> {
    let reason: CloseReason | undefined;
    try {
      const message = await this.#control.read();
      reason = message === undefined ? undefined : decodeGoodbye(message);
    } catch (error) {
      // A control stream that breaks without a goodbye is the carrier's loss or a peer that breaks the protocol.
      if (asStreamError(error).code === 'stoq/stream-reset') return this.#setting.connection.close();
    }
    if (this.#isOver) return this.#setting.connection.close();
    if (reason === undefined) return void (await this.closeWith('protocol'));
    this.#end(reason);
    this.#setting.connection.close();
  }
}
