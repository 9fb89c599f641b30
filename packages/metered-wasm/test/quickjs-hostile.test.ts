import { utf8 } from '@hypermesh/core';
import { afterAll, describe, expect, it } from 'vitest';
import { openQuickJs, type ScriptFailure } from '../src/quickjs/index.ts';
import { runScript } from './modules/scripts.ts';

const quickjs = openQuickJs({ workers: 1 });
afterAll(() => quickjs[Symbol.asyncDispose]());

const PAGES = 256;
/** What each attack does, and the exit that it must come to with 256 pages and 1,000,000,000 fuel. */
const ATTACKS: readonly (readonly [string, string, ScriptFailure])[] = [
  ['spins', 'for (;;);', 'out-of-fuel'],
  ['makes microtasks without end', 'return (async () => { for (;;) await 0; })();', 'out-of-fuel'],
  [
    'queues ever more microtasks',
    'const more = () => { queueMicrotask(more); queueMicrotask(more); }; more();',
    'out-of-fuel',
  ],
  ['backtracks in a regular expression', `return /^(a+)+$/.test('a'.repeat(40) + 'b');`, 'out-of-fuel'],
  ['fills the heap with objects', 'const all = []; for (;;) all.push(new Array(1000).fill({}));', 'memory'],
  ['fills it with strings', `const all = []; for (;;) all.push(String(all.length).repeat(1e5));`, 'memory'],
  ['fills it with buffers', 'const all = []; for (;;) all.push(new ArrayBuffer(2 ** 20));', 'memory'],
  ['keeps 4 GB of text', `const all = []; for (;;) all.push('x'.repeat(2 ** 24));`, 'memory'],
  ['doubles a text without end', `let text = 'x'; for (;;) text += text;`, 'error'],
  ['asks for a buffer of 4 GB', 'new ArrayBuffer(4e9);', 'error'],
  ['recurses', 'const down = () => down() + 1; down();', 'error'],
  ['recurses through JSON', `JSON.parse('['.repeat(1e6));`, 'error'],
  ['recurses through toString', `const o = { toString: () => '' + o }; '' + o;`, 'error'],
  ['recurses through sort', 'const down = () => [2, 1].sort(down); down();', 'error'],
  [
    'recurses through proxies',
    'let p = {}; for (let n = 0; n < 1e5; n++) p = new Proxy(p, {}); return p.x;',
    'error',
  ],
  ['recurses in source text', `(0, eval)('('.repeat(1e5));`, 'error'],
  [
    'hides a loop in the stack of an error',
    `const e = new Error(); Object.defineProperty(e, 'stack', { get() { for (;;); } }); throw e;`,
    'out-of-fuel',
  ],
  [
    'hides a loop in the text of an error',
    `throw { toString() { for (;;); }, toJSON() { for (;;); } };`,
    'out-of-fuel',
  ],
  ['hides a loop in what it answers', 'return { toJSON() { for (;;); } };', 'out-of-fuel'],
  ['hides a loop in then', 'return { then() { for (;;); } };', 'out-of-fuel'],
  ['throws what cannot be shown', 'throw Object.create(null);', 'error'],
  ['never answers', 'return new Promise(() => {});', 'error'],
  ['asks for a module of the host', `return import('node:child_process');`, 'denied'],
];

describe('a hostile program', () => {
  it.each(ATTACKS)('that %s is stopped, and the next program runs as ever', async (_, body, reason) => {
    const result = await runScript(quickjs, `export default function () { ${body} }`, {
      memoryPages: PAGES,
      fuel: 1_000_000_000n,
    });
    expect(result).toMatchObject({ ok: false, reason });
    const next = await runScript(quickjs, 'export default () => 6 * 7;');
    expect(next).toMatchObject({ ok: true, output: { json: 42 } });
  });

  it('that spins at its load, or past all fuel, ends at the deadline and leaves the event loop alone', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 5);
    const result = await runScript(quickjs, 'for (;;);', { fuel: 2n ** 60n, deadlineMs: 400 });
    clearInterval(timer);
    expect(result).toMatchObject({ ok: false, reason: 'deadline' });
    expect(turns).toBeGreaterThan(3);
  });

  it('that breaks every prototype breaks its own answer at most', async () => {
    const source = `export default () => {
      for (const name of ['Array', 'Object', 'Promise', 'String', 'Uint8Array', 'Function', 'Map', 'JSON', 'Error'])
        for (const holder of [globalThis[name], globalThis[name].prototype])
          for (const key of holder === undefined ? [] : Reflect.ownKeys(holder))
            try { Object.defineProperty(holder, key, { get() { throw 'broken'; } }); } catch {}
      return 'x';
    }`;
    const result = await runScript(quickjs, source);
    if (result.ok) expect(['x', undefined]).toContain(result.output);
    else expect(result.reason).toBe('error');
    expect(await runScript(quickjs, 'export default () => [1].map(String).join();')).toMatchObject({
      output: '1',
    });
  });

  it('keeps within the pages that it was given, to the page', async () => {
    const source =
      'export default () => { const all = []; try { for (;;) all.push(new ArrayBuffer(65536)); } catch { return all.length; } }';
    const counts: number[] = [];
    for (const memoryPages of [200, 400]) {
      const result = await runScript(quickjs, source, { memoryPages });
      if (!result.ok) throw new Error(result.detail);
      expect(result.memoryPages).toBeLessThanOrEqual(memoryPages);
      counts.push((result.output as { json: number }).json);
    }
    const [few = 0, more = 0] = counts;
    expect(few).toBeGreaterThan(80);
    expect(more - few).toBeGreaterThan(150);
    expect(more).toBeLessThan(400);
  });

  it.each<readonly [string, string, Readonly<Record<string, Uint8Array>>, object]>([
    [
      'a JSON file of 60 MB that grows sixfold as source text',
      `import './a.json'; export default () => 1;`,
      { 'a.json': new Uint8Array(6e7).fill(1) },
      { ok: false, reason: 'error' },
    ],
    [
      'a package.json of 60 MB of empty lists',
      `import made from 'p'; export default () => made;`,
      {
        'node_modules/p/package.json': utf8(`{"x":[${'[],'.repeat(2e7)}0]}`),
        'node_modules/p/index.js': utf8('export default 6;'),
      },
      { ok: true, output: { json: 6 } },
    ],
    [
      'a file of line ends alone, which has to be told from a module',
      `import 'p'; export default () => 1;`,
      {
        'node_modules/p/package.json': utf8('{"main":"./a.js"}'),
        'node_modules/p/a.js': new Uint8Array(1e6).fill(10),
      },
      { ok: true },
    ],
  ])('with %s neither ends the process nor holds it up', async (_, source, files, expected) => {
    const result = await quickjs.run({
      ...{ entry: 'index.js', files: new Map(Object.entries({ 'index.js': utf8(source), ...files })) },
      ...{ fuel: 10_000_000_000n, memoryPages: 512, deadlineMs: 20_000 },
    });
    expect(result).toMatchObject(expected);
  });

  it.each([
    ['names', `try { require('a'.repeat(3e8)); } catch (error) { return String(error); }`, /is too long/],
    ['texts to decode', 'return new TextDecoder().decode(new Uint8Array(2e7)).length;', /^20000000$/],
  ])('with %s of many megabytes leaves the heap of its worker small', async (_, body, expected) => {
    const result = await quickjs.run({
      ...{ files: new Map([['index.cjs', utf8(`module.exports = () => { ${body} };`)]]), entry: 'index.cjs' },
      ...{ fuel: 10n ** 12n, memoryPages: 16_384, deadlineMs: 60_000 },
    });
    if (!result.ok) throw new Error(result.detail);
    expect(new TextDecoder().decode(result.outputBytes)).toMatch(expected);
  });

  it('whose JSON is huge does not have it read on the thread of the host unless it is asked for', async () => {
    const source = `JSON.stringify = () => '[' + '[],'.repeat(1e6) + '0]'; export default () => ({});`;
    const result = await runScript(quickjs, source, { fuel: 10n ** 12n });
    if (!result.ok) throw new Error(result.detail);
    expect(Object.getOwnPropertyDescriptor(result, 'output')?.get).toBeDefined();
    expect(result.output).toMatchObject({ json: { length: 1_000_001 } });
  });

  it('takes none of the time of a program that waits for its worker', async () => {
    const busy = runScript(quickjs, 'for (;;);', { fuel: 2n ** 60n, deadlineMs: 1_500 });
    const next = runScript(quickjs, 'export default () => { let n = 0; while (n < 1e5) n++; return n; };', {
      deadlineMs: 1_400,
    });
    expect(await busy).toMatchObject({ ok: false, reason: 'deadline' });
    expect(await next).toMatchObject({ ok: true });
  });
});
