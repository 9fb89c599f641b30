import type { Clock } from '@hypermesh/core';
import { type HandshakeReason, type RefusalReason, StoqError } from '../errors.ts';
import type { StoqEvent } from '../events.ts';
import type { Handlers } from '../handlers.ts';
import type { Limits } from '../limits.ts';
import type { Authenticator, Carrier, CarrierConnection, CarrierStream } from '../ports.ts';
import { HandshakeAbort, HandshakeChannel, PeerRefusal } from './channel.ts';
import { AdmissionRefusal, dialHandshake, type EstablishedSession, listenHandshake } from './handshake.ts';
import { Session } from './session.ts';

/** What connecting needs from its node. */
export interface ConnectorSetting {
  readonly auth: Authenticator;
  readonly pq: 'require' | 'prefer';
  readonly limits: Limits;
  readonly clock: Clock;
  readonly handlers: Handlers;
  readonly onEvent: (event: StoqEvent) => void;
  /** Open sessions: the connector adds them and takes them out. */
  readonly sessions: Set<Session>;
  readonly onPeer: (session: Session) => void;
}

/** After a refusal the other end may take so long to read it. */
const REFUSAL_MS = 500;

/** Turns carrier connections into sessions, within the node's limits. */
export class Connector {
  readonly #setting: ConnectorSetting;
  readonly #inbound = new Set<CarrierConnection>();
  readonly #outbound = new Set<CarrierConnection>();
  /** Sessions that are admitted but not yet among `sessions`. */
  #admitted = 0;
  #isClosed = false;

  constructor(setting: ConnectorSetting) {
    this.#setting = setting;
  }

  /** Refuses from now on and hangs up on every handshake under way. */
  close(): void {
    this.#isClosed = true;
    for (const connection of [...this.#inbound, ...this.#outbound]) connection.close();
  }

  /** Dials and authenticates, within `handshakeMs` in all. */
  async dial(
    carrier: Carrier,
    address: string,
    { signal, expect }: { readonly signal?: AbortSignal; readonly expect?: string },
  ): Promise<Session> {
    const { limits, clock } = this.#setting;
    const controller = new AbortController();
    let cause: 'timeout' | 'cancelled' | undefined;
    const give = (why: 'timeout' | 'cancelled') => {
      cause ??= why;
      controller.abort();
    };
    const onAbort = () => give('cancelled');
    if (signal?.aborted) throw new StoqError({ code: 'stoq/cancelled' });
    signal?.addEventListener('abort', onAbort, { once: true });
    const stopTimer = clock.schedule(limits.handshakeMs, () => give('timeout'));
    let hasCarrier = false;
    try {
      const connection = await carrier.dial(address, { signal: controller.signal });
      hasCarrier = true;
      const hangUp = () => connection.close();
      controller.signal.addEventListener('abort', hangUp, { once: true });
      if (controller.signal.aborted) hangUp();
      return await this.#authenticateDial(connection, expect);
    } catch (error) {
      const options = { cause: error };
      if (cause === 'cancelled') throw new StoqError({ code: 'stoq/cancelled' }, undefined, options);
      if (cause === 'timeout') {
        const afterMs = limits.handshakeMs;
        throw hasCarrier
          ? new StoqError({ code: 'stoq/handshake-timeout', address, afterMs }, undefined, options)
          : new StoqError(
              { code: 'stoq/unreachable', address, detail: `no answer in ${afterMs} ms` },
              undefined,
              options,
            );
      }
      throw this.#dialError(address, error);
    } finally {
      stopTimer();
      signal?.removeEventListener('abort', onAbort);
    }
  }

  async #authenticateDial(connection: CarrierConnection, expect: string | undefined): Promise<Session> {
    if (this.#isClosed) connection.close();
    this.#outbound.add(connection);
    try {
      const stream = await connection.openStream();
      const channel = new HandshakeChannel(stream);
      try {
        const { auth, pq } = this.#setting;
        const admit = ({ id }: { readonly id: string }): RefusalReason | undefined =>
          expect === undefined || id === expect ? undefined : 'unexpected-peer';
        const established = await dialHandshake({ connection, stream, channel, auth, pq, admit });
        return this.#open(connection, established, connection.acceptStream());
      } catch (error) {
        if (error instanceof HandshakeAbort) await this.#sendRefusal(connection, channel, error.reason);
        throw error;
      }
    } catch (error) {
      connection.close();
      throw error;
    } finally {
      this.#outbound.delete(connection);
    }
  }

  #dialError(address: string, error: unknown): unknown {
    if (error instanceof HandshakeAbort) {
      const { reason, detail } = error;
      this.#report(address, 'us', reason, detail);
      return new StoqError(
        { code: 'stoq/handshake-failed', address, reason, ...(detail === undefined ? {} : { detail }) },
        undefined,
        { cause: error },
      );
    }
    if (error instanceof PeerRefusal) {
      this.#report(address, 'peer', error.reason);
      return new StoqError({ code: 'stoq/refused', address, reason: error.reason }, undefined, {
        cause: error,
      });
    }
    return error;
  }

  /** Serves an inbound connection's handshake. Never rejects. */
  async accept(connection: CarrierConnection): Promise<void> {
    const { limits, clock } = this.#setting;
    const address = connection.remoteAddress;
    if (this.#isClosed || this.#inbound.size >= limits.handshakes) {
      this.#report(address, 'us', this.#isClosed ? 'closing' : 'too-many-handshakes');
      connection.close();
      return;
    }
    this.#inbound.add(connection);
    let isLate = false;
    const stopTimer = clock.schedule(limits.handshakeMs, () => {
      isLate = true;
      connection.close();
    });
    let channel: HandshakeChannel | undefined;
    try {
      const stream = await connection.acceptStream();
      if (stream === undefined) throw new HandshakeAbort('truncated');
      channel = new HandshakeChannel(stream);
      await this.#authenticateInbound(connection, stream, channel);
    } catch (error) {
      const refusal = refusalOf(error);
      const reason = isLate
        ? 'timeout'
        : (refusal ?? (error instanceof PeerRefusal ? error.reason : 'truncated'));
      const detail = error instanceof HandshakeAbort ? error.detail : undefined;
      this.#report(address, error instanceof PeerRefusal ? 'peer' : 'us', reason, detail);
      if (channel !== undefined && refusal !== undefined)
        await this.#sendRefusal(connection, channel, refusal);
      connection.close();
    } finally {
      stopTimer();
      this.#inbound.delete(connection);
    }
  }

  async #authenticateInbound(
    connection: CarrierConnection,
    stream: CarrierStream,
    channel: HandshakeChannel,
  ): Promise<void> {
    const { auth, pq, limits, sessions } = this.#setting;
    let isAdmitted = false;
    const isFull = () => sessions.size + this.#admitted >= limits.connections;
    const admit = (): RefusalReason | undefined => {
      if (this.#isClosed) return 'closing';
      if (isFull()) return 'too-many-connections';
      isAdmitted = true;
      this.#admitted += 1;
      return undefined;
    };
    if (isFull()) throw new AdmissionRefusal('too-many-connections');
    // Nothing may come beside the handshake before it is done: there is no early data.
    const second = connection.acceptStream();
    const early = Promise.withResolvers<never>();
    early.promise.catch(() => {});
    void second.then((beside) => {
      if (isAdmitted || beside === undefined) return;
      beside.reset();
      early.reject(new HandshakeAbort('early-data'));
    });
    try {
      const handshake = listenHandshake({ connection, stream, channel, auth, pq, admit });
      const established = await Promise.race([handshake, early.promise]);
      this.#open(connection, established, second);
    } finally {
      if (isAdmitted) this.#admitted -= 1;
    }
  }

  #open(
    connection: CarrierConnection,
    established: EstablishedSession,
    streams: Promise<CarrierStream | undefined>,
  ): Session {
    const { limits, clock, handlers, onEvent, sessions, onPeer } = this.#setting;
    const session = new Session({ connection, established, handlers, limits, clock, onEvent });
    sessions.add(session);
    void session.closed.then(() => sessions.delete(session));
    const { id, address, direction } = session;
    onEvent({ type: 'peer-open', peer: id, address, direction });
    onPeer(session);
    session.serve(streams);
    return session;
  }

  /** Tells the other end why and gives it a moment to read that. */
  async #sendRefusal(
    connection: CarrierConnection,
    channel: HandshakeChannel,
    reason: RefusalReason,
  ): Promise<void> {
    const waited = Promise.withResolvers<void>();
    const stop = this.#setting.clock.schedule(REFUSAL_MS, waited.resolve);
    // Whoever has hung up already does not hear it.
    channel.refuse(reason).catch(() => {});
    await Promise.race([connection.closed, waited.promise]);
    stop();
  }

  #report(
    address: string,
    by: 'us' | 'peer',
    reason: HandshakeReason | RefusalReason | 'unknown',
    detail?: string,
  ): void {
    this.#setting.onEvent({
      type: 'handshake-refused',
      address,
      by,
      reason,
      ...(detail === undefined ? {} : { detail }),
    });
  }
}

/** What to tell the other end; undefined where it has gone or gave up itself. */
function refusalOf(error: unknown): RefusalReason | undefined {
  return error instanceof HandshakeAbort || error instanceof AdmissionRefusal ? error.reason : undefined;
}
