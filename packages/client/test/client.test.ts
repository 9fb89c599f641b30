import { describe, expect, it } from 'vitest';
import { createClient } from '../src/client.ts';
import type { Fetch } from '../src/request.ts';

type Init = Parameters<Fetch>[1];
interface Sent extends Init {
  readonly url: string;
}

const json = (status: number, value: unknown) => ({
  status,
  type: 'application/json',
  parts: [JSON.stringify(value)],
});
interface Given {
  readonly status: number;
  readonly type: string;
  readonly parts: readonly string[];
  /** Breaks off after its parts. */
  readonly breaks?: true;
  /** Says nothing more after its parts, until it is given up. */
  readonly hangs?: true;
}

/** A client whose node answers what is given, one after the other; the last one again and again. */
function clientOf(...answers: readonly (Given | Error)[]) {
  const sent: Sent[] = [];
  const fetch: Fetch = async (url, init) => {
    sent.push({ url, ...init });
    const answer = answers[Math.min(sent.length, answers.length) - 1];
    if (answer === undefined || answer instanceof Error) throw answer ?? new Error('nothing given');
    return {
      status: answer.status,
      headers: { get: (name) => (name === 'content-type' ? answer.type : null) },
      body: bodyOf(answer, init.signal),
    };
  };
  return { sent, client: createClient({ url: 'http://[::1]:1/', token: 'secret', fetch }) };
}

async function* bodyOf(
  { parts, breaks, hangs }: Given,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield new TextEncoder().encode(part);
  if (breaks) throw new Error('the connection broke');
  if (hangs) {
    await new Promise((_, reject) => {
      if (signal?.aborted) reject(signal.reason);
      signal?.addEventListener('abort', () => reject(signal.reason));
    });
  }
}

const stream = (...parts: readonly string[]): Given => ({ status: 200, type: 'text/event-stream', parts });
const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: { failure: object; message: string }) => ({ ...error.failure, message: error.message }),
  );

describe('a call', () => {
  it('puts parameters where its route wants them, the token into a header, and nothing else into the address', async () => {
    const { client, sent } = clientOf(json(200, {}));
    await client.call('verify', { spec: '@a/b@^1.0.0', deep: true });
    await client.call('set-policy', { asset: 'cpu', level: 'p2p', groups: ['x', 'y'] });
    await client.call('status', {});
    await client.call('search', { text: 'a b&c' });
    expect(sent.map(({ method, url, body }) => [method, url, body])).toEqual([
      ['GET', 'http://[::1]:1/v1/installations/%40a%2Fb%40%5E1.0.0/verification?deep=true', undefined],
      ['PUT', 'http://[::1]:1/v1/assets/cpu/policy', '{"level":"p2p","groups":["x","y"]}'],
      ['GET', 'http://[::1]:1/v1/status', undefined],
      ['GET', 'http://[::1]:1/v1/packages?text=a+b%26c', undefined],
    ]);
    for (const { headers, url, redirect, credentials } of sent) {
      expect(headers['authorization']).toBe('Bearer secret');
      expect(url).not.toContain('secret');
      expect({ redirect, credentials }).toEqual({ redirect: 'error', credentials: 'omit' });
    }
  });

  it.each(['', '.', '..', '\ud800'])(
    'refuses %j as a part of a path before anything is sent',
    async (name) => {
      const { client, sent } = clientOf(json(200, {}));
      await expect(client.call('versions', { name })).rejects.toMatchObject({ code: 'client/bad-input' });
      expect(sent).toEqual([]);
    },
  );

  it('throws what the node refused, by its code and whole', async () => {
    const error = { code: 'node/not-found', message: 'There is no x', next: 'look elsewhere', what: 'x' };
    const { client } = clientOf(json(404, { error }));
    expect(await failureOf(client.call('info', { spec: 'x' }))).toEqual({ ...error, status: 404 });
  });

  it.each<[string, Given | Error, string]>([
    ['nobody', new TypeError('fetch failed'), 'client/unreachable'],
    ['one that breaks off', { ...json(200, 'x'), parts: ['{"a'], breaks: true }, 'client/unreachable'],
    ['no JSON', { status: 200, type: 'text/html', parts: ['<html>'] }, 'client/bad-answer'],
    ['half of an answer', { status: 200, type: 'application/json', parts: ['{"a":'] }, 'client/bad-answer'],
    ['a refusal without a reason', json(500, {}), 'client/bad-answer'],
    ['a refusal with a reason that is none', json(500, { error: { code: 7 } }), 'client/bad-answer'],
    ['a refusal with a word for a code', json(500, { error: { code: 'oops' } }), 'client/bad-answer'],
  ])('that is answered by %s fails by its code', async (_, answer, code) => {
    const { client } = clientOf(answer);
    await expect(client.call('status', {})).rejects.toMatchObject({
      code,
      failure: { next: expect.any(String) },
    });
  });

  it('hears how far long work is, and then its result', async () => {
    const { client, sent } = clientOf(
      stream(
        'event: progress\ndata: {"text":"half","done":1,"total":2,"unit":"bytes"}\n\n',
        ': beat\n\n',
        'event: result\ndata: {"ok":1}\n\n',
      ),
    );
    const told: unknown[] = [];
    expect(await client.call('scrub', {}, { onProgress: (progress) => told.push(progress) })).toEqual({
      ok: 1,
    });
    expect(told).toEqual([{ text: 'half', done: 1, total: 2, unit: 'bytes' }]);
    expect(sent[0]?.headers['accept']).toContain('text/event-stream');
  });

  it('asks for no stream where nobody listens, or the route tells nothing', async () => {
    const { client, sent } = clientOf(json(200, {}));
    await client.call('scrub', {});
    await client.call('status', {}, { onProgress: () => undefined });
    for (const { headers } of sent) expect(headers['accept']).toBe('application/json');
  });

  it('throws what long work came to in the end, also where it ended with nothing', async () => {
    const error = { status: 409, code: 'node/refused', message: 'no', next: 'ask', by: 'x', reason: 'y' };
    const { client } = clientOf(stream(`event: error\ndata: ${JSON.stringify({ error })}\n\n`));
    expect(await failureOf(client.call('scrub', {}, { onProgress: () => undefined }))).toEqual(error);
    const cut = clientOf(stream('event: progress\ndata: {"text":"half"}\n\n'));
    await expect(cut.client.call('scrub', {}, { onProgress: () => undefined })).rejects.toMatchObject({
      code: 'client/unreachable',
    });
  });

  it('ends with the reason of its signal, before and while it is asked', async () => {
    const reason = new Error('enough');
    const { client, sent } = clientOf({ ...stream('event: progress\ndata: {"text":"a"}\n\n'), hangs: true });
    await expect(client.call('status', {}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(sent).toEqual([]);
    const abort = new AbortController();
    const asked = client.call('scrub', {}, { signal: abort.signal, onProgress: () => abort.abort(reason) });
    await expect(asked).rejects.toBe(reason);
  });
});

describe('events', () => {
  const event = (id: number, topic = 'blocks') =>
    `id: z.${id}\nevent: ${topic}\ndata: {"atMs":${id},"data":{"n":${id}}}\n\n`;

  async function take(followed: AsyncIterable<{ readonly id: string }>, count: number): Promise<string[]> {
    const ids: string[] = [];
    for await (const { id } of followed) {
      ids.push(id);
      if (ids.length === count) break;
    }
    return ids;
  }

  it('come as they happen; where the stream ends it is opened again after the last one', async () => {
    const { client, sent } = clientOf(
      stream(event(1), event(2)),
      { ...stream(event(3)), breaks: true },
      new TypeError('fetch failed'),
      stream(event(4)),
    );
    const states: boolean[] = [];
    const ids = await take(client.events(['blocks'], { onOpen: (isOpen) => states.push(isOpen) }), 4);
    expect(ids).toEqual(['z.1', 'z.2', 'z.3', 'z.4']);
    expect(sent.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, 'z.2', 'z.3', 'z.3']);
    expect(states).toEqual([true, false, true, false, false, true]);
    expect(sent[0]?.url).toBe('http://[::1]:1/v1/events?topics=blocks');
  });

  it('say that some were missed', async () => {
    const { client } = clientOf(
      stream('id: z.9\nevent: dropped\ndata: {"atMs":1,"data":{"reason":"slow","missed":3}}\n\n'),
    );
    for await (const heard of client.events(['blocks', 'logs'])) {
      expect(heard).toEqual({ id: 'z.9', topic: 'dropped', atMs: 1, data: { reason: 'slow', missed: 3 } });
      break;
    }
  });

  it('are asked for again where the node is busy, and end with an error where it refuses for good', async () => {
    const busy = json(503, { error: { code: 'node/busy', message: 'busy' } });
    const { client } = clientOf(busy, stream(event(1)));
    expect(await take(client.events(['blocks']), 1)).toEqual(['z.1']);
    const refused = clientOf(json(401, { error: { code: 'node/unauthorized', message: 'no' } }));
    await expect(take(refused.client.events(['blocks']), 1)).rejects.toMatchObject({
      code: 'node/unauthorized',
    });
  });

  it('are asked for again where the stream says nothing for too long', async () => {
    const { client, sent } = clientOf({ ...stream(event(1)), hangs: true }, stream(event(2)));
    expect(await take(client.events(['blocks'], { silentMs: 50 }), 2)).toEqual(['z.1', 'z.2']);
    expect(sent[1]?.headers['last-event-id']).toBe('z.1');
  });

  it('end with their signal, without an error', async () => {
    const abort = new AbortController();
    const { client } = clientOf({ ...stream(event(1)), hangs: true });
    const ids: string[] = [];
    for await (const { id } of client.events(['blocks'], { signal: abort.signal })) {
      ids.push(id);
      abort.abort();
    }
    expect(ids).toEqual(['z.1']);
  });
});
