import {
  type Authenticator,
  type CarrierStream,
  createStoq,
  pinnedKeys,
  quicCarrier,
  type StoqEvent,
} from '@hypermesh/stoq';
import { describe, expect, it } from 'vitest';
import { HandshakeChannel, PeerRefusal } from '../src/session/channel.ts';
import { dialHandshake } from '../src/session/handshake.ts';
import { encodeHello, FRAME } from '../src/session/messages.ts';
import { CLASSICAL, createDialerShare, HYBRID } from '../src/session/suites.ts';
import { rawDial } from './raw.ts';
import { alice, aliceKey, bob, bobKey, failureOf, malloryKey, memoryPair, text } from './support.ts';
import { type Edit, flip, recording, tampering } from './tamper.ts';

const HEAD = 4;
const HELLO_SHARE = HEAD + 4 + 1 + 32 + 1 + 4;
const ACCEPT_SHARE = HEAD + 32 + 4;

/** How both ends see a handshake with these edits. */
async function attacked(edits: { toListener?: Edit; toDialer?: Edit }, pq: 'require' | 'prefer' = 'require') {
  await using pair = await memoryPair({ wrap: tampering(edits), dialer: { pq }, listener: { pq } });
  const dialer = await failureOf(pair.connect());
  const listener = await pair.event((event) => event.type === 'handshake-refused');
  expect(pair.listener.peers).toHaveLength(0);
  expect(pair.dialer.peers).toHaveLength(0);
  return { dialer, listener };
}

const onPiece = (wanted: { stream: number; piece: number }, edit: (bytes: Buffer) => Uint8Array): Edit => {
  return (bytes, place) =>
    place.stream === wanted.stream && place.piece === wanted.piece ? edit(bytes) : bytes;
};
const first = { stream: 0, piece: 0 };

describe('a man in the middle whom the carrier does not notice', () => {
  it.each([
    ['the X25519 share of the hello', HELLO_SHARE],
    ['the ML-KEM-768 key of the hello', HELLO_SHARE + 32 + 1184 - 1],
    ['the nonce of the hello', HEAD + 5],
  ])('who alters %s brings the handshake down [stoq-09]', async (_, at) => {
    const { dialer } = await attacked({ toListener: onPiece(first, (bytes) => flip(bytes, at)) });
    expect(dialer).toMatchObject({ code: 'stoq/handshake-failed', reason: 'decrypt-failed' });
  });

  it.each([
    ['the X25519 share of the accept', ACCEPT_SHARE],
    ['the ML-KEM-768 ciphertext of the accept', ACCEPT_SHARE + 32 + 500],
    ['the nonce of the accept', HEAD],
  ])('who alters %s brings the handshake down [stoq-09]', async (_, at) => {
    const { dialer } = await attacked({ toDialer: onPiece(first, (bytes) => flip(bytes, at)) });
    expect(dialer).toMatchObject({ code: 'stoq/handshake-failed', reason: 'decrypt-failed' });
  });

  it('who puts X25519 of low order in the hello is refused', async () => {
    const zeros = onPiece(first, (bytes) => Buffer.from(bytes).fill(0, HELLO_SHARE, HELLO_SHARE + 32));
    const { dialer, listener } = await attacked({ toListener: zeros });
    expect(dialer).toMatchObject({ code: 'stoq/refused', reason: 'bad-share' });
    expect(listener).toMatchObject({ reason: 'bad-share' });
  });

  it('who strips the ML-KEM share from the hello brings the handshake down [stoq-x01]', async () => {
    const strip = onPiece(first, (bytes) => {
      const x25519 = bytes.subarray(HELLO_SHARE, HELLO_SHARE + 32);
      return framed(
        'hello',
        encodeHello(bytes.subarray(HEAD + 5, HEAD + 37), [{ suite: CLASSICAL, share: x25519 }]),
      );
    });
    expect((await attacked({ toListener: strip })).dialer).toMatchObject({
      code: 'stoq/refused',
      reason: 'pq-required',
    });
    // Where both ends would also speak the classical suite, the transcript still gives the downgrade away.
    const { dialer } = await attacked({ toListener: strip }, 'prefer');
    expect(dialer).toMatchObject({ code: 'stoq/handshake-failed', reason: 'decrypt-failed' });
  });

  it('who takes the hybrid suite out of two that were offered brings the handshake down [stoq-09]', async () => {
    const downgrade = onPiece(first, (bytes) => {
      const classical = bytes.subarray(HELLO_SHARE + 1216 + 4);
      return framed(
        'hello',
        encodeHello(bytes.subarray(HEAD + 5, HEAD + 37), [{ suite: CLASSICAL, share: classical }]),
      );
    });
    const { dialer } = await attacked({ toListener: downgrade }, 'prefer');
    expect(dialer).toMatchObject({ code: 'stoq/handshake-failed', reason: 'decrypt-failed' });
  });

  it('who names another suite in the accept is found out [stoq-09]', async () => {
    const rename = onPiece(first, (bytes) => {
      const copy = Buffer.from(bytes);
      copy.writeUInt16BE(CLASSICAL, HEAD + 32);
      return copy;
    });
    expect((await attacked({ toDialer: rename })).dialer).toMatchObject({ reason: 'no-common-suite' });
    expect((await attacked({ toDialer: rename }, 'prefer')).dialer).toMatchObject({ reason: 'bad-share' });
  });

  it.each([
    [
      'the listener',
      { toDialer: onPiece({ stream: 0, piece: 1 }, (bytes) => flip(bytes, 2_000)) },
      'stoq/handshake-failed',
    ],
    [
      'the dialer',
      { toListener: onPiece({ stream: 0, piece: 1 }, (bytes) => flip(bytes, 2_000)) },
      'stoq/refused',
    ],
  ])('who alters the sealed proof of %s is found out', async (_, edits, code) => {
    expect((await attacked(edits)).dialer).toMatchObject({ code, reason: 'decrypt-failed' });
  });

  it('cannot put the finish of another session in place of this one', async () => {
    const taken: Buffer[] = [];
    const take = onPiece({ stream: 0, piece: 2 }, (bytes) => {
      taken.push(bytes);
      return taken[0] ?? bytes;
    });
    await using pair = await memoryPair({ wrap: tampering({ toDialer: take }) });
    await pair.connect();
    expect(await failureOf(pair.connect())).toMatchObject({
      code: 'stoq/handshake-failed',
      reason: 'decrypt-failed',
    });
  });
});

describe('a man in the middle who terminates QUIC on both sides', () => {
  it('and passes every byte on is given away by the carrier binding [stoq-10]', async () => {
    const listener = await createStoq({ auth: bob, listen: ['quic://[::1]:0'] });
    const middle = await quicCarrier().listen('quic://[::1]:0');
    const relaying = relay(middle, listener.addresses[0] ?? '');
    const dialer = await createStoq({ auth: alice });
    expect(await failureOf(dialer.connect(middle.address))).toMatchObject({
      code: 'stoq/handshake-failed',
      reason: 'decrypt-failed',
    });
    expect(listener.peers).toHaveLength(0);
    await dialer.close();
    await middle.close();
    await listener.close();
    await relaying;
  });

  /** Copies the first stream of one connection to a connection of its own, both ways. */
  async function relay(
    middle: Awaited<ReturnType<ReturnType<typeof quicCarrier>['listen']>>,
    target: string,
  ) {
    const near = await middle.accept();
    const far = await quicCarrier().dial(target);
    const from = await near?.acceptStream();
    const to = await far.openStream();
    if (near === undefined || from === undefined) throw new Error('nobody came');
    const copy = async (source: typeof to, sink: typeof to) => {
      for (let bytes = await source.read(); bytes !== undefined; bytes = await source.read())
        await sink.write(bytes);
    };
    await Promise.allSettled([copy(from, to), copy(to, from)]);
    near.close();
    far.close();
  }
});

describe('a signature', () => {
  it('that Alice gave to Mallory does not make Mallory Alice [stoq-10]', async () => {
    const heard: { chain: readonly Uint8Array[]; signature: Uint8Array }[] = [];
    const mallory = pinnedKeys({ self: malloryKey, allow: 'any' });
    const listening: Authenticator = {
      ...mallory,
      verify: (chain, transcript, signature) => {
        heard.push({ chain, signature });
        return mallory.verify(chain, transcript, signature);
      },
    };
    const trusting = pinnedKeys({ self: aliceKey, allow: [malloryKey.publicKey] });
    await using trap = await memoryPair({ listener: { auth: listening }, dialer: { auth: trusting } });
    await trap.connect();
    const replay: Authenticator = {
      certificate: () => heard[0]?.chain ?? [],
      sign: () => heard[0]?.signature ?? new Uint8Array(),
      verify: mallory.verify,
    };
    await using pair = await memoryPair({ dialer: { auth: replay } });
    expect(await failureOf(pair.connect())).toMatchObject({
      code: 'stoq/refused',
      reason: 'unauthenticated',
    });
    expect(pair.events).toMatchObject([{ reason: 'unauthenticated', detail: 'bad-signature' }]);
  });

  it('of a listener does not serve a dialer', async () => {
    const bobs = pinnedKeys({ self: bobKey, allow: 'any' });
    const reflect: Authenticator = {
      certificate: () => [bobKey.publicKey],
      // What a reflection attack has: the victim's own signature, made in its other role.
      sign: async (transcript) => bobs.sign(swapRole(transcript), 'listener'),
      verify: bobs.verify,
    };
    await using pair = await memoryPair({
      listener: { auth: pinnedKeys({ self: bobKey, allow: [bobKey.publicKey] }) },
      dialer: { auth: reflect },
    });
    expect(await failureOf(pair.connect())).toMatchObject({
      code: 'stoq/refused',
      reason: 'unauthenticated',
    });
  });

  function swapRole(transcript: Uint8Array): Uint8Array {
    return Buffer.from(Buffer.from(transcript).toString('latin1').replace('dialer', 'listener'), 'latin1');
  }
});

describe('there is no early data', () => {
  it('a replayed hello leads nowhere, and a replayed proof behind it is refused [stoq-11]', async () => {
    const { wrap, sent } = recording();
    await using pair = await memoryPair({ wrap });
    const served: string[] = [];
    pair.listener.handle('pay', (body) => {
      served.push(text(body));
      return body;
    });
    const peer = await pair.connect();
    await peer.request('pay', Buffer.from('once'));
    const { connection, stream } = await rawDial(pair);
    for (const piece of sent[0] ?? []) await stream.write(piece);
    const replayed = await connection.openStream();
    for (const piece of sent[1] ?? []) await replayed.write(piece).catch(() => {});
    const refused = await pair.event(isRefused);
    expect(['decrypt-failed', 'early-data']).toContain(reasonOf(refused));
    await connection.closed;
    expect(served).toEqual(['once']);
  });

  it('a proof of another session behind a fresh hello is refused [stoq-11]', async () => {
    const { wrap, sent } = recording();
    await using pair = await memoryPair({ wrap });
    await pair.connect();
    const { connection, stream } = await rawDial(pair);
    const channel = new HandshakeChannel(stream);
    await channel.send('hello', encodeHello(Buffer.alloc(32, 9), [createDialerShare(HYBRID)]));
    await channel.receive('accept');
    await channel.receive('listenerAuth');
    await stream.write(sent[0]?.[1] ?? Buffer.alloc(0));
    await expect(channel.receive('finish')).rejects.toEqual(new PeerRefusal('decrypt-failed'));
    connection.close();
  });

  it('a stream beside the handshake ends it, unserved [stoq-11]', async () => {
    await using pair = await memoryPair();
    const { connection, stream } = await rawDial(pair);
    const channel = new HandshakeChannel(stream);
    const beside = await connection.openStream();
    await beside.write(Buffer.from('early')).catch(() => {});
    await expect(channel.receive('accept')).rejects.toEqual(new PeerRefusal('early-data'));
    expect(await pair.event(isRefused)).toMatchObject({ by: 'us', reason: 'early-data' });
    await expect(beside.read()).rejects.toMatchObject({ code: 'stoq/stream-reset' });
    connection.close();
  });

  it('bytes behind the hello are taken for the proof and refused [stoq-11]', async () => {
    await using pair = await memoryPair();
    const { connection, stream } = await rawDial(pair);
    const channel = new HandshakeChannel(stream);
    await channel.send('hello', encodeHello(Buffer.alloc(32, 9), [createDialerShare(HYBRID)]));
    await channel.send('dialerAuth', Buffer.alloc(4_000, 7));
    expect(await pair.event(isRefused)).toMatchObject({ by: 'us', reason: 'decrypt-failed' });
    connection.close();
  });
});

const isRefused = (event: StoqEvent): boolean => event.type === 'handshake-refused';
const reasonOf = (event: StoqEvent): string => (event.type === 'handshake-refused' ? event.reason : '');

function framed(name: keyof typeof FRAME, body: Uint8Array): Uint8Array {
  const head = Buffer.alloc(HEAD);
  head.writeUInt8(FRAME[name].type);
  head.writeUIntBE(body.length, 1, 3);
  return Buffer.concat([head, body]);
}

describe('a peer whose proof is not what it should be', () => {
  const cases: [string, (proof: Buffer) => Uint8Array, string][] = [
    ['whose MAC is altered', (proof) => flip(proof, -1), 'bad-mac'],
    ['whose signature is altered under its old MAC', (proof) => flip(proof, -40), 'bad-mac'],
    ['whose certificate is altered under its old MAC', (proof) => flip(proof, 10), 'bad-mac'],
    [
      'without a certificate',
      (proof) => Buffer.concat([Buffer.from([0]), proof.subarray(4 + 1984)]),
      'bad-auth',
    ],
    ['with a certificate of 16 MiB', (proof) => Buffer.from(proof).fill(0xff, 1, 4), 'bad-auth'],
    ['with bytes behind it', (proof) => Buffer.concat([proof, Buffer.alloc(1)]), 'bad-auth'],
    ['that ends early', (proof) => proof.subarray(0, -1), 'bad-auth'],
    ['of no bytes', () => Buffer.alloc(0), 'bad-auth'],
  ];

  it.each(cases)('%s is refused by reason', async (_, edit, reason) => {
    await using pair = await memoryPair();
    const { connection, stream } = await rawDial(pair);
    const channel = new EditingChannel(stream, edit);
    const admit = () => undefined;
    const dial = dialHandshake({ connection, stream, channel, auth: alice, pq: 'require', admit });
    await expect(dial).rejects.toEqual(new PeerRefusal(reason as 'bad-mac'));
    expect(await pair.event(isRefused)).toMatchObject({ by: 'us', reason });
    connection.close();
  });

  class EditingChannel extends HandshakeChannel {
    readonly #edit: (proof: Buffer) => Uint8Array;

    constructor(stream: CarrierStream, edit: (proof: Buffer) => Uint8Array) {
      super(stream);
      this.#edit = edit;
    }

    override sendSealed(name: keyof typeof FRAME, key: Uint8Array, plain: Uint8Array): Promise<void> {
      return super.sendSealed(name, key, this.#edit(Buffer.from(plain)));
    }
  }
});
