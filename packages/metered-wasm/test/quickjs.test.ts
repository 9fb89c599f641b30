import { afterAll, describe, expect, it } from 'vitest';
import { openQuickJs, type ScriptResult, type ScriptValue } from '../src/quickjs/index.ts';
import { filesOf, runScript } from './modules/scripts.ts';

const quickjs = openQuickJs({ workers: 2 });
afterAll(() => quickjs[Symbol.asyncDispose]());

function outputOf(result: ScriptResult): ScriptValue | undefined {
  if (!result.ok) throw new Error(`${result.reason}: ${result.detail}`);
  return result.output;
}

describe('programs', () => {
  it('take and give text, bytes, JSON and nothing, each as what it is', async () => {
    const source = `export default (input) => input;
      export const kind = (input) => Object.prototype.toString.call(input);`;
    for (const input of [
      'é \0 😀',
      new Uint8Array([0, 255, 1]),
      { json: { a: [1, null, 'x'] } },
      undefined,
    ]) {
      expect(outputOf(await runScript(quickjs, source, { input }))).toEqual(input);
    }
    expect(outputOf(await runScript(quickjs, source, { input: new Uint8Array(), call: 'kind' }))).toBe(
      '[object Uint8Array]',
    );
  });

  it('answer promises, and are told where they never answer', async () => {
    const source = `export default async () => { await 0; return (await import('./late.js')).late; }
      export const never = () => new Promise(() => {});`;
    const files = { 'index.js': source, 'late.js': `export const late = await Promise.resolve('late');` };
    expect(outputOf(await runScript(quickjs, files))).toBe('late');
    expect(await runScript(quickjs, files, { call: 'never' })).toMatchObject({ ok: false, reason: 'error' });
  });

  it('find the files of their dependencies and of nobody else', async () => {
    const files = {
      'package.json': '{"name":"mine","type":"module","imports":{"#in":"./inner.js"}}',
      'index.js': `import { a } from 'esm'; import sub from 'esm/sub/deep'; import common, { named } from '@scope/common';
        import data from './data.json'; import inner from '#in'; import legacy from 'legacy';
        export default () => [a, sub, common.named, named, data.k, inner, legacy].join(' ');`,
      'inner.js': `export default 'inner';`,
      'data.json': '{"k":"data"}',
      'node_modules/esm/package.json':
        '{"exports":{".":{"node":"./no.js","import":"./a.mjs"},"./sub/*":{"default":"./lib/*.mjs"}}}',
      'node_modules/esm/a.mjs': `export { default as a } from 'nested';`,
      'node_modules/esm/lib/deep.mjs': `export default 'deep';`,
      'node_modules/esm/node_modules/nested/package.json': '{"module":"m.mjs","main":"c.js"}',
      'node_modules/esm/node_modules/nested/m.mjs': `export default 'nested';`,
      'node_modules/@scope/common/package.json': '{"main":"lib/index"}',
      'node_modules/@scope/common/lib/index.js': `const { join } = require('./join'); exports.named = join('com', 'mon');
        exports.again = require('./join') === require('./join.js');`,
      'node_modules/@scope/common/lib/join.js': `module.exports = { join: (...parts) => parts.join('') };`,
      'node_modules/legacy/index.js': `export default 'legacy';`,
    };
    expect(outputOf(await runScript(quickjs, files))).toBe('nested deep common common data inner legacy');
  });

  it('reach nothing outside the files: no builtin, no path upwards, no address, no name that is not there', async () => {
    for (const specifier of [
      'node:fs',
      'fs',
      '../secret.js',
      '/etc/passwd',
      'https://x.test/a.js',
      './no.js',
    ]) {
      const result = await runScript(quickjs, `import '${specifier}';`);
      expect(result).toMatchObject({
        ok: false,
        reason: 'denied',
        detail: expect.stringContaining(specifier),
      });
      const common = await runScript(quickjs, {
        'package.json': '{"type":"commonjs"}',
        'index.js': `exports.default = () => require('${specifier}');`,
      });
      expect(common).toMatchObject({ ok: false, reason: 'error' });
    }
  });

  it('see no clock, randomness, threads, network or code generation of the host', async () => {
    const names = ['Date', 'SharedArrayBuffer', 'Atomics', 'WebAssembly', 'performance', 'fetch', 'process'];
    const source = `export default () => [${names.map((name) => `typeof ${name}`)}, typeof Math.random,
      typeof setTimeout, typeof require].join();`;
    const absent = Array.from({ length: names.length + 3 }, () => 'undefined').join();
    expect(outputOf(await runScript(quickjs, source))).toBe(absent);
  });

  it('have the clock and the seed that they were given, and no other', async () => {
    const source = `export default () => ({ now: Date.now(), text: new Date().toISOString(), zone: new Date().getTimezoneOffset(),
      fields: new Date(2020, 1, 29, 12).toISOString(), random: [Math.random(), Math.random()] });`;
    const randomSeed = new Uint8Array(32).fill(7);
    const grants = { clockMs: 1_700_000_000_123, randomSeed };
    const first = outputOf(await runScript(quickjs, source, grants)) as { json: { random: number[] } };
    expect(first.json).toMatchObject({
      now: 1_700_000_000_123,
      text: '2023-11-14T22:13:20.123Z',
      zone: 0,
      fields: '2020-02-29T12:00:00.000Z',
    });
    expect(outputOf(await runScript(quickjs, source, grants))).toEqual(first);
    const other = outputOf(
      await runScript(quickjs, source, { ...grants, randomSeed: new Uint8Array(32).fill(8) }),
    ) as typeof first;
    expect(other.json.random).not.toEqual(first.json.random);
  });

  it('encode and decode UTF-8 as Node does, broken or not', async () => {
    const source = `export default (bytes) => new TextDecoder().decode(bytes);
      export const encoded = (text) => new TextEncoder().encode(text);`;
    const long = [...new TextEncoder().encode('aé\u2028€😀'.repeat(50))];
    const samples = [
      long,
      [0xef, 0xbb, 0xbf, ...long],
      [...long, 0, ...long],
      [...long, 0xff],
      [0xef, 0xbb, 0xbf, 0x41],
      [0xff, 0xc3, 0x28, 0xe2, 0x82],
      [0xf0, 0x9f, 0x98, 0x80, 0xed, 0xa0, 0x80],
    ];
    for (const sample of samples) {
      const input = new Uint8Array(sample);
      expect(outputOf(await runScript(quickjs, source, { input }))).toBe(new TextDecoder().decode(input));
    }
    for (const text of [
      'aé\u2028€😀',
      'aé\u2028€😀'.repeat(50),
      '\0'.repeat(100),
      `${'x'.repeat(100)}\ud800`,
    ])
      expect(outputOf(await runScript(quickjs, source, { input: text, call: 'encoded' }))).toEqual(
        new TextEncoder().encode(text),
      );
  });

  it('fail by an error of their own that names file and line, and log within bounds', async () => {
    const source = `export default () => {\n  console.log('one', { two: 2 });\n  throw new TypeError('mine');\n};`;
    const result = await runScript(quickjs, source);
    expect(result).toMatchObject({ ok: false, reason: 'error', log: ['one {"two":2}'] });
    expect((result as { detail: string }).detail).toMatch(/TypeError: mine[\s\S]*index\.js:3/);
    const chatty = await runScript(
      quickjs,
      `export default () => { for (let i = 0; i < 1e4; i++) console.log(i); }`,
    );
    expect(chatty.log).toHaveLength(256);
  });
});

describe('host functions', () => {
  it('are reached by name, wait for the host, and fail by their code alone', async () => {
    const source = `import { call } from 'hm:host';
      const told = (name) => { try { return call(name); } catch (error) { return error.code + '/' + error.message; } };
      export default (input) => ({ echo: call('echo', input), slow: call('slow', 'x'), bad: told('bad'), worse: told('worse') });`;
    const host = {
      echo: (value: ScriptValue | undefined) => value,
      slow: async (value: ScriptValue | undefined) => {
        await new Promise((resolve) => setImmediate(resolve));
        return `${String(value)}!`;
      },
      bad: () => {
        throw Object.assign(new Error('a secret of the host'), {
          code: 'mine/refused',
          guestMessage: 'not today',
        });
      },
      worse: () => {
        throw new Error('a secret of the host');
      },
    };
    const result = await runScript(quickjs, source, { host, input: { json: [1] } });
    expect(outputOf(result)).toEqual({
      json: { echo: [1], slow: 'x!', bad: 'mine/refused/not today', worse: 'host-failed/host-failed' },
    });
    expect((result as { receipt?: unknown }).receipt).toBeUndefined();
  });

  it('that were not granted are denied', async () => {
    const source = `import { call } from 'hm:host'; export default () => call('asset:read', 'x');`;
    const denied = { ok: false, reason: 'denied', detail: expect.stringContaining('asset:read') };
    expect(await runScript(quickjs, source)).toMatchObject(denied);
    expect(await runScript(quickjs, source, { host: { other: () => 1 as never } })).toMatchObject(denied);
  });

  it('that never answer end at the deadline, and are told', async () => {
    let ended: AbortSignal | undefined;
    const host = {
      never: (_: unknown, signal: AbortSignal) => {
        ended = signal;
        return new Promise<undefined>(() => undefined);
      },
    };
    const source = `import { call } from 'hm:host'; export default () => call('never');`;
    const result = await runScript(quickjs, source, { host, deadlineMs: 500 });
    expect(result).toMatchObject({ ok: false, reason: 'deadline' });
    expect(ended?.aborted).toBe(true);
  });
});

describe('sessions', () => {
  const limits = { fuel: 100_000_000n, deadlineMs: 20_000 };
  const open = (source: string) =>
    quickjs.open({ files: filesOf({ 'index.js': source }), entry: 'index.js', memoryPages: 256, ...limits });

  it('keep their state, stand after an error of the program, and are ended by a limit', async () => {
    const opened = await open(`let seen = 0;
      export default { ops: { count: () => ++seen, spin: () => { for (;;); }, fail: () => { throw new Error('no'); } } };`);
    if (!opened.ok) throw new Error(opened.detail);
    await using session = opened.session;
    expect(outputOf(await session.call('default.ops.count', undefined, limits))).toEqual({ json: 1 });
    expect(await session.call('default.ops.fail', undefined, limits)).toMatchObject({ reason: 'error' });
    expect(await session.call('default.ops.none', undefined, limits)).toMatchObject({ reason: 'error' });
    expect(await session.call('default.ops.constructor', undefined, limits)).toMatchObject({
      reason: 'error',
    });
    const [second, third] = await Promise.all([
      session.call('default.ops.count', undefined, limits),
      session.call('default.ops.count', undefined, limits),
    ]);
    expect([outputOf(second), outputOf(third)]).toEqual([{ json: 2 }, { json: 3 }]);
    expect(session.isOpen).toBe(true);
    expect(await session.call('default.ops.spin', undefined, limits)).toMatchObject({
      reason: 'out-of-fuel',
    });
    expect(session.isOpen).toBe(false);
    await expect(session.call('default.ops.count', undefined, limits)).rejects.toMatchObject({
      code: 'metered-wasm/closed',
    });
  });

  it('are ended when a call is aborted', async () => {
    const opened = await open('export default () => { for (;;); };');
    if (!opened.ok) throw new Error(opened.detail);
    const controller = new AbortController();
    const call = opened.session.call('default', undefined, {
      fuel: 2n ** 60n,
      deadlineMs: 60_000,
      signal: controller.signal,
    });
    setImmediate(() => controller.abort(new Error('enough')));
    await expect(call).rejects.toThrow('enough');
    expect(opened.session.isOpen).toBe(false);
  });

  it('are told why a program does not load', async () => {
    expect(await open('export default 1 +')).toMatchObject({ ok: false, reason: 'error' });
    expect(await open(`throw new Error('at load');`)).toMatchObject({ ok: false, reason: 'error' });
  });
});

describe('misuse by the host', () => {
  it.each([
    ['files', { files: new Map([['../a.js', new Uint8Array()]]) }],
    ['files', { files: new Map([['a//b.js', new Uint8Array()]]) }],
    ['entry', { entry: 'none.js' }],
    ['fuel', { fuel: -1n }],
    ['deadlineMs', { deadlineMs: 0 }],
    ['memoryPages', { memoryPages: 1.5 }],
    ['clockMs', { clockMs: Number.NaN }],
    ['randomSeed', { randomSeed: new Uint8Array(31) }],
    ['call', { call: 'x'.repeat(201) }],
  ])('is refused by the name of %s', async (argument, more) => {
    await expect(runScript(quickjs, 'export default 1;', more)).rejects.toMatchObject({
      failure: { code: 'metered-wasm/bad-argument', argument },
    });
  });

  it('with too little memory to start is the exit memory', async () => {
    expect(await runScript(quickjs, 'export default 1;', { memoryPages: 95 })).toMatchObject({
      reason: 'memory',
    });
  });
});
