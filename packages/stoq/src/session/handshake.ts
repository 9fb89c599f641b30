import { randomBytes } from 'node:crypto';
import { equalBytes } from '@hypermesh/core';
import type { RefusalReason } from '../errors.ts';
import type { Authenticator, CarrierConnection, CarrierStream, PeerIdentity, SessionRole } from '../ports.ts';
import { HandshakeAbort, type HandshakeChannel } from './channel.ts';
import {
  decodeAccept,
  decodeHello,
  decodeProof,
  encodeAccept,
  encodeChain,
  encodeHello,
  encodeProof,
  isSendable,
} from './messages.ts';
import { expand, extract, hmac, openingHash, signedTranscript, transcriptHash } from './schedule.ts';
import {
  answerDialerShare,
  CLASSICAL,
  createDialerShares,
  type DialerShare,
  HYBRID,
  type SuiteId,
} from './suites.ts';

/** What a dialer needs beside. */
export interface DialSetting extends HandshakeSetting {
  /** Fresh shares that nobody else uses, made ahead; made now where there are none. */
  readonly shares?: readonly DialerShare[];
}

/** What both kinds of handshake need. */
export interface HandshakeSetting {
  readonly connection: CarrierConnection;
  readonly stream: CarrierStream;
  readonly channel: HandshakeChannel;
  readonly auth: Authenticator;
  readonly pq: 'require' | 'prefer';
  /** Whether the authenticated peer is let in; called once, before it is told that the session stands. */
  readonly admit: (peer: PeerIdentity) => RefusalReason | undefined;
}

/** An authenticated session: keys and the stream that goes on as its control stream. */
export interface EstablishedSession {
  readonly role: SessionRole;
  readonly suite: SuiteId;
  readonly peer: PeerIdentity;
  /** 32 bytes, equal on both ends. */
  readonly sessionId: Uint8Array;
  readonly sendSecret: Uint8Array;
  readonly receiveSecret: Uint8Array;
  readonly control: CarrierStream;
  /** Bytes of the control stream that came with the handshake's last frame. */
  readonly leftover: Uint8Array;
}

/** The dialer's handshake. Throws HandshakeAbort or PeerRefusal, nothing else. */
export async function dialHandshake(setting: DialSetting): Promise<EstablishedSession> {
  const { channel, connection, shares = createDialerShares(setting.pq) } = setting;
  const hello = encodeHello(randomBytes(32), shares);
  await channel.send('hello', hello);

  const accept = await channel.receive('accept');
  const answer = decodeAccept(accept);
  if (!answer.ok) throw new HandshakeAbort(answer.reason);
  const share = shares.find(({ suite }) => suite === answer.suite);
  if (share === undefined) throw new HandshakeAbort('no-common-suite');
  const secret = share.finish(answer.share);
  if (secret === undefined) throw new HandshakeAbort('bad-share');

  const opening = openingHash(connection.binding, hello, accept);
  const root = extract(opening, secret);
  const listenerKey = expand(root, 'listenerKey');
  const theirs = await channel.receiveSealed('listenerAuth', listenerKey);
  const seen = transcriptHash(opening, theirs);
  const peer = await checkProof(setting, 'listener', { root, seen: opening, proof: theirs });
  const refusal = setting.admit(peer);
  if (refusal !== undefined) throw new HandshakeAbort('unexpected-peer');

  const ours = await makeProof(setting.auth, 'dialer', { root, seen });
  await channel.sendSealed('dialerAuth', expand(root, 'dialerKey'), ours);
  const finish = await channel.receiveSealed('finish', listenerKey);
  if (finish.length > 0) throw new HandshakeAbort('bad-frame');
  return establish(setting, { role: 'dialer', suite: share.suite, peer, root, seen, last: ours });
}

/** The listener's handshake. Throws HandshakeAbort or PeerRefusal, nothing else. */
export async function listenHandshake(setting: HandshakeSetting): Promise<EstablishedSession> {
  const { channel, connection } = setting;
  const hello = await channel.receive('hello');
  const decoded = decodeHello(hello);
  if (!decoded.ok) throw new HandshakeAbort(decoded.reason);
  const offerOf = (suite: SuiteId) => decoded.offers.find((offer) => offer.suite === suite);
  const offer = offerOf(HYBRID) ?? offerOf(CLASSICAL);
  if (offer === undefined) throw new HandshakeAbort('no-common-suite');
  const suite: SuiteId = offer.suite === HYBRID ? HYBRID : CLASSICAL;
  if (suite === CLASSICAL && setting.pq === 'require') throw new HandshakeAbort('pq-required');
  const answer = answerDialerShare(suite, offer.share);
  if (answer === undefined) throw new HandshakeAbort('bad-share');

  const accept = encodeAccept(randomBytes(32), suite, answer.share);
  const opening = openingHash(connection.binding, hello, accept);
  const root = extract(opening, answer.secret);
  const listenerKey = expand(root, 'listenerKey');
  const ours = await makeProof(setting.auth, 'listener', { root, seen: opening });
  // Both frames in one write: the dialer can do next to nothing with the first alone.
  channel.queue('accept', accept);
  await channel.sendSealed('listenerAuth', listenerKey, ours);

  const seen = transcriptHash(opening, ours);
  const theirs = await channel.receiveSealed('dialerAuth', expand(root, 'dialerKey'));
  const peer = await checkProof(setting, 'dialer', { root, seen, proof: theirs });
  const refusal = setting.admit(peer);
  if (refusal !== undefined) throw new AdmissionRefusal(refusal);
  await channel.sendSealed('finish', listenerKey, new Uint8Array());
  return establish(setting, { role: 'listener', suite, peer, root, seen, last: theirs });
}

/** A peer that proved who it is and is not let in. */
export class AdmissionRefusal extends Error {
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason) {
    super(reason);
    this.reason = reason;
  }
}

interface ProofContext {
  readonly root: Uint8Array;
  /** Hash of all that stood on the wire before this proof. */
  readonly seen: Uint8Array;
}

/** The MAC binds the identity to the session's secret, without which a signature could be presented by another. */
function proofMac(role: SessionRole, { root, seen }: ProofContext, chain: Uint8Array, signature: Uint8Array) {
  const key = expand(root, role === 'dialer' ? 'dialerMac' : 'listenerMac');
  return hmac(key, transcriptHash(seen, chain, signature));
}

async function makeProof(auth: Authenticator, role: SessionRole, context: ProofContext): Promise<Uint8Array> {
  try {
    const chain = await auth.certificate();
    const encoded = encodeChain(chain);
    const signature = await auth.sign(signedTranscript(role, context.seen, encoded), role);
    if (!isSendable(chain, signature))
      throw new HandshakeAbort('bad-auth', 'own chain or signature is too large');
    return encodeProof({ chain, signature, mac: proofMac(role, context, encoded, signature) });
  } catch (error) {
    if (error instanceof HandshakeAbort) throw error;
    throw new HandshakeAbort('bad-auth', 'own authenticator failed', { cause: error });
  }
}

async function checkProof(
  { auth }: HandshakeSetting,
  role: SessionRole,
  context: ProofContext & { readonly proof: Uint8Array },
): Promise<PeerIdentity> {
  const decoded = decodeProof(context.proof);
  if (!decoded.ok) throw new HandshakeAbort(decoded.reason);
  const { chain, signature, mac } = decoded.proof;
  const encoded = encodeChain(chain);
  if (!equalBytes(mac, proofMac(role, context, encoded, signature))) throw new HandshakeAbort('bad-mac');
  try {
    const verdict = await auth.verify(chain, signedTranscript(role, context.seen, encoded), signature);
    if (verdict.ok) return verdict.peer;
    throw new HandshakeAbort('unauthenticated', verdict.reason);
  } catch (error) {
    if (error instanceof HandshakeAbort) throw error;
    throw new HandshakeAbort('unauthenticated', 'own authenticator failed', { cause: error });
  }
}

interface Outcome extends ProofContext {
  readonly role: SessionRole;
  readonly suite: SuiteId;
  readonly peer: PeerIdentity;
  /** The dialer's proof, the last that the transcript takes in. */
  readonly last: Uint8Array;
}

function establish({ channel, stream }: HandshakeSetting, outcome: Outcome): EstablishedSession {
  const { role, suite, peer, root } = outcome;
  const whole = transcriptHash(outcome.seen, outcome.last);
  const dialer = expand(root, 'dialerTraffic', whole);
  const listener = expand(root, 'listenerTraffic', whole);
  return {
    role,
    suite,
    peer,
    sessionId: expand(root, 'sessionId', whole),
    sendSecret: role === 'dialer' ? dialer : listener,
    receiveSecret: role === 'dialer' ? listener : dialer,
    control: stream,
    leftover: channel.leftover(),
  };
}
