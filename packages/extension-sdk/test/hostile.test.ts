import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestHost, signedPackage } from '../src/testing/index.ts';
import { compileGuest } from './guest.ts';

/** The same attacks as a script. What a module cannot even say (files, network, prototypes) is here alone. */
const script = `
import { defineExtension, op } from '@hypermesh/extension-sdk';
const evil = (run) => op({ run });
const deep = (n) => deep(n + 1) + 1;
export const extension = defineExtension({ id: 'acme.script', ops: {
  'script.echo': op({ run: (p) => p }),
  'script.spin': evil(() => { for (;;) {} }),
  'script.microtasks': evil(async () => { for (;;) await null; }),
  'script.regex': evil(() => /^(a+)+$/.test('a'.repeat(60) + 'b')),
  'script.heap': evil(() => { const all = []; for (;;) all.push({ a: [1, 2, 3] }); }),
  'script.strings': evil(() => { let s = 'x'; for (;;) s += s; }),
  'script.buffers': evil(() => { const all = []; for (;;) all.push(new Uint8Array(1 << 20)); }),
  'script.recurse': evil(() => deep(0)),
  'script.never': evil(() => new Promise(() => {})),
  'script.import': evil((name) => import(name).then(() => 'got it')),
  'script.globals': evil(() => ['process', 'require', 'fetch', 'WebAssembly', 'SharedArrayBuffer', 'Atomics', 'setTimeout', 'Deno', 'Worker'].filter((each) => each in globalThis)),
  'script.escape': evil(() => { const made = (0, eval)('this'); return [typeof made.process, typeof (function () {}).constructor('return process')]; }),
  'script.exit': evil(() => { process.exit(1); }),
  'script.pollute': evil((p, ctx) => {
    Object.prototype.polluted = 'yes'; Array.prototype.map = () => 'no'; JSON.stringify = () => '{"result":"forged"}';
    return JSON.parse('{"__proto__":{"polluted":"yes"},"constructor":{"prototype":{"polluted":"yes"}}}');
  }),
  'script.steal': evil((p, ctx) => ctx.caps['asset:write'].put('x')),
  'script.undeclared': evil((p, ctx) => ctx.caps['asset:read'].get('x')),
  'script.strange': op({ needs: ['asset:read'], run: async (names, ctx) => {
    const said = [];
    for (const name of names) try { said.push(await ctx.caps['asset:read'][name]('x')); } catch (error) { said.push(error.code); }
    return said;
  } }),
  'script.flood': op({ needs: ['asset:read'], run: async (p, ctx) => { for (;;) await ctx.caps['asset:read'].get('x'); } }),
  'script.bulk': op({ needs: ['asset:read'], run: async (p, ctx) => { const text = 'x'.repeat(1 << 20); for (;;) await ctx.caps['asset:read'].get(text); } }),
  'script.log': evil((p, ctx) => { for (let i = 0; i < 1e5; i++) ctx.log.info('x'.repeat(1000)); return 'done'; }),
  'script.answer': evil(() => 'x'.repeat(64 << 20)),
  'script.throws': evil(() => { throw { code: 'extension/permission-denied', message: { toString: 7 } }; }),
} });`;

const test = createTestHost({
  capabilities: {
    'asset:read': { get: async (id: string) => `content of ${id}`, _secret: () => 'secret', field: 'x' },
    'asset:write': { put: async () => 'written' },
  },
  policy: {
    pinned: [],
    grants: [{ extension: 'acme.*', capabilities: ['asset:read'] }],
    callers: [{ client: '*', method: '*' }],
    rate: { perSecond: 1_000, burst: 1_000 },
    limits: { cpuBp: 1_000_000, deadlineMs: 20_000 },
  },
});
const call = (method: string, params: unknown = null, deadlineMs = 20_000) =>
  test.host.handle({ client: 'me', method, params, deadlineMs });

beforeAll(async () => {
  const limits = { memory_mb: 32, cpu_percent: 400 };
  const guest = await signedPackage(
    { id: 'acme.guest', type: 'wasm', entry: await compileGuest(), optional: ['asset:read'], limits },
    test.signer,
  );
  const wicked = await signedPackage(
    { id: 'acme.script', entry: script, required: ['asset:read'], limits },
    test.signer,
  );
  const honest = await signedPackage(
    {
      id: 'acme.honest',
      entry: script.replaceAll('acme.script', 'acme.honest').replaceAll("'script.", "'honest."),
      required: ['asset:read'],
      limits,
    },
    test.signer,
  );
  const outcomes = await test.host.load([guest, wicked, honest].map((files) => ({ files })));
  expect(outcomes.map((each) => (each.ok ? each.id : each))).toEqual([
    'acme.guest',
    'acme.honest',
    'acme.script',
  ]);
}, 120_000);
afterAll(() => test[Symbol.asyncDispose]());

/** Other calls are answered while the attack runs, and the attacked extension serves again afterwards. */
async function contained(method: string, params?: unknown, deadlineMs?: number) {
  const attack = call(method, params, deadlineMs);
  expect(await call('honest.echo', 'still here')).toEqual({ status: 'success', result: 'still here' });
  const answer = await attack;
  const [family] = method.split('.');
  expect(await call(`${family}.echo`, 1)).toMatchObject({ status: 'success' });
  return answer;
}

describe('a hostile module', () => {
  it.each([
    ['spins', 'guest.spin', ['out-of-fuel', 'deadline']],
    ['grows its memory without end', 'guest.bomb', ['memory']],
    ['recurses without end', 'guest.recurse', ['error']],
    ['traps', 'guest.trap', ['error']],
    ['asks the host in endless rounds', 'guest.endless', ['denied']],
    ['forges a call', 'guest.forge', ['bad-answer']],
    ['answers half a text', 'guest.garbage', ['bad-answer']],
    ['answers something else', 'guest.text', ['bad-answer']],
    ['points at two gigabytes', 'guest.huge', ['memory', 'error']],
  ])(
    'that %s is ended, and nothing else is [ext-05]',
    async (_, method, codes) => {
      const answer = await contained(method, null, codes.includes('deadline') ? 700 : 20_000);
      expect(answer).toMatchObject({ status: 'failed' });
      expect(codes).toContain(answer.status === 'failed' ? answer.code : answer.status);
    },
    120_000,
  );

  it('that floods its log is heard up to a bound [ext-05]', async () => {
    expect(await contained('guest.flood')).toMatchObject({ status: 'success' });
  }, 120_000);

  it('that asks for what it was not given is denied in its answers [ext-04]', async () => {
    const answer = (await contained('guest.steal')) as { result: { answers: { error: { code: string } }[] } };
    expect(answer.result.answers.map((each) => each.error.code)).toEqual([
      'extension/permission-denied',
      'extension/permission-denied',
    ]);
    const denied = test.audit.records.filter(
      ({ event, extension }) => event === 'capability.denied' && extension === 'acme.guest',
    );
    expect(denied.slice(-2).map(({ detail }) => detail)).toMatchObject([
      { capability: 'asset:write', method: 'put', reason: 'not-granted', in: 'guest.steal' },
      { capability: 'constructor', reason: 'unknown-capability' },
    ]);
  });

  it('that asks for what it was given gets it, through the broker', async () => {
    const answer = (await call('guest.ask')) as { result: { answers: unknown[] } };
    expect(answer.result.answers).toEqual([{ result: 'content of one' }, { result: 'content of two' }]);
  });

  it('has one writer of its state, however many call', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => call('guest.count')));
    const counts = answers.map((each) => (each.status === 'success' ? Number(each.result) : each));
    expect([...counts].sort((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: 20 }, (_, at) => at + 1),
    );
  });
});

describe('a hostile script', () => {
  it.each([
    ['spins', 'script.spin', ['out-of-fuel', 'deadline']],
    ['fills the queue of jobs', 'script.microtasks', ['out-of-fuel', 'deadline']],
    ['matches a catastrophic expression', 'script.regex', ['out-of-fuel', 'deadline', 'error']],
    ['fills the heap', 'script.heap', ['memory', 'error']],
    ['doubles a text without end', 'script.strings', ['memory', 'error']],
    ['fills buffers', 'script.buffers', ['memory', 'error']],
    ['recurses without end', 'script.recurse', ['error']],
    ['waits for what never comes', 'script.never', ['error']],
    ['exits', 'script.exit', ['error']],
    ['answers with sixty megabytes', 'script.answer', ['memory', 'error']],
  ])(
    'that %s is ended, and nothing else is [ext-05]',
    async (_, method, codes) => {
      // What ends by itself has time for it on a busy machine; what does not is ended soon.
      const answer = await contained(method, null, codes.includes('deadline') ? 700 : 20_000);
      expect(answer.status === 'failed' ? codes : answer).toContain(
        answer.status === 'failed' ? answer.code : '',
      );
    },
    120_000,
  );

  it.each([
    'node:fs',
    'fs',
    'node:net',
    'node:child_process',
    'node:worker_threads',
    '/etc/passwd',
    '../../../etc/passwd',
    'data:text/javascript,1',
    'https://example.org/x.js',
    'hm:nothing',
  ])('cannot import %s [ext-05]', async (name) => {
    expect(await contained('script.import', name)).toMatchObject({
      status: 'failed',
      code: expect.stringMatching(/error|denied/),
    });
  });

  it('finds no process, no network, no timers and no way to its host [ext-05]', async () => {
    expect(await call('script.globals')).toEqual({ status: 'success', result: [] });
    expect(await call('script.escape')).toMatchObject({ status: expect.stringMatching(/success|failed/) });
    const answer = await call('script.escape');
    if (answer.status === 'success') expect(answer.result).not.toContain('object');
  });

  it('that asks for what it was not given, or did not declare, is denied and written down [ext-04]', async () => {
    const before = test.audit.records.length;
    expect(await call('script.steal')).toMatchObject({ status: 'permission_denied' });
    expect(await call('script.undeclared')).toMatchObject({ status: 'permission_denied' });
    const reasons = test.audit.records
      .slice(before)
      .filter(({ event }) => event === 'capability.denied')
      .map(({ detail }) => [detail['capability'], detail['reason']]);
    expect(reasons).toEqual([
      ['asset:write', 'not-granted'],
      ['asset:read', 'not-declared'],
    ]);
  });

  it('reaches only the methods of what it was given [ext-04]', async () => {
    const names = [
      'get',
      '_secret',
      'field',
      'constructor',
      '__proto__',
      'toString',
      'hasOwnProperty',
      '__defineGetter__',
      'call',
    ];
    const answer = await call('script.strange', names);
    expect(answer).toEqual({
      status: 'success',
      result: ['content of x', ...names.slice(1).map(() => 'extension/permission-denied')],
    });
  });

  it('that floods the host with calls is stopped at its quota [ext-05]', async () => {
    expect(await contained('script.flood')).toMatchObject({ status: 'failed', code: 'extension/quota' });
    expect(
      test.audit.records.some(
        ({ event, extension }) => event === 'quota.exceeded' && extension === 'acme.script',
      ),
    ).toBe(true);
  });

  it('that floods the host with text is stopped at its bound [ext-05]', async () => {
    const answer = await contained('script.bulk');
    expect(answer).toMatchObject({ status: 'failed', code: expect.stringMatching(/quota|memory/) });
  });

  it('that floods its log, or throws something strange, harms nobody [ext-05]', async () => {
    expect((await contained('script.log', null, 2_000)).status).toMatch(/success|failed/);
    expect((await contained('script.throws')).status).toMatch(/permission_denied|failed/);
  }, 120_000);

  it('changes prototypes of its own only [ext-05]', async () => {
    const answer = await call('script.pollute');
    expect(answer.status === 'success' || answer.status === 'failed').toBe(true);
    expect(({} as { polluted?: string }).polluted).toBeUndefined();
    expect([1].map((each) => each + 1)).toEqual([2]);
    expect(JSON.stringify({})).toBe('{}');
    const { result } = answer as { result?: { polluted?: string } };
    expect(result?.polluted).toBeUndefined();
    expect(await call('honest.echo', 'fine')).toEqual({ status: 'success', result: 'fine' });
  });
});

describe('a hostile script that lies about itself', () => {
  const forged = (description: string) =>
    `export const extension = { id: 'acme.liar', ops: {} };\nJSON.stringify = () => ${JSON.stringify(description)};`;

  it.each([
    ['in no JSON', forged('x'), /not JSON/],
    ['nested without end', forged('['.repeat(10_000)), /not JSON|nested/],
    [
      'with actions that are no texts',
      forged('{"id":"acme.liar","assets":{"a":{"actions":[{"toString":1}]}}}'),
      /no proper name/,
    ],
    [
      'with needs that are no texts',
      forged('{"id":"acme.liar","ops":{"liar.a":{"needs":[{"toString":1}]}}}'),
      /are not texts/,
    ],
  ])('%s is refused, and who is loaded beside it is not', async (_, entry, detail) => {
    const liar = await signedPackage({ id: 'acme.liar', entry }, test.signer);
    const beside = await signedPackage(
      { id: 'acme.beside', entry: `export const extension = { id: 'acme.beside', ops: {} };` },
      test.signer,
    );
    const outcomes = await test.host.load([{ files: liar }, { files: beside }]);
    expect(outcomes).toMatchObject([
      { ok: true, id: 'acme.beside' },
      { ok: false, id: 'acme.liar', code: 'entry-refused', detail: expect.stringMatching(detail) },
    ]);
    await test.host.unload('acme.beside');
  });

  it('and hooks that are no texts are no hooks', async () => {
    const entry = forged('{"id":"acme.liar","hooks":[{"toString":1}]}');
    const files = await signedPackage({ id: 'acme.liar', entry }, test.signer);
    expect(await test.host.load([{ files }])).toMatchObject([{ ok: true }]);
    await test.host.unload('acme.liar');
  });
});
