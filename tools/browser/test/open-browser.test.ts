import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium, NO_CHROMIUM, openBrowser, type TestBrowser } from '../src/index.ts';

const SOUND =
  '<html lang=en><title>Sound</title><main><h1>Sound</h1><p>Nothing is wrong here.</p></main></html>';
const PAGES: Record<string, string> = {
  '/sound': SOUND,
  '/throws': `${SOUND}<script src="/throw.js"></script>`,
  '/throw.js': 'throw new Error("planted")',
  '/inline': `${SOUND}<script>globalThis.ran = true</script>`,
  '/elsewhere': `${SOUND}<img alt="" src="http://example.org/pixel.png">`,
  '/unlabelled': '<html lang=en><title>Bad</title><main><h1>Bad</h1><input><img src="data:,"></main></html>',
};

let server: Server;
let origin: string;
let browser: TestBrowser | undefined;

beforeAll(async () => {
  server = createServer((request, response) => {
    const isScript = request.url?.endsWith('.js') === true;
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html; charset=utf-8');
    response.setHeader(
      'content-security-policy',
      "default-src 'none'; script-src 'self'; img-src 'self' data: http:",
    );
    response.end(`${isScript ? '' : '<!doctype html>'}${PAGES[request.url ?? ''] ?? ''}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '::1', resolve));
  origin = `http://[::1]:${(server.address() as AddressInfo).port}`;
  browser = findChromium() === undefined ? undefined : await openBrowser();
});

afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  server.close();
});

describe('a page in Chromium', () => {
  it('that is sound has no problems and nothing for axe to find', async (ctx) => {
    if (browser === undefined) return ctx.skip(NO_CHROMIUM);
    await using visit = await browser.visit(`${origin}/sound`);
    expect(await visit.problems()).toEqual([]);
    expect(await visit.axe()).toEqual([]);
  });

  it.for([
    ['throws', /thrown: .*planted/],
    ['inline', /policy: script-src.* forbids inline/],
    ['elsewhere', /request to elsewhere: http:\/\/example\.org/],
  ] as const)('that %s is told on', async ([path, problem], ctx) => {
    if (browser === undefined) return ctx.skip(NO_CHROMIUM);
    await using visit = await browser.visit(`${origin}/${path}`);
    expect((await visit.problems()).join('\n')).toMatch(problem);
  });

  it('without labels is told on by axe', async (ctx) => {
    if (browser === undefined) return ctx.skip(NO_CHROMIUM);
    await using visit = await browser.visit(`${origin}/unlabelled`);
    const rules = (await visit.axe()).map((line) => line.split(':')[0]);
    expect(rules).toEqual(expect.arrayContaining(['label', 'image-alt']));
  });
});

describe('the browser', () => {
  it('is what CHROMIUM names, else the first on PATH, else absent', () => {
    expect(findChromium({ CHROMIUM: '/opt/browser', PATH: '' })).toBe('/opt/browser');
    expect(findChromium({ PATH: '/nowhere:/dev' })).toBeUndefined();
    expect(findChromium({})).toBeUndefined();
  });
});
