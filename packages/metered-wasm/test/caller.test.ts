import { spawnSync } from 'node:child_process';
import { cidOf } from '@hypermesh/core';
import { afterAll, describe, expect, it } from 'vitest';
import {
  checkMetered,
  encodeReceipt,
  meter,
  openRunner,
  type RunRequest,
  reexecute,
  runMetered,
} from '../src/index.ts';
import { encodeModule, I32, I64 } from './modules/encoder.ts';
import { bytesOf, ECHO } from './modules/guests.ts';

const runner = openRunner({ workers: 2 });
afterAll(() => runner[Symbol.asyncDispose]());

const verdict = meter(bytesOf(ECHO));
if (!verdict.ok) throw new Error(verdict.detail);
const { module } = verdict;
const request: RunRequest = { module, fuel: 1_000, deadlineMs: 20_000 };

describe('whatever is handed in', () => {
  it.each([
    null,
    undefined,
    'text',
    42,
    {},
    [0, 97, 115, 109],
    new ArrayBuffer(8),
  ] as unknown as Uint8Array[])('%o is no module, and nothing is thrown', async (bytes) => {
    expect(meter(bytes)).toMatchObject({ ok: false, reason: 'malformed' });
    expect(checkMetered(bytes)).toMatchObject({ ok: false, reason: 'malformed' });
    expect(await runner.run({ ...request, module: bytes })).toMatchObject({ ok: false, reason: 'denied' });
  });

  it.each<[string, object]>([
    ['input', { input: 'text' }],
    ['input', { input: null }],
    ['op', { op: 7 }],
    ['op', { op: '語'.repeat(67) }],
    ['op', { op: '\u{d800}' }],
    ['entry', { entry: 'x'.repeat(201) }],
    ['args', { entry: 'run', args: 5 }],
    ['maxOutputBytes', { maxOutputBytes: Number.NaN }],
    ['deadlineMs', { deadlineMs: '100' }],
    ['fuel', { fuel: undefined }],
    ['fuel', { fuel: '100' }],
    ['fuel', { fuel: 2 ** 63 }],
    ['memoryMaxPages', { memoryMaxPages: -1 }],
  ])('a wrong %s is told as such', async (argument, wrong) => {
    await expect(runner.run({ ...request, ...wrong } as RunRequest)).rejects.toMatchObject({
      failure: { code: 'metered-wasm/bad-argument', argument },
    });
  });

  it.each([{ workers: 0 }, { workers: Number.NaN }, { stackMb: 1 }, { stackMb: Number.NaN }])(
    'a runner of %o is refused',
    (options) => {
      expect(() => openRunner(options)).toThrow(/must be/);
    },
  );

  it('an argument that would be cut to fit is denied', async () => {
    const numbers = meter(
      encodeModule({
        types: [{ params: [I32, I64], results: [] }],
        functions: [{ type: 0, locals: [], body: [] }],
        exports: [{ name: 'run', kind: 0, index: 0 }],
      }),
    );
    if (!numbers.ok) throw new Error(numbers.detail);
    const call = (...args: (number | bigint)[]) =>
      runner.run({ ...request, module: numbers.module, entry: 'run', args });
    expect(await call(-1, 2n ** 64n - 1n)).toMatchObject({ ok: true });
    expect(await call(1.5, 0n)).toMatchObject({ reason: 'denied' });
    expect(await call(2 ** 32, 0n)).toMatchObject({ reason: 'denied' });
    expect(await call(0, 2n ** 64n)).toMatchObject({ reason: 'denied' });
  });

  it('the receipt of the longest operation can be encoded', async () => {
    const result = await runner.run({ ...request, op: '語'.repeat(66) });
    expect(result.ok && encodeReceipt(result.receipt).length).toBeGreaterThan(0);
  });

  it('is no receipt unless it is one', async () => {
    const input = new Uint8Array();
    const result = await runner.run(request);
    if (!result.ok) throw new Error(result.detail);
    for (const wrong of [null, 1, {}, { ...result.receipt, fuel: '5' }, { ...result.receipt, op: 1 }]) {
      expect(await reexecute(wrong as never, { module, input, runner })).toMatchObject({ reason: 'receipt' });
    }
    const large = meter(bytesOf(ECHO), { memoryMaxPages: 2_000 });
    if (!large.ok) throw new Error(large.detail);
    const other = await runner.run({ ...request, module: large.module });
    if (!other.ok) throw new Error(other.detail);
    const bounds = { module: large.module, input, runner, memoryMaxPages: 1_999 };
    expect(await reexecute(other.receipt, bounds)).toMatchObject({ reason: 'run', failure: 'denied' });
  });
});

describe('bytes of the caller', () => {
  it('may be written over as soon as the call has returned; the receipt tells of what ran', async () => {
    const own = Buffer.from(meterEcho());
    const input = Buffer.from('what went in');
    const running = runner.run({ ...request, module: own, input });
    const expected = { module: cidOf(meterEcho(), 'raw'), input: cidOf(Buffer.from('what went in'), 'raw') };
    own.fill(0);
    input.fill(0);
    const result = await running;
    expect(result).toMatchObject({ ok: true, receipt: expected });
    expect(result.ok && Buffer.from(result.output).toString()).toBe('what went in');
    // Nor does what is kept of the module know other bytes by its name.
    expect(await runner.run({ ...request, module: meterEcho() })).toMatchObject({
      receipt: { module: expected.module },
    });
  });

  /** Another module than `module`, so that nothing of it is kept yet. */
  function meterEcho(): Uint8Array {
    const again = meter(bytesOf(ECHO, { memory: { min: 3 } }));
    if (!again.ok) throw new Error(again.detail);
    return again.module;
  }

  it('are met wherever they lie in a larger buffer', async () => {
    const plain = bytesOf(ECHO);
    const large = Buffer.alloc(plain.length + 64, 0xff);
    large.set(plain, 17);
    expect(meter(large.subarray(17, 17 + plain.length))).toStrictEqual(verdict);
    const text = Buffer.alloc(1_000, 0x61).subarray(500, 503);
    const result = await runner.run({ ...request, input: text });
    expect(result.ok && Buffer.from(result.output).toString()).toBe('aaa');
  });
});

describe('a runner', () => {
  it('starts no more workers than it was given', async () => {
    let started = 0;
    const count = () => started++;
    process.on('worker', count);
    const own = openRunner({ workers: 2 });
    await Promise.all(Array.from({ length: 8 }, () => own.run(request)));
    process.off('worker', count);
    await own[Symbol.asyncDispose]();
    expect(started).toBe(2);
  });

  it('tells a run that it ends by closing that it is closed', async () => {
    const own = openRunner({ workers: 1 });
    const spin = meter(bytesOf([[0x03, 0x40], [0x0c, 0], [0x0b], [0x00]]));
    if (!spin.ok) throw new Error(spin.detail);
    await own.run(request);
    const running = own.run({ module: spin.module, fuel: 10n ** 18n, deadlineMs: 20_000 });
    const told = expect(running).rejects.toMatchObject({ code: 'metered-wasm/closed' });
    await runner.run(request);
    await own[Symbol.asyncDispose]();
    await told;
  });

  it('serves a process that only waits for it, also behind a run that failed', () => {
    const program = `
      import { meter, runMetered } from '@hypermesh/metered-wasm';
      const of = (bytes) => meter(Uint8Array.from(bytes)).module;
      const call = { fuel: 1000, deadlineMs: 20000 };
      for (let turn = 0; turn < 3; turn++) {
        await runMetered({ ...call, module: of(${JSON.stringify([...bytesOf([[0x00]])])}) });
        await new Promise((resolve) => setTimeout(resolve, 20 * turn));
      }
      const module = of(${JSON.stringify([...bytesOf(ECHO)])});
      const result = await runMetered({ ...call, module, input: Uint8Array.of(42) });
      process.stdout.write(String(result.output));`;
    const child = spawnSync(
      process.execPath,
      ['--conditions=@hypermesh/source', '--input-type=module-typescript', '-'],
      { cwd: new URL('..', import.meta.url), input: program, encoding: 'utf8', timeout: 20_000 },
    );
    expect(child).toMatchObject({ status: 0, stdout: '42' });
  });

  it('keeps a run that is aborted in the tick in which it gets its worker from running', async () => {
    const abort = new AbortController();
    const own = openRunner({ workers: 1 });
    await own.run(request);
    const running = own.run({ ...request, signal: abort.signal });
    abort.abort(new Error('changed my mind'));
    await expect(running).rejects.toThrow('changed my mind');
    expect(await own.run(request)).toMatchObject({ ok: true });
    await own[Symbol.asyncDispose]();
  });
});

describe('the shared runner', () => {
  it('denies a module that is none', async () => {
    expect(await runMetered({ ...request, module: Buffer.from('garbage') })).toMatchObject({
      reason: 'denied',
    });
  });
});
