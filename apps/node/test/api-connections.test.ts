import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inside, type Served, serveTest, untilEnd, untilText } from './api-served.ts';
import { temporaryDirectory } from './support.ts';

const json = { 'content-type': 'application/json' };

let node: Served;
beforeAll(async () => {
  node = await serveTest();
});
afterAll(() => node[Symbol.asyncDispose]());

describe('a connection', () => {
  it('that brings its headers drop by drop, or none, is ended', async () => {
    const limits = { mostConnections: 8, headersMs: 200, requestMs: 400, idleMs: 300 };
    await using slow = await serveTest({ limits });
    const [dripping, silent] = [await slow.raw(), await slow.raw()];
    const drip = setInterval(() => dripping.write('X: y\r\n'), 20);
    try {
      dripping.write('GET /health HTTP/1.1\r\n');
      expect(await untilEnd(dripping)).toMatch(/^HTTP\/1\.1 408 /);
      expect(await untilEnd(silent)).toMatch(/^(HTTP\/1\.1 408 |$)/);
    } finally {
      clearInterval(drip);
    }
    const body = await slow.raw();
    body.write(
      `POST /v1/echo HTTP/1.1\r\nHost: [::1]\r\nAuthorization: Bearer ${slow.token}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
    );
    expect(await untilEnd(body)).toMatch(/^(HTTP\/1\.1 408 |$)/);
    expect((await slow.ask({ path: '/v1/big' })).status).toBe(200);
  });

  it('beyond those that the door bears is closed, and the others go on', async () => {
    const limits = { mostConnections: 4, headersMs: 10_000, requestMs: 10_000, idleMs: 10_000 };
    await using few = await serveTest({ limits });
    const open = await Promise.all([few.raw(), few.raw(), few.raw(), few.raw()]);
    const [first, ...others] = open;
    if (first === undefined) throw new Error('a connection');
    expect(await untilEnd(await few.raw())).toBe('');
    first.write('GET /health HTTP/1.1\r\nHost: [::1]\r\n\r\n');
    expect(await untilText(first, '{"ok":true}')).toMatch(/^HTTP\/1\.1 200 /);
    for (const socket of others) socket.destroy();
  });

  it('answers requests that are sent at once in their order, and bears only some of them', async () => {
    const socket = await node.raw();
    const one = (path: string) =>
      `GET ${path} HTTP/1.1\r\nHost: [::1]\r\nAuthorization: Bearer ${node.token}\r\n\r\n`;
    socket.write(one('/v1/big') + one('/v1/fail') + one('/health'));
    const text = await untilText(socket, '{"ok":true}');
    expect([...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status)).toEqual([
      '200',
      '404',
      '200',
    ]);
    const flood = await node.raw();
    const ended = untilEnd(flood);
    const held = `POST /v1/content/scrub HTTP/1.1\r\nHost: [::1]\r\nAuthorization: Bearer ${node.token}\r\nContent-Length: 0\r\n\r\n`;
    flood.write(held.repeat(20));
    expect(await ended).toBe('');
  });

  it('that ends cancels its call at the node', async () => {
    const before = node.aborted.length;
    const socket = await node.raw();
    socket.write(
      `POST /v1/content/scrub HTTP/1.1\r\nHost: [::1]\r\nAuthorization: Bearer ${node.token}\r\nAccept: text/event-stream\r\nContent-Length: 0\r\n\r\n`,
    );
    await untilText(socket, 'waiting');
    socket.destroy();
    while (node.aborted.length === before) await node.ask({ path: '/v1/big' });
    expect(node.aborted.at(-1)).toBe('the caller went away');
  });

  it('that never reads its events costs the node a bounded queue, and is told what it missed', async () => {
    const socket = await node.raw();
    socket.write(
      `GET /v1/events?topics=logs HTTP/1.1\r\nHost: [::1]\r\nAuthorization: Bearer ${node.token}\r\n\r\n`,
    );
    await untilText(socket, '200 OK');
    socket.pause();
    const line = 'x'.repeat(8_000);
    const before = process.memoryUsage().heapUsed;
    for (let at = 0; at < 20_000; at++) {
      node.events.publish('logs', { at, line: `${at}${line}` } as never);
      // Now and then the node does other work, or nothing would be written at all.
      if (at % 100 === 0) await node.ask({ path: '/health' });
    }
    // 20,000 events are 160 MB; what waits for a reader is 512 of them, what is kept for those who come back twice 1000.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(80_000_000);
    socket.resume();
    expect(await untilText(socket, '"reason":"slow"')).toContain('event: dropped');
    socket.destroy();
  });

  it('that asks for much and never reads holds up nobody', async () => {
    const socket = await node.raw();
    socket.pause();
    const one = `GET /v1/huge HTTP/1.1\r\nHost: [::1]\r\nAuthorization: Bearer ${node.token}\r\n\r\n`;
    socket.write(one.repeat(4));
    expect((await node.ask({ path: '/v1/big' })).status).toBe(200);
    socket.destroy();
  });
});

describe('an answer', () => {
  it('has the headers that keep browsers from doing more with it', async () => {
    for (const path of ['/v1/big', '/v1/nothing', '/health', '/']) {
      const { headers } = await node.ask({ path });
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-store',
        'cross-origin-resource-policy': 'same-origin',
        'content-security-policy': expect.stringContaining("default-src 'none'"),
      });
      expect(headers['server']).toBeUndefined();
      expect(headers['x-powered-by']).toBeUndefined();
    }
  });

  it('hands over failures whole, with code and what to do; a defect as one', async () => {
    expect((await node.ask({ path: '/v1/fail' })).json()).toEqual({
      error: { code: 'node/not-found', what: 'it', next: 'look elsewhere', message: 'There is no it' },
    });
    for (const path of ['/v1/throw', '/v1/circle'])
      expect(
        await node.ask({ path }).then((answer) => [answer.status, answer.json().error?.['code']]),
      ).toEqual([500, 'node/internal']);
  });

  it('that is not what its schema says is a defect that is named, where tests look', async () => {
    const answer = await node.ask({ path: '/v1/lie' });
    expect(answer.status).toBe(500);
    expect(answer.json().error).toMatchObject({ code: 'node/answer-differs', route: 'lie', path: 'height' });
  });

  it('tells its progress to those who want it, and ends with the result or with what went wrong', async () => {
    const headers = { ...json, accept: 'text/event-stream' };
    const well = await node.ask({ method: 'POST', path: '/v1/work', headers, body: '{}' });
    expect(well.headers['content-type']).toContain('text/event-stream');
    expect(well.body).toBe(
      'event: progress\ndata: {"text":"step 1","done":1,"total":2,"unit":"bytes"}\n\n' +
        'event: progress\ndata: {"text":"step 2","done":2,"total":2,"unit":"bytes"}\n\n' +
        'event: result\ndata: {"done":true}\n\n',
    );
    const badly = await node.ask({ method: 'POST', path: '/v1/work', headers, body: '{"fails":true}' });
    expect(badly.body).toContain('event: error\ndata: {"error":{"status":404,"code":"node/not-found"');
    const atOnce = await node.ask({
      method: 'POST',
      path: '/v1/work',
      headers,
      body: '{"fails":true,"steps":0}',
    });
    expect(atOnce.status).toBe(404);
    const whole = await node.ask({ method: 'POST', path: '/v1/work', headers: json, body: '{}' });
    expect(whole.json()).toEqual({ done: true });
  });
});

describe('the pages', () => {
  it('are the files of one folder and nothing else, whatever a path says', async () => {
    using folder = temporaryDirectory();
    mkdirSync(inside(folder, 'pages', 'files'), { recursive: true });
    const write = (name: string, text: string) => writeFileSync(inside(folder, name), text);
    write('secret.txt', 'the secret');
    write('pages/index.html', '<!doctype html><title>pages</title>');
    write('pages/files/app-abc123.js', 'export {};');
    write('pages/note.unknown', 'of no known type');
    symlinkSync(inside(folder, 'secret.txt'), inside(folder, 'pages', 'link.txt'));
    symlinkSync(inside(folder), inside(folder, 'pages', 'up'));
    await using shown = await serveTest({ pages: inside(folder, 'pages') });
    const open = { authorization: null };
    const page = await shown.ask({ path: '/', headers: open });
    expect(page).toMatchObject({ status: 200, body: '<!doctype html><title>pages</title>' });
    expect(page.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    });
    const script = await shown.ask({ path: '/files/app-abc123.js', headers: open });
    expect(script.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    const etag = String(script.headers.etag);
    const again = await shown.ask({
      path: '/files/app-abc123.js',
      headers: { ...open, 'if-none-match': etag },
    });
    expect(again).toMatchObject({ status: 304, body: '' });
    const html = { ...open, accept: 'text/html,*/*' };
    expect((await shown.ask({ path: '/packages/left@1.0.0', headers: html })).body).toBe(page.body);
    expect((await shown.ask({ path: '/assets/some-id', headers: open })).body).toBe(page.body);
    for (const path of [
      '/link.txt',
      '/up/secret.txt',
      '/../secret.txt',
      '/..%2fsecret.txt',
      '/%2e%2e/secret.txt',
      '/files/../../secret.txt',
      '/files/missing.js',
      '/files\\..\\..\\secret.txt',
      '//secret.txt',
      '/note.unknown',
      '/api-token.txt',
      '/index.html%00.txt',
    ]) {
      const answer = await shown.ask({ path, headers: open });
      expect({ path, status: answer.status }).toEqual({ path, status: 404 });
    }
    expect((await shown.ask({ method: 'POST', path: '/', headers: open })).status).toBe(405);
  });
});
