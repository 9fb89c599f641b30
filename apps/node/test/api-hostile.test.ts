import { route, shapes } from '@hypermesh/client/routes';
import { createManualClock } from '@hypermesh/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maxBodyBytes } from '../src/api/body.ts';
import { type AskOptions, type Served, serveTest, untilEnd } from './api-served.ts';

const json = { 'content-type': 'application/json' };
const post = (body: string | Uint8Array, headers: AskOptions['headers'] = json): AskOptions => ({
  method: 'POST',
  path: '/v1/echo',
  headers,
  body,
});

const heavyRoute = route({
  method: 'GET',
  path: '/v1/heavy',
  summary: 'Work',
  input: shapes.object({}),
  output: shapes.object({}),
  heavy: true,
});
const heavyOnes = [{ id: 'heavy', route: heavyRoute, handle: async () => ({}) }];

let node: Served;
beforeAll(async () => {
  node = await serveTest();
});
afterAll(() => node[Symbol.asyncDispose]());

describe('a caller without the right token', () => {
  it.each<[string, Record<string, string | null>]>([
    ['none', { authorization: null }],
    ['an empty one', { authorization: 'Bearer ' }],
    ['a wrong one', { authorization: `Bearer ${'a'.repeat(43)}` }],
    ['one of another scheme', { authorization: 'Basic aHlwZXI6bWVzaA==' }],
    ['a very long one', { authorization: `Bearer ${'a'.repeat(10_000)}` }],
  ])('is told so, and nothing else: %s', async (_, headers) => {
    const answer = await node.ask({ path: '/v1/big', headers });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="hypermesh"');
    expect(answer.json()).toEqual({
      error: expect.objectContaining({
        code: 'node/unauthorized',
        next: expect.stringContaining('api-token'),
      }),
    });
  });

  it('cannot put it into the address instead', async () => {
    const path = `/v1/big?token=${node.token}&access_token=${node.token}`;
    expect((await node.ask({ path, headers: { authorization: null } })).status).toBe(401);
  });

  it('does not learn from the answer which paths there are', async () => {
    const [known, unknown] = await Promise.all(
      ['/v1/big', '/v1/nothing'].map((path) => node.ask({ path, headers: { authorization: null } })),
    );
    expect(known?.body).toBe(unknown?.body);
  });

  it('may look with the read-only token, ask what changes nothing, and no more', async () => {
    const headers = { authorization: `Bearer ${node.readToken}` };
    expect((await node.ask({ path: '/v1/big', headers })).status).toBe(200);
    expect((await node.ask({ method: 'POST', path: '/v1/seek', headers })).status).toBe(200);
    for (const [method, path] of [
      ['POST', '/v1/echo'],
      ['PUT', '/v1/things/a/word'],
      ['GET', '/v1/secret'],
    ] as const) {
      const answer = await node.ask({ method, path, headers });
      expect(answer.status).toBe(403);
      expect(answer.json().error).toMatchObject({ code: 'node/read-only' });
    }
  });

  it('is slowed down, while the right token goes on', async () => {
    await using slow = await serveTest({ clock: createManualClock() });
    const headers = { authorization: 'Bearer wrong' };
    const answers = [];
    for (let count = 0; count < 21; count++) answers.push(await slow.ask({ path: '/v1/big', headers }));
    expect(answers.slice(0, 20).every(({ status }) => status === 401)).toBe(true);
    expect(answers[20]?.status).toBe(429);
    expect(answers[20]?.headers['retry-after']).toBe('1');
    expect(answers[20]?.json().error).toMatchObject({ code: 'node/too-many-requests', retryAfterMs: 1000 });
    expect((await slow.ask({ path: '/v1/big' })).status).toBe(200);
  });

  it('hears only whether the node lives and is ready', async () => {
    const headers = { authorization: null };
    expect((await node.ask({ path: '/health', headers })).body).toBe('{"ok":true}');
    expect(await node.ask({ path: '/ready', headers })).toMatchObject({ status: 503 });
    node.isReady = true;
    expect((await node.ask({ path: '/ready', headers })).body).toBe('{"ok":true}');
    for (const path of ['/metrics', '/openapi.json', '/v1/events?topics=logs'])
      expect((await node.ask({ path, headers })).status).toBe(401);
  });
});

describe('a request from elsewhere', () => {
  it.each([
    ['a name that was made to mean this machine', 'evil.example'],
    ['one with the right port', 'evil.example:80'],
    ['one that begins like this machine', 'localhost.evil.example'],
    ['an address in a name', '127.0.0.1.evil.example'],
    ['another name below localhost', 'evil.localhost'],
    ['a user in front', 'evil@[::1]'],
    ['another address', '192.168.0.1:80'],
    ['a space', '[::1] evil'],
  ])('is refused by its Host: %s', async (_, host) => {
    const answer = await node.ask({ path: '/v1/big', headers: { host } });
    expect(answer.status).toBe(403);
    expect(answer.json().error).toMatchObject({ code: 'node/foreign-site' });
  });

  it.each(['localhost', 'LOCALHOST:1', '127.0.0.1:9', '[::1]', 'hypermesh.localhost:1', 'localhost.'])(
    'is answered by Host %s',
    async (host) => {
      expect((await node.ask({ path: '/v1/big', headers: { host } })).status).toBe(200);
    },
  );

  it.each(['http://evil.example', 'null', 'https://[::1]', 'http://[::1]:1', 'http://localhost'])(
    'is refused by its Origin %s, whatever token it has, and allowed nothing by headers',
    async (origin) => {
      for (const method of ['GET', 'OPTIONS', 'POST']) {
        const answer = await node.ask({ method, path: '/v1/echo', headers: { origin } });
        expect(answer.status).toBe(403);
        expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
      }
    },
  );

  it('is refused where the browser says that another site sent it', async () => {
    for (const site of ['cross-site', 'same-site', 'nonsense'])
      expect((await node.ask({ path: '/v1/big', headers: { 'sec-fetch-site': site } })).status).toBe(403);
    const headers = { 'sec-fetch-site': 'same-origin', origin: node.url };
    expect((await node.ask({ path: '/v1/big', headers })).status).toBe(200);
  });

  it('may follow a link to the pages, and load nothing of them into its own', async () => {
    const from = { authorization: null, 'sec-fetch-site': 'cross-site' };
    const link = { ...from, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    expect((await node.ask({ path: '/health', headers: link })).status).toBe(200);
    for (const [mode, dest] of [
      ['no-cors', 'image'],
      ['navigate', 'iframe'],
      ['cors', 'empty'],
    ] as const) {
      const headers = { ...from, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest };
      expect((await node.ask({ path: '/health', headers })).status).toBe(403);
    }
  });

  it('by another name of this machine is led to the one origin that holds the token', async () => {
    const pages = { caesar: '/wallet', trust: '/trust', assets: '/assets', catalog: '/packages' };
    for (const [name, page] of Object.entries(pages)) {
      const answer = await node.ask({ path: '/anything', headers: { host: `${name}.localhost:4711` } });
      expect(answer).toMatchObject({ status: 307, body: '' });
      expect(answer.headers.location).toBe(`http://hypermesh.localhost:4711${page}`);
    }
  });
});

describe('who only reads', () => {
  it('may make the node work rarely, while the owner is not slowed down', async () => {
    await using slow = await serveTest({
      clock: createManualClock(),
      more: { dynamicRoutes: () => heavyOnes },
    });
    const headers = { authorization: `Bearer ${slow.readToken}` };
    const statuses = [];
    for (let count = 0; count < 22; count++)
      statuses.push((await slow.ask({ path: '/v1/heavy', headers })).status);
    expect(statuses).toEqual([...Array<number>(20).fill(200), 429, 429]);
    expect((await slow.ask({ path: '/v1/big', headers })).status).toBe(200);
    for (let count = 0; count < 22; count++) expect((await slow.ask({ path: '/v1/heavy' })).status).toBe(200);
  });

  it('leaves streams of events and room for calls to the owner', async () => {
    const ends: AbortController[] = [];
    const headers = { authorization: `Bearer ${node.readToken}` };
    const held = (path: string) => {
      const end = new AbortController();
      ends.push(end);
      return fetch(`${node.url}${path}`, { headers, signal: end.signal });
    };
    try {
      for (let count = 0; count < 32; count++)
        expect((await held('/v1/events?topics=logs')).status).toBe(200);
      const path = '/v1/events?topics=logs';
      expect((await node.ask({ path, headers })).json().error).toMatchObject({ code: 'node/busy' });
      const own = new AbortController();
      ends.push(own);
      const authorization = `Bearer ${node.token}`;
      expect(
        (await fetch(`${node.url}${path}`, { headers: { authorization }, signal: own.signal })).status,
      ).toBe(200);
    } finally {
      for (const end of ends) end.abort();
    }
  });
});

describe('routes that others wrote', () => {
  it('whose paths are odd keep nothing else from being answered, and are not reached', async () => {
    const odd = ['/v1/a/:b', '/v1/a/*', '/v1/a/%zz', '/v1/a/{b', '/v1/a b', '/v1/{x-y}'];
    const list = [...odd, '/v1/even'].map((path) => ({
      ...{ id: path, handle: async () => ({}) },
      route: { ...heavyRoute, path },
    }));
    await using served = await serveTest({ more: { dynamicRoutes: () => list } });
    expect((await served.ask({ path: '/v1/even' })).status).toBe(200);
    for (const path of ['/v1/nothing', '/v1/a/:b', '/v1/a/b', '/v1/a/%zz'])
      expect((await served.ask({ path })).status).toBe(404);
    expect((await served.ask({ path: '/openapi.json' })).status).toBe(200);
  });
});

describe('a body', () => {
  const deep = `{"extra":${'{"a":'.repeat(40)}1${'}'.repeat(40)}}`;
  it.each<[string, AskOptions, number, string]>([
    ['without a type', post('{}', {}), 415, 'node/media-type'],
    [
      'of a form',
      post('{}', { 'content-type': 'application/x-www-form-urlencoded' }),
      415,
      'node/media-type',
    ],
    ['of plain text', post('{}', { 'content-type': 'text/plain' }), 415, 'node/media-type'],
    [
      'in another character set',
      post('{}', { 'content-type': 'application/json; charset=latin1' }),
      415,
      'node/media-type',
    ],
    ['too large', post('x'.repeat(maxBodyBytes + 1)), 413, 'node/too-large'],
    ['too deep', post(deep), 400, 'node/bad-call'],
    ['no JSON', post('{'), 400, 'node/bad-call'],
    ['no text', post(Uint8Array.of(0x7b, 0xff, 0x7d)), 400, 'node/bad-call'],
    ['a list', post('[]'), 400, 'node/bad-call'],
    ['null', post('null'), 400, 'node/bad-call'],
    ['a text', post('"a"'), 400, 'node/bad-call'],
    ['with a field that there is not', post('{"wrod":"a"}'), 400, 'node/bad-flag'],
    ['with a value of another type', post('{"word":7}'), 400, 'node/bad-flag'],
    ['with too many items', post(`{"many":${JSON.stringify(Array(9).fill('a'))}}`), 400, 'node/bad-flag'],
    ['with a fraction for a number', post('{"count":1.5}'), 400, 'node/bad-flag'],
    ['with a number beyond all bounds', post('{"count":1e999}'), 400, 'node/bad-flag'],
    ['with a prototype', post('{"__proto__":{"on":true}}'), 400, 'node/bad-call'],
    [
      'with a prototype within',
      post('{"extra":{"a":{"constructor":{"prototype":1}}}}'),
      400,
      'node/bad-call',
    ],
  ])('%s is refused', async (_, ask, status, code) => {
    const answer = await node.ask(ask);
    expect(answer.status).toBe(status);
    expect(answer.json().error).toMatchObject({
      code,
      message: expect.any(String),
      next: expect.any(String),
    });
    expect(Object.prototype).not.toHaveProperty('on');
  });

  it('in pieces that grow too large ends the connection, and what was sent is not kept', async () => {
    async function* pieces() {
      for (let sent = 0; sent < 4 * maxBodyBytes; sent += 65_536) yield Buffer.alloc(65_536, 32);
    }
    const answer = await node
      .ask({ method: 'POST', path: '/v1/echo', headers: json, body: pieces() })
      .catch(() => undefined);
    // The answer may be cut off by the end of the connection, while pieces are still on their way.
    if (answer !== undefined) expect(answer).toMatchObject({ status: 413 });
    expect((await node.ask(post('{"word":"a"}'))).json()).toEqual({ word: 'a' });
  });

  it('in pieces is taken as a whole', async () => {
    async function* pieces() {
      for (const byte of Buffer.from('{"word":"Grüße"}')) yield Uint8Array.of(byte);
    }
    const answer = await node.ask({ method: 'POST', path: '/v1/echo', headers: json, body: pieces() });
    expect(answer.json()).toEqual({ word: 'Grüße' });
  });

  it('is not waited for where its size is refused before', async () => {
    const socket = await node.raw();
    const ended = untilEnd(socket);
    socket.write(
      `POST /v1/echo HTTP/1.1\r\nHost: [::1]\r\nAuthorization: Bearer ${node.token}\r\nContent-Type: application/json\r\n` +
        `Content-Length: 99999999\r\nExpect: 100-continue\r\n\r\n`,
    );
    const text = await ended;
    expect(text).toMatch(/^HTTP\/1\.1 413 /);
    expect(text).not.toContain('100 Continue');
  });
});

describe('a request line', () => {
  it.each<[string, AskOptions, number, string]>([
    ['an unknown path', { path: '/v1/nothing' }, 404, 'node/no-route'],
    ['a path with an end that is too much', { path: '/v1/echo/' }, 404, 'node/no-route'],
    ['an empty segment', { method: 'PUT', path: '/v1/things//word' }, 404, 'node/no-route'],
    ['a segment that is no text', { method: 'PUT', path: '/v1/things/%ff/word' }, 404, 'node/no-route'],
    ['dots', { path: '/v1/../v1/big' }, 404, 'node/no-route'],
    ['a name of every object', { path: '/v1/__proto__' }, 404, 'node/no-route'],
    ['an unknown parameter', { path: '/v1/echo?wrod=a' }, 400, 'node/bad-flag'],
    ['a parameter twice', { path: '/v1/echo?word=a&word=b' }, 400, 'node/bad-call'],
    ['a number that is none', { path: '/v1/echo?count=1e3' }, 400, 'node/bad-flag'],
    ['a truth that is none', { path: '/v1/echo?on=yes' }, 400, 'node/bad-flag'],
    ['a prototype in the query', { path: '/v1/echo?__proto__=1' }, 400, 'node/bad-flag'],
    ['a query where a body belongs', { method: 'POST', path: '/v1/echo?word=a' }, 400, 'node/bad-call'],
    ['topics that there are not', { path: '/v1/events?topics=blocks,secrets' }, 400, 'node/bad-call'],
    ['no topics', { path: '/v1/events' }, 400, 'node/bad-call'],
  ])('with %s is refused', async (_, ask, status, code) => {
    const answer = await node.ask(ask);
    expect(answer.json().error).toMatchObject({ code });
    expect(answer.status).toBe(status);
  });

  it('with a method that is not for the path hears which are', async () => {
    const wrong = await node.ask({ method: 'DELETE', path: '/v1/echo' });
    expect(wrong.status).toBe(405);
    expect(wrong.headers.allow?.split(', ').sort()).toEqual(['GET', 'HEAD', 'POST']);
    expect((await node.ask({ method: 'POST', path: '/health' })).headers.allow).toBe('GET, HEAD');
    for (const method of ['PATCH', 'TRACE', 'OPTIONS', 'PROPFIND'])
      expect((await node.ask({ method, path: '/v1/big' })).status).toBe(405);
  });

  it('gives parameters of path, query and body as their schema wants them', async () => {
    expect((await node.ask({ path: '/v1/echo?word=a%20b&on=true&count=7&many=x&many=y' })).json()).toEqual({
      word: 'a b',
      on: true,
      count: 7,
      many: ['x', 'y'],
    });
    const put = { method: 'PUT', path: '/v1/things/a%2Fb%3F/word', headers: json, body: '{"word":"w"}' };
    expect((await node.ask(put)).json()).toEqual({ name: 'a/b?', word: 'w' });
    expect((await node.ask({ ...put, body: '{"word":"w","name":"c"}' })).status).toBe(400);
  });

  it('for HEAD has the headers of GET, and no body', async () => {
    const [head, get] = await Promise.all([
      node.ask({ method: 'HEAD', path: '/v1/big' }),
      node.ask({ path: '/v1/big' }),
    ]);
    expect(head).toMatchObject({ status: 200, body: '' });
    expect(head.headers['content-length']).toBe(get.headers['content-length']);
    expect(get.json()).toEqual({ fuel: '18446744073709551616', bytes: 'ff' });
    const stream = await node.ask({ method: 'HEAD', path: '/v1/events?topics=logs' });
    expect(stream).toMatchObject({ status: 200, body: '' });
    expect(stream.headers['content-type']).toContain('text/event-stream');
  });

  it.each([
    ['a whole address instead of a path', 'GET http://evil.example/ HTTP/1.1\r\nHost: [::1]\r\n\r\n', 400],
    ['no Host', 'GET /health HTTP/1.1\r\n\r\n', 400],
    ['an empty Host', 'GET /health HTTP/1.1\r\nHost:\r\n\r\n', 403],
    ['headers without end', `GET /health HTTP/1.1\r\nHost: [::1]\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    [
      'two lengths',
      'POST /v1/echo HTTP/1.1\r\nHost: [::1]\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}',
      400,
    ],
    [
      'a length and pieces',
      'POST /v1/echo HTTP/1.1\r\nHost: [::1]\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}',
      400,
    ],
    ['no HTTP', 'garbage\r\n\r\n', 400],
    [
      'an expectation that it does not know',
      'GET /health HTTP/1.1\r\nHost: [::1]\r\nExpect: miracles\r\n\r\n',
      417,
    ],
    ['a tunnel', 'CONNECT evil.example:443 HTTP/1.1\r\nHost: [::1]\r\n\r\n', 0],
  ])('with %s ends the connection', async (_, text, status) => {
    const socket = await node.raw();
    const ended = untilEnd(socket);
    socket.write(text.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
    const answer = await ended;
    expect(Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0)).toBe(status);
  });
});
