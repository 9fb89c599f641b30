import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readEvents, type StreamEvent } from '../src/events/stream.ts';

async function* pieces(...parts: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield typeof part === 'string' ? new TextEncoder().encode(part) : part;
}

async function read(body: AsyncIterable<Uint8Array>, maxUnits?: number): Promise<StreamEvent[]> {
  const events: StreamEvent[] = [];
  for await (const event of readEvents(body, maxUnits === undefined ? {} : { maxUnits })) events.push(event);
  return events;
}

describe('a stream of events', () => {
  it.each<[string, string, StreamEvent[]]>([
    ['an event', 'data: a\n\n', [{ id: '', event: 'message', data: 'a' }]],
    ['a name and an id', 'event: x\nid: 7\ndata: a\n\n', [{ id: '7', event: 'x', data: 'a' }]],
    ['lines of data', 'data: a\ndata:b\ndata\n\n', [{ id: '', event: 'message', data: 'a\nb\n' }]],
    ['comments', ': beat\n\ndata: a\n: b\n\n', [{ id: '', event: 'message', data: 'a' }]],
    [
      'CR LF and CR',
      'data: a\r\n\r\ndata: b\r\r',
      [
        { id: '', event: 'message', data: 'a' },
        { id: '', event: 'message', data: 'b' },
      ],
    ],
    [
      'an id that stays',
      'id: 1\ndata: a\n\ndata: b\n\n',
      [
        { id: '1', event: 'message', data: 'a' },
        { id: '1', event: 'message', data: 'b' },
      ],
    ],
    ['an id with a NUL, which is none', 'id: 1\0\ndata: a\n\n', [{ id: '', event: 'message', data: 'a' }]],
    [
      'a name without data, which is nothing',
      'event: x\n\ndata: a\n\n',
      [{ id: '', event: 'message', data: 'a' }],
    ],
    [
      'an event without an end, which is dropped',
      'data: a\n\ndata: b',
      [{ id: '', event: 'message', data: 'a' }],
    ],
    ['unknown fields', 'retry: 5\nwhatever\ndata: a\n\n', [{ id: '', event: 'message', data: 'a' }]],
    ['a byte order mark', '\ufeffdata: a\n\n', [{ id: '', event: 'message', data: 'a' }]],
  ])('with %s is read as the standard says', async (_, text, events) => {
    expect(await read(pieces(text))).toEqual(events);
  });

  it('is the same in whatever pieces it comes', async () => {
    const text =
      'id: 1\r\nevent: x\r\ndata: Grüße 😀\r\ndata: b\r\n\r\n: beat\r\n\r\ndata: c\rdata: d\r\rdata: e\n\n';
    const bytes = new TextEncoder().encode(text);
    const whole = await read(pieces(bytes));
    expect(whole).toHaveLength(3);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 20 }), async (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const cut = at.slice(1).map((end, index) => bytes.slice(at[index], end));
        expect(await read(pieces(...cut))).toEqual(whole);
      }),
    );
  });

  it.each([
    ['one line', 'data: aaaaaaaaaaaaaaaaaaaaaa'],
    ['many lines', 'data: aaaa\n'.repeat(10)],
    ['a line that says nothing', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaa'],
  ])('that grows without end in %s is refused', async (_, text) => {
    await expect(read(pieces(text), 20)).rejects.toMatchObject({ code: 'client/bad-answer' });
  });
});
