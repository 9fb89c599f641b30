import { createManualClock } from '@hypermesh/core/testing';
import type { CarrierStream, StoqEvent } from '@hypermesh/stoq';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeHello } from '../src/session/messages.ts';
import type { RecordSealer } from '../src/session/record.ts';
import { RECORD_BYTES } from '../src/session/record-bounds.ts';
import { createDialerShare, HYBRID } from '../src/session/suites.ts';
import { numberPrefix, rawDial, rawSession } from './raw.ts';
import { memoryPair, type Pair, quicPair, text } from './support.ts';

const frame = (type: number, length: number, body: Uint8Array = Buffer.alloc(length)): Uint8Array => {
  const head = Buffer.alloc(4);
  head.writeUInt8(type);
  head.writeUIntBE(length, 1, 3);
  return Buffer.concat([head, body]);
};
const hello = (edit: (body: Buffer) => Uint8Array = (body) => body): Uint8Array => {
  const body = edit(Buffer.from(encodeHello(Buffer.alloc(32, 1), [createDialerShare(HYBRID)])));
  return frame(1, body.length, body);
};
const SHARES = 4 + 1 + 32 + 1;

/** Every stage before authentication: what is sent, whether the sender then ends, and the listener's reason. */
const BEFORE: readonly [string, () => Uint8Array, 'end' | 'wait', string][] = [
  ['nothing and ends', () => Buffer.from([]), 'end', 'truncated'],
  ['half a frame head and ends', () => Buffer.from([1, 0]), 'end', 'truncated'],
  ['half a hello and ends', () => hello().subarray(0, 600), 'end', 'truncated'],
  ['garbage', () => Buffer.alloc(10_000, 0xa5), 'wait', 'bad-frame'],
  ['zeros', () => Buffer.alloc(10_000), 'wait', 'bad-frame'],
  ['an HTTP request', () => Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), 'wait', 'bad-frame'],
  ['a frame of another stage', () => frame(4, 100), 'wait', 'bad-frame'],
  ['a hello of 16 MiB', () => frame(1, 2 ** 24 - 1, Buffer.alloc(100)), 'wait', 'bad-frame'],
  ['an empty hello', () => frame(1, 0), 'wait', 'bad-frame'],
  ['a hello of another magic', () => hello((body) => body.fill('X', 0, 4)), 'wait', 'bad-frame'],
  ['a hello of version 2', () => hello((body) => body.fill(2, 4, 5)), 'wait', 'bad-version'],
  [
    'a hello without offers',
    () => hello((body) => body.subarray(0, SHARES).fill(0, SHARES - 1)),
    'wait',
    'bad-frame',
  ],
  ['a hello with 200 offers', () => hello((body) => body.fill(200, SHARES - 1, SHARES)), 'wait', 'bad-frame'],
  [
    'a hello with bytes behind it',
    () => hello((body) => Buffer.concat([body, Buffer.alloc(1)])),
    'wait',
    'bad-frame',
  ],
  ['a hello whose share ends early', () => hello((body) => body.subarray(0, -1)), 'wait', 'bad-frame'],
  [
    'a hello of an unknown suite',
    () => hello((body) => body.fill(9, SHARES, SHARES + 2)),
    'wait',
    'no-common-suite',
  ],
  [
    'a hello with an ML-KEM key out of range',
    () => hello((body) => body.fill(0xff, SHARES + 36)),
    'wait',
    'bad-share',
  ],
  [
    'the same suite twice',
    () => hello((body) => Buffer.concat([body.fill(2, SHARES - 1, SHARES), body.subarray(SHARES)])),
    'wait',
    'bad-frame',
  ],
  [
    'a hello and a proof of garbage',
    () => Buffer.concat([hello(), frame(4, 5_000)]),
    'wait',
    'decrypt-failed',
  ],
  [
    'a hello and a proof too short to be sealed',
    () => Buffer.concat([hello(), frame(4, 3)]),
    'wait',
    'decrypt-failed',
  ],
  [
    'a hello and a proof of 16 MiB',
    () => Buffer.concat([hello(), frame(4, 2 ** 24 - 1, Buffer.alloc(9))]),
    'wait',
    'bad-frame',
  ],
  [
    'a hello and a refusal',
    () => Buffer.concat([hello(), frame(0x7f, 1, Buffer.from([12]))]),
    'wait',
    'unauthenticated',
  ],
  [
    'a hello and a refusal of an unknown number',
    () => Buffer.concat([hello(), frame(0x7f, 1, Buffer.from([255]))]),
    'wait',
    'unknown',
  ],
  ['a hello and ends', () => hello(), 'end', 'truncated'],
];

const isRefusal = (event: StoqEvent): boolean => event.type === 'handshake-refused';

describe.each([
  ['memory', memoryPair],
  ['QUIC', quicPair],
] as const)('before authentication over %s, a peer that sends', (_, makePair) => {
  let pair: Pair;
  beforeEach(async () => {
    pair = await makePair({ listener: { limits: { handshakeMs: 2_000 } } });
    pair.listener.handle('echo', (body) => body);
  });
  afterEach(async () => {
    const peer = await pair.connect();
    const result = await peer.request('echo', Buffer.from('alive'));
    expect(result.ok && text(result.body)).toBe('alive');
    await pair[Symbol.asyncDispose]();
  });

  it.each(BEFORE)('%s is refused by reason, and the node lives on', async (_name, bytes, then, reason) => {
    const { connection, stream } = await rawDial(pair);
    await stream.write(bytes()).catch(() => {});
    if (then === 'end') await stream.closeWrite();
    expect(await pair.event(isRefusal)).toMatchObject({ reason });
    expect(pair.listener.peers).toHaveLength(0);
    connection.close();
  });
});

describe('before authentication', () => {
  it('silence is given up when the clock says so', async () => {
    const clock = createManualClock();
    await using pair = await memoryPair({ listener: { clock } });
    const { connection } = await rawDial(pair);
    clock.advance(5_000);
    expect(await pair.event(isRefusal)).toMatchObject({ reason: 'timeout' });
    await connection.closed;
  });

  it('a flood of connections keeps to the limit, and leaves room when it ends', async () => {
    await using pair = await memoryPair({ listener: { limits: { handshakes: 4, handshakeMs: 60_000 } } });
    const flood = await Promise.all(Array.from({ length: 40 }, () => rawDial(pair)));
    const refused = () => pair.events.filter((event) => isRefusal(event)).length;
    await pair.event(() => refused() === 36);
    expect(
      pair.events.every(
        (event) => event.type === 'handshake-refused' && event.reason === 'too-many-handshakes',
      ),
    ).toBe(true);
    for (const { connection } of flood) connection.close();
    await pair.event(() => refused() === 40);
    expect((await pair.connect()).security.pq).toBe(true);
  });

  it('a flood of bytes is not read beyond the hello', async () => {
    await using pair = await memoryPair();
    const { connection, stream } = await rawDial(pair);
    const flood = (async () => {
      for (let sent = 0; ; sent += 65_536) {
        try {
          await stream.write(Buffer.alloc(65_536, 1));
        } catch {
          return sent;
        }
      }
    })();
    expect(await pair.event(isRefusal)).toMatchObject({ reason: 'bad-frame' });
    connection.close();
    expect(await flood).toBeLessThan(2 ** 20);
  });
});

type Misdeed = (stream: { carrier: CarrierStream; sealer: RecordSealer; number: bigint }) => Promise<void>;
const send =
  (plain: Uint8Array, isLast = false): Misdeed =>
  ({ carrier, sealer, number }) =>
    carrier.write(sealer.seal(plain, isLast, numberPrefix(number)));
const request = (name: string, size: number, body: Uint8Array): Uint8Array => {
  const numbers = Buffer.alloc(12);
  numbers.writeUInt32BE(1_000, 0);
  numbers.writeUInt32BE(1_000, 4);
  numbers.writeUInt32BE(size, 8);
  return Buffer.concat([Buffer.from([1, name.length]), Buffer.from(name), numbers, body]);
};
const raw =
  (...bytes: Uint8Array[]): Misdeed =>
  ({ carrier, number }) =>
    carrier.write(Buffer.concat([numberPrefix(number), ...bytes]));
const head = (value: number): Uint8Array => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const thenEnd =
  (first: Misdeed): Misdeed =>
  async (stream) => {
    await first(stream);
    await stream.carrier.closeWrite();
  };

/** Every stage of a stream of an authenticated peer, and the fault that its node names. */
const AFTER: readonly [string, Misdeed, string][] = [
  ['half a stream number and ends', thenEnd(({ carrier }) => carrier.write(Buffer.alloc(5))), 'truncated'],
  ['a number and ends', thenEnd(raw()), 'truncated'],
  ['garbage for a record', raw(Buffer.alloc(400, 0x11)), 'bad-record'],
  ['a record of no length', raw(head(0)), 'bad-record'],
  ['a record shorter than its tag', raw(head(15)), 'bad-record'],
  ['a record longer than any', raw(head(RECORD_BYTES + 17)), 'bad-record'],
  ['a record of 2 GiB', raw(head(0x7f_ff_ff_ff), Buffer.alloc(64)), 'bad-record'],
  ['half a record and ends', thenEnd(raw(head(1_000), Buffer.alloc(500))), 'truncated'],
  ['an unknown type', send(Buffer.from([9, 1, 2])), 'bad-type'],
  ['an empty stream', send(Buffer.alloc(0), true), 'truncated'],
  ['half a request and ends', thenEnd(send(Buffer.from([1, 4, 101]))), 'truncated'],
  ['half a request and its sealed end', send(Buffer.from([1, 4, 101]), true), 'truncated'],
  ['a name that is none', send(request('e\nho', 0, Buffer.alloc(0))), 'bad-header'],
  ['an empty name', send(request('', 0, Buffer.alloc(0))), 'bad-header'],
  ['a body of 4 GiB', send(request('echo', 0xff_ff_ff_ff, Buffer.alloc(100))), 'too-large'],
  ['a body of 10 MB and a byte', send(request('echo', 10_000_001, Buffer.alloc(100))), 'too-large'],
  ['a body that ends early', thenEnd(send(request('echo', 100, Buffer.alloc(50)))), 'truncated'],
  ['a request of an unknown name', send(request('nobody', 0, Buffer.alloc(0))), 'unknown-name'],
  [
    'bytes behind a request',
    async (stream) => {
      await send(request('hold', 0, Buffer.alloc(0)))(stream);
      await stream.carrier.write(stream.sealer.seal(Buffer.from('more'), false));
    },
    'unexpected-bytes',
  ],
  [
    'bytes behind a request in its own record',
    send(Buffer.concat([request('hold', 0, Buffer.alloc(0)), Buffer.from('more')])),
    'unexpected-bytes',
  ],
  [
    'a second record in one piece with a request',
    ({ carrier, sealer, number }) =>
      carrier.write(
        Buffer.concat([
          sealer.seal(request('hold', 0, Buffer.alloc(0)), false, numberPrefix(number)),
          sealer.seal(Buffer.from('more'), false),
        ]),
      ),
    'unexpected-bytes',
  ],
  [
    'a reset in the middle of a request',
    async (stream) => {
      await send(request('hold', 100, Buffer.alloc(50)))(stream);
      stream.carrier.reset();
    },
    'reset',
  ],
  ['a message stream of an unknown name', send(Buffer.from('\x02\x06nobody', 'latin1')), 'unknown-name'],
  ['a message stream of a name that is none', send(Buffer.from('\x02\x01\x00', 'latin1')), 'bad-header'],
];

describe.each([
  ['memory', memoryPair],
  ['QUIC', quicPair],
] as const)('an authenticated peer over %s that sends', (_, makePair) => {
  let pair: Pair;
  beforeEach(async () => {
    pair = await makePair();
    pair.listener.handle('echo', (body) => body);
    pair.listener.handle('hold', () => new Promise(() => {}));
  });
  afterEach(() => pair[Symbol.asyncDispose]());

  it.each(AFTER)('%s loses that stream by name, and the session serves on', async (_name, misdeed, fault) => {
    const { connection, open } = await rawSession(pair);
    const { carrier, sealer } = await open(1n);
    await misdeed({ carrier, sealer, number: 1n }).catch(() => {});
    expect(await pair.event((event) => event.type === 'stream-fault')).toMatchObject({ fault });
    const next = await open(2n);
    await next.sealed.write(request('echo', 5, Buffer.from('alive')));
    expect(text(await next.sealed.read())).toContain('alive');
    connection.close();
  });
});

describe('an authenticated peer', () => {
  it('that opens a stream and says nothing loses it at the header limit', async () => {
    const clock = createManualClock();
    await using pair = await memoryPair({ listener: { clock } });
    const { connection, open } = await rawSession(pair);
    const silent = await open(1n);
    const lost = expect(silent.carrier.read()).rejects.toMatchObject({ code: 'stoq/stream-reset' });
    // The stream is accepted in a later turn than the session; the clock goes on until it is met.
    while (pair.events.every(({ type }) => type !== 'stream-fault')) {
      clock.advance(1_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await lost;
    expect(pair.events.at(-1)).toMatchObject({ type: 'stream-fault', fault: 'header-timeout' });
    connection.close();
  });

  it('that floods streams is held to the limit', async () => {
    await using pair = await memoryPair({ listener: { limits: { streamsPerPeer: 10 } } });
    let running = 0;
    let most = 0;
    pair.listener.handle('hold', async (_body, { signal }) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      running -= 1;
      return new Uint8Array();
    });
    const { connection, open } = await rawSession(pair);
    for (let number = 1n; number <= 60n; number += 1n) {
      const { sealed } = await open(number);
      await sealed.write(request('hold', 0, Buffer.alloc(0))).catch(() => {});
    }
    await pair.event((event) => event.type === 'stream-fault' && event.fault === 'busy');
    expect(most).toBeLessThanOrEqual(10);
    connection.close();
  });

  it('that says something unknown on the control stream ends the session for that', async () => {
    await using pair = await memoryPair();
    const { connection, control } = await rawSession(pair);
    await control.write(Buffer.from([77, 1]));
    const closed = await pair.event((event) => event.type === 'peer-close');
    expect(closed).toMatchObject({ reason: { by: 'us', reason: 'protocol' } });
    await connection.closed;
  });
});
