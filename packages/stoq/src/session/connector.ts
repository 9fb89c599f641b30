import type { Clock, Metrics } from '@hypermesh/core';
import { type HandshakeReason, type RefusalReason, StoqError } from '../errors.ts';
import type { StoqEvent } from '../events.ts';
import type { Handlers } from '../handlers.ts';
import type { Limits } from '../limits.ts';
import type { Authenticator, Carrier, CarrierConnection, CarrierStream } from '../ports.ts';
import { Attempt } from './attempt.ts';
import { HandshakeAbort, HandshakeChannel, PeerRefusal } from './channel.ts';
import { AdmissionRefusal, dialHandshake, type EstablishedSession, listenHandshake } from './handshake.ts';
import { HandshakeSlots } from './handshake-slots.ts';
import { PeerShares, type Place } from './peer-shares.ts';
import { Session } from './session.ts';
import { createDialerShares, type DialerShare } from './suites.ts';

/** What connecting needs from its node. */
export interface ConnectorSetting {
  readonly auth: Authenticator;
  readonly pq: 'require' | 'prefer';
  readonly limits: Limits;
  readonly clock: Clock;
  readonly handlers: Handlers;
  readonly metrics: Metrics;
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
  readonly #shares = new PeerShares();
  readonly #attempts = new Set<Attempt>();
  readonly #handshakes: HandshakeSlots;
  #ready: readonly DialerShare[] | undefined;
  #isClosed = false;

  constructor(setting: ConnectorSetting) {
    this.#setting = setting;
    this.#handshakes = new HandshakeSlots(setting.limits);
  }

  /** Refuses from now on and gives up every session that is being made. */
  close(): void {
    this.#isClosed = true;
    for (const attempt of this.#attempts) attempt.giveUp('closed');
  }

  /** Dials and authenticates, within `handshakeMs` in all. */
  async dial(
    carrier: Carrier,
    address: string,
    { signal, expect }: { readonly signal?: AbortSignal; readonly expect?: string },
  ): Promise<Session> {
    const { limits, clock, metrics } = this.#setting;
    if (signal?.aborted) throw new StoqError({ code: 'stoq/cancelled' });
    const attempt = new Attempt();
    this.#attempts.add(attempt);
    const onAbort = () => attempt.giveUp('cancelled');
    signal?.addEventListener('abort', onAbort, { once: true });
    const stopTimer = clock.schedule(limits.handshakeMs, () => attempt.giveUp('timeout'));
    const startedMs = clock.monotonicMs();
    let hasCarrier = false;
    const connect = async (): Promise<Session> => {
      const connection = await carrier.dial(address, { signal: attempt.signal });
      hasCarrier = true;
      attempt.own(connection);
      return await this.#authenticateDial(connection, attempt, expect);
    };
    try {
      const session = await attempt.within(connect());
      const seconds = (clock.monotonicMs() - startedMs) / 1000;
      metrics.observe('stoq_handshake_seconds', seconds, { direction: 'outbound' });
      return session;
    } catch (error) {
      throw this.#dialError({ address, attempt, hasCarrier, error });
    } finally {
      stopTimer();
      signal?.removeEventListener('abort', onAbort);
      this.#attempts.delete(attempt);
    }
  }

  async #authenticateDial(
    connection: CarrierConnection,
    attempt: Attempt,
    expect: string | undefined,
  ): Promise<Session> {
    try {
      const stream = await connection.openStream();
      const channel = new HandshakeChannel(stream);
      try {
        const { auth, pq } = this.#setting;
        const admit = ({ id }: { readonly id: string }): RefusalReason | undefined =>
          expect === undefined || id === expect ? undefined : 'unexpected-peer';
        const shares = this.#takeShares();
        const established = await dialHandshake({ connection, stream, channel, auth, pq, admit, shares });
        if (attempt.reason !== undefined) throw new Error(attempt.reason);
        const place = this.#shares.take(established.peer.id);
        this.#prepare();
        return this.#open({ connection, established, place }, connection.acceptStream());
      } catch (error) {
        if (error instanceof HandshakeAbort) await this.#sendRefusal(connection, channel, error.reason);
        throw error;
      }
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** Keys of one dial each, made behind the dial before: those of the first one are made when it needs them. */
  #takeShares(): readonly DialerShare[] {
    const { pq } = this.#setting;
    const shares = this.#ready ?? createDialerShares(pq);
    this.#ready = undefined;
    return shares;
  }

  #prepare(): void {
    setImmediate(() => {
      if (!this.#isClosed) this.#ready ??= createDialerShares(this.#setting.pq);
    });
  }

  #dialError({ address, attempt, hasCarrier, error }: FailedDial): unknown {
    const options = { cause: error };
    if (attempt.reason === 'cancelled') return new StoqError({ code: 'stoq/cancelled' }, undefined, options);
    if (attempt.reason === 'closed')
      return new StoqError({ code: 'stoq/closed', what: 'node' }, undefined, options);
    if (attempt.reason === 'timeout') {
      const afterMs = this.#setting.limits.handshakeMs;
      return hasCarrier
        ? new StoqError({ code: 'stoq/handshake-timeout', address, afterMs }, undefined, options)
        : new StoqError(
            { code: 'stoq/unreachable', address, detail: `no answer in ${afterMs} ms` },
            undefined,
            options,
          );
    }
    if (error instanceof HandshakeAbort) {
      const { reason, detail } = error;
      this.#report(address, 'us', reason, detail);
      return new StoqError(
        { code: 'stoq/handshake-failed', address, reason, ...(detail === undefined ? {} : { detail }) },
        undefined,
        options,
      );
    }
    if (error instanceof PeerRefusal) {
      this.#report(address, 'peer', error.reason);
      return new StoqError({ code: 'stoq/refused', address, reason: error.reason }, undefined, options);
    }
    return error;
  }

  /** Serves an inbound connection's handshake. Never rejects. */
  async accept(connection: CarrierConnection): Promise<void> {
    const { limits, clock, metrics } = this.#setting;
    const startedMs = clock.monotonicMs();
    const address = connection.remoteAddress;
    const attempt = new Attempt();
    const place = this.#isClosed
      ? undefined
      : this.#handshakes.take(address, () => attempt.giveUp('crowded-out'));
    if (place === undefined) {
      this.#report(address, 'us', this.#isClosed ? 'closing' : 'too-many-handshakes');
      connection.close();
      return;
    }
    attempt.own(connection);
    this.#attempts.add(attempt);
    const stopTimer = clock.schedule(limits.handshakeMs, () => attempt.giveUp('timeout'));
    let channel: HandshakeChannel | undefined;
    try {
      const stream = await attempt.within(connection.acceptStream());
      if (stream === undefined) throw new HandshakeAbort('truncated');
      channel = new HandshakeChannel(stream);
      await this.#authenticateInbound({ connection, stream, channel, attempt });
      const seconds = (clock.monotonicMs() - startedMs) / 1000;
      metrics.observe('stoq_handshake_seconds', seconds, { direction: 'inbound' });
    } catch (error) {
      const refusal = refusalOf(error);
      const reason =
        reasonOf(attempt) ?? refusal ?? (error instanceof PeerRefusal ? error.reason : 'truncated');
      const detail = error instanceof HandshakeAbort ? error.detail : undefined;
      this.#report(address, error instanceof PeerRefusal ? 'peer' : 'us', reason, detail);
      if (channel !== undefined && refusal !== undefined)
        await this.#sendRefusal(connection, channel, refusal);
      connection.close();
    } finally {
      stopTimer();
      place[Symbol.dispose]();
      this.#attempts.delete(attempt);
    }
  }

  async #authenticateInbound({ connection, stream, channel, attempt }: Inbound): Promise<void> {
    const { auth, pq, limits } = this.#setting;
    const admission: { place?: Place; isOver: boolean } = { isOver: false };
    const isFull = () => this.#shares.sessions >= limits.connections;
    const admit = ({ id }: { readonly id: string }): RefusalReason | undefined => {
      // A handshake that was refused for something else may still run to its end; it gets no place.
      if (this.#isClosed || admission.isOver) return 'closing';
      if (isFull() || this.#shares.sessionsOf(id) >= limits.connectionsPerPeer) return 'too-many-connections';
      admission.place = this.#shares.take(id);
      return undefined;
    };
    if (isFull()) throw new AdmissionRefusal('too-many-connections');
    // Nothing may come beside the handshake before it is done: there is no early data.
    const second = connection.acceptStream();
    const early = Promise.withResolvers<never>();
    early.promise.catch(() => {});
    void second.then((beside) => {
      if (admission.place !== undefined || beside === undefined) return;
      beside.reset();
      early.reject(new HandshakeAbort('early-data'));
    });
    try {
      const handshake = listenHandshake({ connection, stream, channel, auth, pq, admit });
      const established = await attempt.within(Promise.race([handshake, early.promise]));
      const { place } = admission;
      if (place === undefined) throw new AdmissionRefusal('closing');
      this.#open({ connection, established, place }, second);
    } catch (error) {
      admission.place?.release();
      throw error;
    } finally {
      admission.isOver = true;
    }
  }

  #open({ connection, established, place }: Opening, streams: Promise<CarrierStream | undefined>): Session {
    const { limits, clock, handlers, metrics, onEvent, sessions, onPeer } = this.#setting;
    const { share } = place;
    const session = new Session({
      connection,
      established,
      share,
      handlers,
      limits,
      clock,
      metrics,
      onEvent,
    });
    sessions.add(session);
    void session.closed.then(() => {
      sessions.delete(session);
      place.release();
    });
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

interface FailedDial {
  readonly address: string;
  readonly attempt: Attempt;
  /** Whether the carrier was there, so that what was late is the handshake. */
  readonly hasCarrier: boolean;
  readonly error: unknown;
}

interface Inbound {
  readonly connection: CarrierConnection;
  readonly stream: CarrierStream;
  readonly channel: HandshakeChannel;
  readonly attempt: Attempt;
}

interface Opening {
  readonly connection: CarrierConnection;
  readonly established: EstablishedSession;
  readonly place: Place;
}

/** What an attempt that was given up is reported as. */
function reasonOf({ reason }: Attempt): RefusalReason | undefined {
  if (reason === undefined) return undefined;
  if (reason === 'timeout') return 'timeout';
  return reason === 'crowded-out' ? 'too-many-handshakes' : 'closing';
}

/** What to tell the other end; undefined where it has gone or gave up itself. */
function refusalOf(error: unknown): RefusalReason | undefined {
  return error instanceof HandshakeAbort || error instanceof AdmissionRefusal ? error.reason : undefined;
}
