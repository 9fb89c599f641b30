import { describe, expect, it } from 'vitest';
import { memoryPair, type Pair, text } from './support.ts';
import { type Edit, flip, recording, tampering } from './tamper.ts';

describe('records on their way', () => {
  /** What Bob's handler sees of three records when the pieces of Alice's first stream are edited. */
  async function receive(edit: Edit): Promise<{ got: string[]; failure: unknown; pair: Pair }> {
    const pair = await memoryPair({ wrap: tampering({ toListener: edit }) });
    const got: string[] = [];
    const outcome = new Promise<unknown>((resolve) => {
      pair.listener.handleStream('sink', async (stream) => {
        try {
          for await (const bytes of stream.source) got.push(text(bytes));
          resolve(undefined);
        } catch (error) {
          resolve((error as { failure: unknown }).failure);
        }
      });
    });
    const peer = await pair.connect();
    const stream = await peer.openStream('sink');
    await stream.sink(['one', 'two', 'three'].map((word) => Buffer.from(word))).catch(() => {});
    const failure = await outcome;
    await pair[Symbol.asyncDispose]();
    return { got, failure, pair };
  }
  const failed = (reason: string) => ({ code: 'stoq/record', reason });

  it('pass when nobody touches them', async () => {
    expect(await receive((bytes) => bytes)).toMatchObject({
      got: ['one', 'two', 'three'],
      failure: undefined,
    });
  });

  it('are refused when two change places', async () => {
    const held: Buffer[] = [];
    const swap: Edit = (bytes, { stream, piece }) => {
      if (stream !== 1 || piece === 0 || piece > 2) return bytes;
      held.push(bytes);
      return held.length === 2 ? [held[1] ?? bytes, held[0] ?? bytes] : [];
    };
    expect(await receive(swap)).toMatchObject({ got: [], failure: failed('decrypt-failed') });
  });

  it('are refused when one comes twice', async () => {
    const twice: Edit = (bytes, { stream, piece }) => (stream === 1 && piece === 1 ? [bytes, bytes] : bytes);
    expect(await receive(twice)).toMatchObject({ got: ['one'], failure: failed('decrypt-failed') });
  });

  it('are refused when one is left out', async () => {
    const drop: Edit = (bytes, { stream, piece }) => (stream === 1 && piece === 2 ? [] : bytes);
    expect(await receive(drop)).toMatchObject({ got: ['one'], failure: failed('decrypt-failed') });
  });

  it('are known to be cut off when the last one is missing', async () => {
    const cut: Edit = (bytes, { stream, piece }) => (stream === 1 && piece === 4 ? [] : bytes);
    expect(await receive(cut)).toMatchObject({ got: ['one', 'two', 'three'], failure: failed('truncated') });
  });

  it.each([
    ['the last-record flag', 0, 'decrypt-failed', 0x80],
    ['the ciphertext', 5, 'decrypt-failed', 0x01],
    ['the tag', -1, 'decrypt-failed', 0x01],
  ])('are refused when %s is altered', async (_, at, reason, mask) => {
    const alter: Edit = (bytes, { stream, piece }) => {
      if (stream !== 1 || piece !== 2) return bytes;
      const index = at < 0 ? bytes.length + at : at;
      bytes[index] = (bytes[index] ?? 0) ^ mask;
      return bytes;
    };
    expect(await receive(alter)).toMatchObject({ got: ['one'], failure: failed(reason) });
  });

  it('of one stream are nothing on another, and a number is served once', async () => {
    const { wrap, sent, replay } = recording();
    await using pair = await memoryPair({ wrap });
    let served = 0;
    pair.listener.handle('pay', (body) => {
      served += 1;
      return body;
    });
    const peer = await pair.connect();
    await peer.request('pay', Buffer.from('once'));
    // The same session, the same bytes, another stream: by a man in the middle who can open streams of his own.
    const again = await replay(sent[1] ?? []);
    expect(await pair.event((event) => event.type === 'stream-fault')).toMatchObject({
      fault: 'stream-replayed',
    });
    const other = (sent[1] ?? []).map((piece, index) => (index === 0 ? flip(piece, 6) : piece));
    await replay(other);
    expect(
      await pair.event((event) => event.type === 'stream-fault' && event.fault === 'bad-record'),
    ).toBeTruthy();
    await expect(again.read()).rejects.toMatchObject({ code: 'stoq/stream-reset' });
    expect(served).toBe(1);
  });
});
