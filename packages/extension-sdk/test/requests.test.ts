import { createManualClock } from '@hypermesh/core/testing';
import { describe, expect, it } from 'vitest';
import { RateLimiter } from '../src/broker/rate.ts';
import type { ExtensionPolicy } from '../src/host/index.ts';
import { createTestHost, signedPackage } from '../src/testing/index.ts';

const source = `const waiting = [];
export const extension = { id: 'acme.desk', ops: {
  'desk.echo': { run: (p) => p },
  'desk.checked': { params: (p) => { if (typeof p?.name !== 'string') throw new Error('name must be a text'); return p; }, run: (p) => p.name },
  'desk.standard': { params: { '~standard': { validate: (value) => value === 1 ? { value: 2 } : { issues: [{ message: 'must be 1' }] } } }, run: (p) => p },
  'desk.wait': { run: (p, ctx) => new Promise((resolve, reject) => { waiting.push(resolve); ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason)); }) },
  'desk.release': { run: () => { for (const each of waiting.splice(0)) each('released'); } },
  'desk.fail': { run: (p) => { throw Object.assign(new Error(p.detail), p); } },
  'desk.progress': { run: (p, ctx) => { ctx.progress({ at: 1 }); ctx.progress({ at: 2 }); return 'done'; } },
  'desk.config': { run: (p, ctx) => ctx.config },
}, assets: { 'dataset.text': { actions: { validate: (asset, ctx) => asset.size < 10, who: (asset, ctx) => ctx.client } } } };`;

async function open(policy: Partial<ExtensionPolicy> = {}, clock?: ReturnType<typeof createManualClock>) {
  const test = createTestHost({
    policy: {
      pinned: ['author'],
      grants: [],
      callers: [
        { client: 'node.*', method: 'desk.*' },
        { client: '*', method: 'asset.dataset.text.validate' },
      ],
      ...policy,
    },
    configuration: { 'acme.desk': { colour: 'red' } },
    ...(clock === undefined ? {} : { clock }),
  });
  const files = await signedPackage(
    {
      id: 'acme.desk',
      entry: source,
      tier: 'trusted',
      assets: ['dataset'],
      files: { 'config/default.toml': 'colour = "blue"\n[limits]\nsize = 3\n' },
    },
    test.signer,
  );
  expect(await test.host.load([{ files }])).toMatchObject([{ ok: true }]);
  const call = (method: string, params: unknown = null, more: object = {}) =>
    test.host.handle({ client: 'node.me', method: `desk.${method}`, params, ...more });
  return { test, call };
}

describe('a request', () => {
  it('is answered with the result, or with the refusal that it meets first', async () => {
    const { test, call } = await open();
    await using _ = test;
    expect(await call('echo', { a: [1] })).toEqual({ status: 'success', result: { a: [1] } });
    expect(await call('nothing')).toMatchObject({ status: 'method_not_found' });
    expect(await call('constructor')).toMatchObject({ status: 'method_not_found' });
    expect(await test.host.handle({ client: 'stranger', method: 'desk.echo' })).toMatchObject({
      status: 'permission_denied',
    });
    expect(await test.host.handle({ client: 'node.me', method: 'other.echo' })).toMatchObject({
      status: 'permission_denied',
    });
    expect(test.audit.records.filter(({ event }) => event === 'request.denied')).toHaveLength(2);
  });

  it('is limited by client, and only that client', async () => {
    const clock = createManualClock();
    const { test, call } = await open(
      { rate: { perSecond: 10, burst: 3 }, callers: [{ client: '*', method: '*' }] },
      clock,
    );
    await using _ = test;
    for (let at = 0; at < 3; at++) expect(await call('echo')).toMatchObject({ status: 'success' });
    expect(await call('echo')).toEqual({
      status: 'rate_limited',
      detail: 'too many requests of this client',
      retryAfterMs: 100,
    });
    expect(await test.host.handle({ client: 'other', method: 'desk.echo' })).toMatchObject({
      status: 'success',
    });
    clock.advance(100);
    expect(await call('echo')).toMatchObject({ status: 'success' });
    expect(await call('echo')).toMatchObject({ status: 'rate_limited' });
  });

  it('is limited by how many run at once, and by what the extension may answer in a second', async () => {
    const { test, call } = await open({ limits: { concurrency: 2 } });
    await using _ = test;
    const running = [call('wait'), call('wait')];
    await Promise.resolve();
    expect(await call('echo')).toMatchObject({ status: 'rate_limited', detail: 'too many calls at once' });
    await test.host.unload('acme.desk');
    for (const each of running) expect(await each).toMatchObject({ status: 'failed', code: 'unloaded' });
    const slow = await open({ limits: { callsPerSecond: 1 } });
    await using __ = slow.test;
    expect(await slow.call('echo')).toMatchObject({ status: 'success' });
    expect(await slow.call('echo')).toMatchObject({
      status: 'rate_limited',
      detail: 'too many requests for this extension',
    });
  });

  it('ends at its deadline, and when its caller gives up', async () => {
    const clock = createManualClock();
    const { test, call } = await open({}, clock);
    await using _ = test;
    const late = call('wait', null, { deadlineMs: 500 });
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(500);
    expect(await late).toEqual({ status: 'failed', code: 'deadline', detail: 'not done after 500 ms' });
    const abort = new AbortController();
    const given = call('wait', null, { signal: abort.signal });
    abort.abort(new Error('gone'));
    expect(await given).toMatchObject({ status: 'failed', code: 'cancelled' });
  });

  it.each([
    ['extension/invalid-proof', 'invalid_proof'],
    ['extension/permission-denied', 'permission_denied'],
    ['extension/rate-limited', 'rate_limited'],
    ['acme/no-such-thing', 'failed'],
    ['Not A Code', 'failed'],
  ])('whose extension throws %s is answered as %s', async (code, status) => {
    const { test, call } = await open();
    await using _ = test;
    const answer = await call('fail', { code, detail: 'because', retryAfterMs: 7 });
    expect(answer).toMatchObject({
      status,
      detail: 'because',
      ...(status === 'rate_limited' ? { retryAfterMs: 7 } : {}),
    });
    if (answer.status === 'failed') expect(answer.code).toBe(code.startsWith('acme') ? code : 'error');
  });

  it('has its parameters checked by the extension, by a function or a Standard Schema', async () => {
    const { test, call } = await open();
    await using _ = test;
    expect(await call('checked', { name: 'oak' })).toEqual({ status: 'success', result: 'oak' });
    expect(await call('checked', {})).toEqual({
      status: 'failed',
      code: 'bad-params',
      detail: 'name must be a text',
    });
    expect(await call('standard', 1)).toEqual({ status: 'success', result: 2 });
    expect(await call('standard', 3)).toMatchObject({ code: 'bad-params', detail: 'must be 1' });
  });

  it('is told progress, and sees the configuration: the package’s, overlaid by the operator’s', async () => {
    const { test, call } = await open();
    await using _ = test;
    const seen: unknown[] = [];
    expect(await call('progress', null, { onProgress: (event: unknown) => seen.push(event) })).toMatchObject({
      result: 'done',
    });
    expect(seen).toEqual([{ at: 1 }, { at: 2 }]);
    expect(await call('config')).toEqual({
      status: 'success',
      result: { colour: 'red', limits: { size: 3 } },
    });
  });

  it('to the handler of an asset type reaches the extension that provides it', async () => {
    const { test } = await open();
    await using _ = test;
    expect(test.host.handlers()).toEqual(new Map([['dataset.text', 'acme.desk']]));
    const ask = (type: string, action: string) =>
      test.host.asset(type, action, { client: 'x', params: { size: 3 } });
    expect(await ask('dataset.text', 'validate')).toEqual({ status: 'success', result: true });
    expect(await ask('dataset.text', 'who')).toMatchObject({ status: 'permission_denied' });
    expect(await ask('dataset.none', 'validate')).toMatchObject({ status: 'permission_denied' });
  });
});

describe('the rate limit of a client', () => {
  it('lets a burst through, then one an interval, and never more over any second', () => {
    const clock = createManualClock();
    const limiter = new RateLimiter({ perSecond: 20, burst: 5 }, clock);
    let taken = 0;
    for (let at = 0; at < 1_000; at++) {
      if (limiter.take('a') === 0) taken++;
      clock.advance(1);
    }
    expect(taken).toBe(5 + 19);
    expect(limiter.take('a')).toBeGreaterThanOrEqual(0);
    clock.advance(10_000);
    expect(Array.from({ length: 6 }, () => limiter.take('a') === 0)).toEqual([
      true,
      true,
      true,
      true,
      true,
      false,
    ]);
  });
});
