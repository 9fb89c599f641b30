import { type ByteStream, type MessageStream, type Peer, refuse } from '@hypermesh/stoq';
import { pipe } from 'it-pipe';
import { Uint8ArrayList } from 'uint8arraylist';
import { describe, expect, it } from 'vitest';
import { failureOf, memoryPair, type PairOptions, quicPair, text } from './support.ts';

const over: [string, typeof memoryPair][] = [
  ['memory', memoryPair],
  ['QUIC', quicPair],
];

describe.each(over)('a request over %s', (_, makePair) => {
  it('brings the answer, also an empty one and one of 10 MB [stoq-13]', async () => {
    await using pair = await makePair();
    pair.listener.handle('echo', (body) => body);
    const peer = await pair.connect();
    for (const size of [0, 1, 262_144, 262_145, 10_000_000]) {
      const body = Buffer.alloc(size, 'x');
      const result = await peer.request('echo', body);
      expect(result.ok && Buffer.from(result.body).equals(body)).toBe(true);
    }
  });

  it('goes both ways on one session', async () => {
    await using pair = await makePair();
    pair.dialer.handle('name', () => Buffer.from('alice'));
    const inbound = new Promise<Peer>((resolve) => pair.listener.onPeer(resolve));
    await pair.connect();
    const result = await (await inbound).request('name');
    expect(result.ok && text(result.body)).toBe('alice');
  });

  it('knows who asks', async () => {
    await using pair = await makePair();
    pair.listener.handle('who', (_body, { peer }) => Buffer.from(`${peer.id} ${peer.direction}`));
    const peer = await pair.connect();
    const result = await peer.request('who');
    expect(result.ok && text(result.body)).toMatch(/^[0-9a-f]{64} inbound$/);
  });

  it('that is refused carries the code and body of the handler [stoq-13]', async () => {
    await using pair = await makePair();
    pair.listener.handle('pay', () => refuse('caesar/no-funds', Buffer.from('7')));
    const peer = await pair.connect();
    const result = await peer.request('pay');
    expect(result).toMatchObject({ ok: false, reason: 'refused', code: 'caesar/no-funds' });
    expect(!result.ok && text(result.body)).toBe('7');
  });

  it('names why there is no answer [stoq-13]', async () => {
    await using pair = await makePair();
    pair.listener.handle('broken', () => {
      throw new Error('a secret');
    });
    pair.listener.handle('large', () => Buffer.alloc(2_000));
    const peer = await pair.connect();
    expect(await peer.request('nobody')).toEqual({ ok: false, reason: 'unknown-name' });
    expect(await peer.request('nobody', Buffer.alloc(5_000_000))).toEqual({
      ok: false,
      reason: 'unknown-name',
    });
    expect(await peer.request('broken')).toEqual({ ok: false, reason: 'handler-failed' });
    expect(await peer.request('large', undefined, { maxBytes: 1_999 })).toEqual({
      ok: false,
      reason: 'too-large',
    });
    expect(await peer.request('large', Buffer.alloc(10_000_001))).toEqual({ ok: false, reason: 'too-large' });
    await peer.close();
    expect(await peer.request('large')).toEqual({ ok: false, reason: 'closed' });
  });

  it('honours its deadline on both ends [stoq-13]', async () => {
    await using pair = await makePair();
    const aborted = new Promise<void>((resolve) => {
      pair.listener.handle('never', async (_body, { signal, deadlineMs }) => {
        expect(deadlineMs).toBe(40);
        await new Promise((abort) => signal.addEventListener('abort', abort));
        resolve();
        return new Uint8Array();
      });
    });
    const peer = await pair.connect();
    expect(await peer.request('never', undefined, { deadlineMs: 40 })).toEqual({
      ok: false,
      reason: 'deadline',
    });
    await aborted;
  });

  it('that is cancelled aborts the handler', async () => {
    await using pair = await makePair();
    const controller = new AbortController();
    const aborted = new Promise<void>((resolve) => {
      pair.listener.handle('never', async (_body, { signal }) => {
        controller.abort();
        await new Promise((abort) => signal.addEventListener('abort', abort));
        resolve();
        return new Uint8Array();
      });
    });
    const peer = await pair.connect();
    const result = await peer.request('never', undefined, { signal: controller.signal });
    expect(result).toEqual({ ok: false, reason: 'cancelled' });
    await aborted;
    const again = await peer.request('never', undefined, { signal: AbortSignal.abort() });
    expect(again).toEqual({ ok: false, reason: 'cancelled' });
  });

  it('aborts its handler when the session ends', async () => {
    await using pair = await makePair();
    let peer: Peer | undefined;
    const aborted = new Promise<void>((resolve) => {
      pair.listener.handle('never', async (_body, { signal }) => {
        void peer?.close();
        await new Promise((abort) => signal.addEventListener('abort', abort));
        resolve();
        return new Uint8Array();
      });
    });
    peer = await pair.connect();
    expect(await peer.request('never')).toEqual({ ok: false, reason: 'closed' });
    await aborted;
  });

  it('runs beside hundreds of others without a mix-up', async () => {
    await using pair = await makePair();
    pair.listener.handle('double', (body) => Buffer.from(String(Number(text(body)) * 2)));
    const peer = await pair.connect();
    const answers = await Promise.all(
      Array.from({ length: 150 }, (_, n) => peer.request('double', Buffer.from(String(n)))),
    );
    expect(answers.map((answer) => answer.ok && Number(text(answer.body)))).toEqual(
      answers.map((_answer, n) => n * 2),
    );
  });
});

describe('requests beyond a bound', () => {
  const hold = async (options: PairOptions) => {
    const pair = await memoryPair(options);
    const release = Promise.withResolvers<void>();
    let entered = () => {};
    pair.listener.handle('hold', async (body) => {
      entered();
      await release.promise;
      return body;
    });
    const peer = await pair.connect();
    /** Resolves when the handler holds the request: streams have no order among each other. */
    const holding = async (body?: Uint8Array) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      entered = resolve;
      const answer = peer.request('hold', body);
      await promise;
      return { answer };
    };
    return { pair, release, peer, holding };
  };

  it('of streams are answered busy', async () => {
    const { pair, release, peer, holding } = await hold({ listener: { limits: { streamsPerPeer: 2 } } });
    const held = [await holding(), await holding()];
    expect(await peer.request('hold')).toEqual({ ok: false, reason: 'busy' });
    release.resolve();
    for (const { answer } of held) expect((await answer).ok).toBe(true);
    await pair[Symbol.asyncDispose]();
  });

  it('of bytes are answered busy', async () => {
    const { pair, release, peer, holding } = await hold({ listener: { limits: { bytesPerPeer: 1_000 } } });
    const { answer: held } = await holding(Buffer.alloc(900));
    expect(await peer.request('hold', Buffer.alloc(101))).toEqual({ ok: false, reason: 'busy' });
    release.resolve();
    expect((await held).ok).toBe(true);
    expect((await peer.request('hold', Buffer.alloc(1_000))).ok).toBe(true);
    await pair[Symbol.asyncDispose]();
  });

  it.each([
    ['a name with a space', 'two words', {}],
    ['an empty name', '', {}],
    ['a name of 129 characters', 'x'.repeat(129), {}],
    ['a negative deadline', 'x', { deadlineMs: -1 }],
    ['a broken size', 'x', { maxBytes: 0.5 }],
  ])('with %s are misuse', async (_, name, options) => {
    await using pair = await memoryPair();
    const peer = await pair.connect();
    expect(await failureOf(peer.request(name, undefined, options))).toMatchObject({
      code: 'stoq/bad-argument',
    });
  });

  it('of one handler a name are misuse', async () => {
    await using pair = await memoryPair();
    const remove = pair.listener.handle('once', (body) => body);
    expect(() => pair.listener.handle('once', (body) => body)).toThrow('stoq/bad-argument');
    remove();
    pair.listener.handle('once', (body) => body);
    expect(() => refuse('No Such Code')).toThrow('stoq/bad-argument');
  });
});

describe.each(over)('a message stream over %s', (_, makePair) => {
  it('keeps messages whole and in order, both ways', async () => {
    await using pair = await makePair();
    pair.listener.handleMessages('echo', (stream) => stream.sink(stream.source));
    const stream = await (await pair.connect()).openMessages('echo');
    const messages = Array.from({ length: 3_000 }, (_unused, n) => Buffer.alloc(n % 700, String(n)));
    const received: Buffer[] = [];
    const receiving = (async () => {
      for await (const message of stream) received.push(Buffer.from(message));
    })();
    for (const message of messages) await stream.send(message);
    await stream.send(Buffer.alloc(2 ** 20, 'big'));
    await stream.close();
    await receiving;
    expect(received.slice(0, -1).map(String)).toEqual(messages.map(String));
    expect(received.at(-1)).toHaveLength(2 ** 20);
  });

  it('makes its sender wait while the receiver does not read, within a bound', async () => {
    await using pair = await makePair();
    const taken = new Promise<MessageStream<Peer>>((resolve) => {
      pair.listener.handleMessages('slow', (stream) => resolve(stream));
    });
    const stream = await (await pair.connect()).openMessages('slow');
    const total = 64;
    let sent = 0;
    const sending = (async () => {
      for (; sent < total; sent += 1) await stream.send(Buffer.alloc(2 ** 20));
      await stream.close();
    })();
    const slow = await taken;
    await slow.send(Buffer.from('I am here'));
    expect(text((await stream.source.next()).value as Uint8Array)).toBe('I am here');
    expect(sent).toBeLessThan(16);
    let received = 0;
    for await (const message of slow) received += message.length;
    await sending;
    expect(received).toBe(total * 2 ** 20);
  });

  it('refuses a message over the limit on the sender and on the receiver', async () => {
    await using pair = await makePair({ listener: { limits: { messageBytes: 1_000 } } });
    const outcome = new Promise<unknown>((resolve) => {
      pair.listener.handleMessages('small', async (stream) => {
        resolve(await failureOf(stream.source.next()));
      });
    });
    const stream = await (await pair.connect()).openMessages('small');
    expect(await failureOf(stream.send(Buffer.alloc(2 ** 20 + 1)))).toMatchObject({ code: 'stoq/too-large' });
    await stream.send(Buffer.alloc(1_001));
    expect(await outcome).toEqual({ code: 'stoq/too-large', what: 'message', limit: 1_000 });
  });

  it('of an unknown name is refused by name', async () => {
    await using pair = await makePair();
    const peer = await pair.connect();
    const failure = { code: 'stoq/stream-refused', name: 'nobody', reason: 'unknown-name' };
    expect(await failureOf(peer.openMessages('nobody'))).toEqual(failure);
    expect(await failureOf(peer.openStream('nobody'))).toEqual(failure);
  });

  it('breaks off on both ends when one aborts, and sends after that say so', async () => {
    await using pair = await makePair();
    const broken = new Promise<unknown>((resolve) => {
      pair.listener.handleMessages('x', async (stream) => resolve(await failureOf(stream.source.next())));
    });
    const stream = await (await pair.connect()).openMessages('x');
    stream.abort();
    expect(await broken).toMatchObject({ code: 'stoq/stream-reset' });
    expect(await failureOf(stream.send(Buffer.from('late')))).toMatchObject({ code: 'stoq/closed' });
  });

  it('lets a waiting send be called off', async () => {
    await using pair = await makePair();
    pair.listener.handleMessages('slow', () => {});
    const stream = await (await pair.connect()).openMessages('slow');
    const controller = new AbortController();
    const sends: Promise<void>[] = [];
    for (let n = 0; n < 16; n += 1)
      sends.push(stream.send(Buffer.alloc(2 ** 20), { signal: controller.signal }));
    controller.abort();
    const settled = await Promise.allSettled(sends);
    expect(settled.some(({ status }) => status === 'rejected')).toBe(true);
    stream.abort();
  });
});

describe.each(over)('a byte stream over %s', (_, makePair) => {
  it('is a duplex for it-pipe, on both ends', async () => {
    await using pair = await makePair();
    pair.listener.handleStream('upper', async (stream) => {
      await pipe(
        stream,
        async function* (source: AsyncIterable<Uint8Array>) {
          for await (const bytes of source) yield Buffer.from(text(bytes).toUpperCase());
        },
        stream,
      );
    });
    const stream = await (await pair.connect()).openStream('upper');
    const source = [Buffer.from('one '), new Uint8ArrayList(Buffer.from('two '), Buffer.from('three'))];
    const parts = await pipe(source, stream, async (answers: AsyncIterable<Uint8Array>) => {
      const collected: Uint8Array[] = [];
      for await (const answer of answers) collected.push(answer);
      return collected;
    });
    expect(text(Buffer.concat(parts))).toBe('ONE TWO THREE');
  });

  it('of a source that throws is reset for the other end', async () => {
    await using pair = await makePair();
    const outcome = new Promise<unknown>((resolve) => {
      pair.listener.handleStream('x', async ({ source }: ByteStream<Peer>) => {
        try {
          for await (const bytes of source) void bytes;
          resolve('ended');
        } catch (error) {
          resolve((error as { code: string }).code);
        }
      });
    });
    const stream = await (await pair.connect()).openStream('x');
    const breaking = (async function* () {
      yield Buffer.from('first');
      throw new Error('the source broke');
    })();
    await expect(stream.sink(breaking)).rejects.toThrow('the source broke');
    expect(await outcome).toBe('stoq/stream-reset');
  });

  it('ends for both when a handler throws, and the node lives on', async () => {
    await using pair = await makePair();
    pair.listener.handle('alive', (body) => body);
    pair.listener.handleStream('x', () => {
      throw new Error('a bug');
    });
    const peer = await pair.connect();
    const stream = await peer.openStream('x').catch(() => undefined);
    if (stream !== undefined)
      expect(await failureOf(stream.source.next())).toMatchObject({ code: 'stoq/stream-reset' });
    expect(await pair.event((event) => event.type === 'stream-fault')).toMatchObject({
      fault: 'handler-failed',
    });
    expect((await peer.request('alive')).ok).toBe(true);
  });
});
