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
});
