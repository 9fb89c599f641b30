import { spawnSync } from 'node:child_process';
import { afterAll, describe, expect, it } from 'vitest';
import { type MeterOptions, meter, openRunner, type RunRequest, runMetered } from '../src/index.ts';
import {
  encodeModule,
  F32,
  F64,
  I32,
  I64,
  type Instruction,
  type ModuleSpec,
  signed,
  unsigned,
} from './modules/encoder.ts';
import {
  bytesOf,
  ECHO,
  FILL_BOMB,
  guest,
  MEMORY_BOMB,
  NOTHING,
  RECURSE,
  SPIN,
  TABLE_BOMB,
} from './modules/guests.ts';

const runner = openRunner({ workers: 2 });
afterAll(() => runner[Symbol.asyncDispose]());

function metered(bytes: Uint8Array, options?: MeterOptions): Uint8Array {
  const verdict = meter(bytes, options);
  if (!verdict.ok) throw new Error(`${verdict.reason}: ${verdict.detail}`);
  return verdict.module;
}

const run = (
  body: readonly Instruction[],
  request: Partial<RunRequest> = {},
  more: Partial<ModuleSpec> = {},
) => runner.run({ module: metered(bytesOf(body, more)), fuel: 10_000_000, deadlineMs: 20_000, ...request });

describe('a run by the guest ABI', () => {
  it('answers with output, fuel, memory and a receipt', async () => {
    const input = new TextEncoder().encode('the bytes that go in');
    const result = await runner.run({
      module: metered(bytesOf(ECHO)),
      input,
      fuel: 1_000n,
      deadlineMs: 20_000,
    });
    expect(result).toMatchObject({ ok: true, output: input, memoryPages: 1, log: [] });
    expect(result.ok && result.fuelUsed === result.receipt.fuel && result.fuelUsed > 0n).toBe(true);
  });

  it('leaves the input as it was and takes fuel as number or bigint', async () => {
    const input = Uint8Array.of(1, 2, 3);
    const first = await run(ECHO, { input, fuel: 1_000 });
    const second = await run(ECHO, { input, fuel: 1_000n });
    expect(input).toStrictEqual(Uint8Array.of(1, 2, 3));
    expect(first).toStrictEqual(second);
  });

  it('hands the operation over by its name', async () => {
    const nameBack: Instruction[] = [[0x20, 0], [0xad], [0x42, 32], [0x86], [0x20, 1], [0xad], [0x84]];
    const result = await run(nameBack, { op: 'wörter.count' });
    expect(result.ok && new TextDecoder().decode(result.output)).toBe('wörter.count');
  });

  it('gives each run a fresh instance', async () => {
    // Answers one byte of memory, and counts it up.
    const counter: Instruction[] = [
      ...[[0x41, 16], [0x41, 16], [0x2d, 0, 0], [0x41, 1], [0x6a], [0x3a, 0, 0]],
      [0x42, ...signed((16n << 32n) | 1n)],
    ];
    for (let turn = 0; turn < 3; turn++) {
      expect(await run(counter)).toMatchObject({ ok: true, output: Uint8Array.of(1) });
    }
  });

  it('keeps what the guest logs, within bounds', async () => {
    const imports = [{ module: 'hm', name: 'log', type: 4 }];
    const types = [...guest([]).types, { params: [I32, I32], results: [] }];
    const shift = (spec: ModuleSpec): ModuleSpec => ({
      ...spec,
      types,
      imports,
      exports: (spec.exports ?? []).map((each) =>
        each.kind === 0 ? { ...each, index: each.index + 1 } : each,
      ),
    });
    const logInput: Instruction[] = [
      [0x20, 2],
      [0x20, 3],
      [0x10, 0],
      [0x42, 0],
    ];
    const once = metered(encodeModule(shift(guest(logInput))));
    const input = new TextEncoder().encode('said by the guest');
    const said = await runner.run({ module: once, input, fuel: 10_000, deadlineMs: 20_000 });
    expect(said).toMatchObject({ ok: true, log: ['said by the guest'] });
    const endless: Instruction[] = [
      [0x03, 0x40],
      [0x41, 0],
      [0x41, ...signed(1_000)],
      [0x10, 0],
      [0x0c, 0],
      [0x0b],
      [0x00],
    ];
    const flood = metered(encodeModule(shift(guest(endless))));
    const flooded = await runner.run({ module: flood, fuel: 1_000_000, deadlineMs: 20_000 });
    expect(flooded).toMatchObject({ ok: false, reason: 'out-of-fuel' });
    expect(flooded.log.length).toBeLessThan(100);
  });

  it.each<[string, readonly Instruction[]]>([
    ['points outside its memory', [[0x42, ...signed((65_530n << 32n) | 100n)]]],
    ['divides by zero', [[0x41, 1], [0x41, 0], [0x6d], [0xac]]],
    ['reads outside its memory', [[0x41, ...signed(-4)], [0x28, 2, 0], [0xac]]],
    ['gives up', [[0x00]]],
  ])('is a trap when the guest %s', async (_, body) => {
    expect(await run(body)).toMatchObject({ ok: false, reason: 'trap' });
  });

  it('refuses an output above the bound', async () => {
    const input = new Uint8Array(100);
    expect(await run(ECHO, { input, maxOutputBytes: 99 })).toMatchObject({ ok: false, reason: 'memory' });
  });
});

describe('a hostile guest', () => {
  it.each<[string, readonly Instruction[], string]>([
    ['that loops for ever ends out of fuel', SPIN, 'out-of-fuel'],
    ['that fills memory for ever ends out of fuel', FILL_BOMB, 'out-of-fuel'],
    ['that calls itself for ever is stopped by the bound of the stack', RECURSE, 'trap'],
    ['that grows its memory for ever is stopped by the maximum', MEMORY_BOMB, 'memory'],
    ['that grows its table for ever is stopped by the maximum', TABLE_BOMB, 'memory'],
  ])('%s', async (_, body, reason) => {
    const fuel = reason === 'memory' ? 100_000_000n : 10_000_000n;
    const first = await run(body, { fuel });
    expect(first).toMatchObject({ ok: false, reason });
    expect(await run(body, { fuel })).toStrictEqual(first);
    if (reason === 'out-of-fuel') expect(first).toMatchObject({ fuelUsed: fuel });
  });

  it('that loops in its start function ends out of fuel', async () => {
    const spec = guest(NOTHING);
    const bytes = encodeModule({
      ...spec,
      functions: [...spec.functions, { type: 3, locals: [], body: SPIN }],
      start: 3,
    });
    const result = await runner.run({ module: metered(bytes), fuel: 1_000_000, deadlineMs: 20_000 });
    expect(result).toMatchObject({ ok: false, reason: 'out-of-fuel' });
  });

  it('that calls itself through a table, with a frame of thousands of locals, hits the same bound', async () => {
    const locals = Array<number>(5_000).fill(I64);
    const through: Instruction[] = [
      [0x20, 0],
      [0x20, 1],
      [0x20, 2],
      [0x20, 3],
      [0x41, 0],
      [0x11, 2, 0],
    ];
    const spec = guest(through, { elements: [2] });
    const functions = spec.functions.map((each, at) => (at === 2 ? { ...each, locals } : each));
    const result = await runner.run({
      module: metered(encodeModule({ ...spec, functions })),
      fuel: 10n ** 9n,
      deadlineMs: 20_000,
    });
    expect(result).toMatchObject({ ok: false, reason: 'trap', detail: 'stack exhausted' });
  });

  it('that catches its own exceptions for ever still ends, and keeps the count of its stack', async () => {
    // try { throw } catch, in a loop, in a function that calls itself once a turn from within the try.
    const body: Instruction[] = [
      ...[[0x03, 0x40], [0x06, 0x40], [0x10, 3], [0x07, 0], [0x1a], [0x0b], [0x0c, 0], [0x0b], [0x00]],
    ];
    const thrower: Instruction[] = [[0x41, 0], [0x04, 0x40], [0x10, 3], [0x0b], [0x41, 5], [0x08, 0]];
    const spec = guest(body);
    const bytes = encodeModule({
      ...spec,
      types: [...spec.types, { params: [I32], results: [] }],
      tags: [4],
      functions: [...spec.functions, { type: 3, locals: [], body: thrower }],
    });
    const result = await runner.run({ module: metered(bytes), fuel: 30_000_000, deadlineMs: 60_000 });
    expect(result).toMatchObject({ ok: false, reason: 'out-of-fuel' });
  });

  it('with a branch table of thousands of targets and deep blocks runs as it should', async () => {
    const depth = 2_000;
    const body: Instruction[] = [
      ...Array.from({ length: depth }, () => [0x02, 0x40]),
      [0x20, 3],
      [
        0x0e,
        ...unsigned(depth - 1),
        ...Array.from({ length: depth - 1 }, (_, at) => unsigned(at)).flat(),
        ...unsigned(depth - 1),
      ],
      ...Array.from({ length: depth }, () => [[0x0b], [0x20, 6], [0x42, 1], [0x7c], [0x21, 6]]).flat(),
      // The number of blocks that were left, as bytes at 8.
      ...[
        [0x41, 8],
        [0x20, 6],
        [0x37, 3, 0],
        [0x42, ...signed((8n << 32n) | 8n)],
      ],
    ];
    const result = await run(body, { input: new Uint8Array(1_500) });
    expect(result.ok && new DataView(result.output.slice().buffer).getBigInt64(0, true)).toBe(500n);
  });

  it('that is patient beyond the deadline is ended with its worker, and the next run is served', async () => {
    const result = await run(SPIN, { fuel: 10n ** 18n, deadlineMs: 60 });
    expect(result).toMatchObject({ ok: false, reason: 'deadline' });
    expect(result.ok ? 0n : result.fuelUsed).toBeUndefined();
    expect(await run(ECHO)).toMatchObject({ ok: true });
  });

  it('that grows memory and is refused, but goes on, is no failure', async () => {
    const body: Instruction[] = [
      [0x41, ...signed(60_000)],
      [0x40, 0],
      [0x41, ...signed(-1)],
      [0x46],
      [0xad],
      [0x1a],
      ...NOTHING,
    ];
    expect(await run(body)).toMatchObject({ ok: true });
  });
});

describe('what is denied', () => {
  it.each<[string, Uint8Array, RegExp]>([
    ['a module that was not metered', bytesOf(ECHO), /not-metered/],
    ['bytes that are no module', Uint8Array.of(1, 2, 3), /malformed/],
    ['a metered module with one byte changed', altered(metered(bytesOf(SPIN))), /./],
    ['a module without the ABI', metered(encodeModule({ types: [], functions: [] })), /hm_abi/],
    [
      'a module that does not export its memory',
      metered(bytesOf(ECHO, { exports: guest([]).exports?.slice(0, 3) ?? [] })),
      /memory/,
    ],
    ['a module whose hm_abi is not 1', metered(anotherAbi()), /ABI 2/],
    [
      'a module with an import that a run does not serve',
      metered(
        encodeModule({
          types: [{ params: [], results: [] }],
          functions: [],
          imports: [{ module: 'env', name: 'clock', type: 0 }],
        }),
        { allowImports: ['env.clock'] },
      ),
      /env.clock/,
    ],
  ])('is %s', async (_, module, detail) => {
    const result = await runner.run({ module, fuel: 1_000_000, deadlineMs: 20_000 });
    expect(result).toMatchObject({ ok: false, reason: 'denied' });
    expect(result.ok ? '' : result.detail).toMatch(detail);
  });

  function altered(module: Uint8Array): Uint8Array {
    // The charge of the loop: (i64.const 2, i64.sub, local.tee) behind a loop's opcode.
    const at = Buffer.from(module).indexOf(Buffer.from([0x42, 0x02, 0x7d, 0x22]));
    expect(at).toBeGreaterThan(0);
    const copy = module.slice();
    copy[at + 1] = 0;
    return copy;
  }

  function anotherAbi(): Uint8Array {
    const spec = guest(ECHO);
    const functions = spec.functions.map((each, at) => (at === 0 ? { ...each, body: [[0x41, 2]] } : each));
    return encodeModule({ ...spec, functions });
  }

  it('is a module that may grow beyond what the caller allows', async () => {
    const module = metered(bytesOf(ECHO), { memoryMaxPages: 100 });
    expect(await runner.run({ module, fuel: 1, deadlineMs: 1, memoryMaxPages: 99 })).toMatchObject({
      reason: 'denied',
    });
  });
});

describe('a bare export', () => {
  const spec: ModuleSpec = {
    types: [{ params: [I32, I64, F32, F64], results: [F64, I64] }],
    functions: [
      {
        type: 0,
        locals: [],
        body: [[0x20, 0], [0xb7], [0x20, 2], [0xbb], [0xa0], [0x20, 3], [0xa0], [0x20, 1]],
      },
    ],
    exports: [{ name: 'sum', kind: 0, index: 0 }],
  };
  const module = metered(encodeModule(spec));

  it('takes and gives numbers', async () => {
    const result = await runner.run({
      module,
      entry: 'sum',
      args: [1, -5n, 0.5, 2.25],
      fuel: 100,
      deadlineMs: 20_000,
    });
    expect(result).toMatchObject({ ok: true, results: [3.75, -5n], receipt: { op: 'export sum' } });
  });

  it.each([
    ['another count of arguments', 'sum', [1]],
    ['an argument of another type', 'sum', [1, 5, 0.5, 2]],
    ['a name that is not exported', 'product', []],
    ['one of our own names', 'hm:start', []],
  ])('is denied for %s', async (_, entry, args) => {
    expect(await runner.run({ module, entry, args, fuel: 100, deadlineMs: 20_000 })).toMatchObject({
      reason: 'denied',
    });
  });
});

describe('the caller', () => {
  it('may end a run, which then rejects with the reason of the signal', async () => {
    const abort = new AbortController();
    const running = run(SPIN, { fuel: 10n ** 18n, signal: abort.signal });
    const other = await run(ECHO);
    abort.abort(new Error('no longer wanted'));
    await expect(running).rejects.toThrow('no longer wanted');
    expect(other.ok).toBe(true);
    await expect(run(ECHO, { signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow('before');
  });

  it('may ask for more runs than there are workers', async () => {
    const results = await Promise.all(
      Array.from({ length: 9 }, (_, at) => run(ECHO, { input: Uint8Array.of(at) })),
    );
    expect(results.map((each) => each.ok && each.output[0])).toStrictEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it.each([
    ['fuel', { fuel: -1 }],
    ['fuel', { fuel: 1.5 }],
    ['fuel', { fuel: 2n ** 62n + 1n }],
    ['deadlineMs', { deadlineMs: 0 }],
    ['deadlineMs', { deadlineMs: Number.NaN }],
  ])('is told of a wrong %s', async (argument, request) => {
    await expect(run(ECHO, request)).rejects.toMatchObject({
      failure: { code: 'metered-wasm/bad-argument', argument },
    });
  });

  it('is told when the runner is closed, also while waiting', async () => {
    const own = openRunner({ workers: 1 });
    const request = { module: metered(bytesOf(SPIN)), fuel: 10n ** 18n, deadlineMs: 20_000 };
    const both = Promise.allSettled([own.run(request), own.run(request)]);
    await run(ECHO);
    await own[Symbol.asyncDispose]();
    for (const each of await both) expect(each.status).toBe('rejected');
    await expect(own.run(request)).rejects.toMatchObject({ code: 'metered-wasm/closed' });
  });

  it('is not kept alive by the shared runner', () => {
    const program = `
      import { meter, runMetered } from '@hypermesh/metered-wasm';
      const { module } = meter(Uint8Array.from(${JSON.stringify([...bytesOf(ECHO)])}));
      const result = await runMetered({ module, input: Uint8Array.of(42), fuel: 1000, deadlineMs: 20000 });
      process.stdout.write(String(result.output));`;
    const child = spawnSync(
      process.execPath,
      ['--conditions=@hypermesh/source', '--input-type=module-typescript', '-'],
      { cwd: new URL('..', import.meta.url), input: program, encoding: 'utf8', timeout: 20_000 },
    );
    expect(child).toMatchObject({ status: 0, stdout: '42' });
  });
});

describe('the shared runner', () => {
  it('runs what an own one runs', async () => {
    const result = await runMetered({
      module: metered(bytesOf(ECHO)),
      input: Uint8Array.of(7),
      fuel: 1_000,
      deadlineMs: 20_000,
    });
    expect(result).toMatchObject({ ok: true, output: Uint8Array.of(7) });
  });
});
